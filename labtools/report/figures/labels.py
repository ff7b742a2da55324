"""Names beside points that do not cover each other."""

from __future__ import annotations

from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.transforms import Bbox

from labtools.report.figures.style import MUTED

# Tried in this order: offset in points, horizontal and vertical alignment.
_PLACES = (
    (9, 0, "left", "center"), (-9, 0, "right", "center"), (0, 9, "center", "bottom"), (0, -9, "center", "top"),
    (8, 10, "left", "bottom"), (8, -10, "left", "top"), (-8, 10, "right", "bottom"), (-8, -10, "right", "top"),
    (8, 22, "left", "bottom"), (8, -22, "left", "top"), (-8, 22, "right", "bottom"), (-8, -22, "right", "top"),
)  # fmt: skip


def place_labels(axes: Axes, xs: Iterable[float], ys: Iterable[float], texts: Iterable[str]) -> None:
    """Write each text at the first place around its point that is free and inside the axes; drop it if there is none.

    Call it last: it needs the final limits.
    """
    figure = axes.figure
    figure.draw_without_rendering()  # type: ignore[union-attr]
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    pixels = [axes.transData.transform(p) for p in points]
    taken = [Bbox.from_bounds(x - 6, y - 6, 12, 12) for x, y in pixels]
    inside = axes.get_window_extent()
    for own, (point, text) in enumerate(zip(points, texts, strict=True)):
        others = [box for i, box in enumerate(taken) if i != own]
        for dx, dy, ha, va in _PLACES:
            note = axes.annotate(
                text, point, (dx, dy), textcoords="offset points", ha=ha, va=va, fontsize=9, color=MUTED, zorder=5
            )
            box = note.get_window_extent()
            fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if fits and not any(box.overlaps(other) for other in others):
                taken.append(box)
                break
            note.remove()
