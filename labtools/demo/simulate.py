"""Simulated footage: objects that move on textured backgrounds, with their exact boxes.

An object is a list of filled outlines in its own units (radius 1); it is rotated, scaled and moved into the
picture, and its box is the extent of its outlines. Nothing here knows about splits, teams or files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from labtools.core.boxes import Boxes, as_boxes
from labtools.core.draw import Image

Points = NDArray[np.float64]
"""``(K, 2)`` outline, x right and y down, object units."""

Colour = tuple[float, float, float]
"""BGR, 0..255."""

_SUBPIXEL_BITS = 4
_LEAST_VISIBLE_PX = 4.0  # a sliver at the border is not annotated, as a person would not


@dataclass(frozen=True)
class Part:
    """One filled area: several outlines cut holes into each other (even-odd rule). None takes the object's colour."""

    outlines: tuple[Points, ...]
    colour: Colour | None = None


def _disc(radius: float = 1.0, centre: tuple[float, float] = (0, 0), squash: float = 1.0, n: int = 36) -> Points:
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([centre[0] + radius * np.cos(t), centre[1] + radius * squash * np.sin(t)], axis=1)


def _rectangle(x1: float, y1: float, x2: float, y2: float) -> Points:
    return np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)], dtype=np.float64)


def _regular(corners: int, inner: float | None = None) -> Points:
    """A regular polygon, or a star whose inner corners lie at radius ``inner``."""
    n = corners * (2 if inner else 1)
    radius = np.where(np.arange(n) % 2 == 0, 1.0, inner or 1.0)
    t = np.arange(n) * 2 * np.pi / n - np.pi / 2
    return np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1)


def _cross(half: float = 0.36) -> Points:
    w = half
    corners = [
        (-w, -1),
        (w, -1),
        (w, -w),
        (1, -w),
        (1, w),
        (w, w),
        (w, 1),
        (-w, 1),
        (-w, w),
        (-1, w),
        (-1, -w),
        (-w, -w),
    ]
    return np.array(corners, dtype=np.float64)


def _ballon() -> list[Part]:
    patches = [_disc(0.26, (0.62 * np.cos(a), 0.62 * np.sin(a)), n=5) for a in np.arange(5) * 2 * np.pi / 5]
    white: Colour = (235, 235, 235)
    return [Part((_disc(),)), Part((_disc(0.28, n=5),), white), *(Part((p,), white) for p in patches)]


def _ecocup() -> list[Part]:
    cup = np.array([(-0.72, -0.9), (0.72, -0.9), (0.5, 1.0), (-0.5, 1.0)])
    band = np.array([(-0.64, -0.2), (0.64, -0.2), (0.59, 0.25), (-0.59, 0.25)])
    return [Part((cup,)), Part((band,), (245, 245, 245)), Part((_disc(0.72, (0, -0.9), 0.22),), (60, 60, 60))]


def _feuille() -> list[Part]:
    t = np.linspace(0, np.pi, 16)
    edge = np.stack([np.cos(t), 0.48 * np.sin(t) ** 1.3], axis=1)
    return [Part((np.vstack([edge, -edge]),)), Part((_rectangle(-1.0, -0.05, 1.25, 0.05),), (40, 70, 50))]


def _cadran() -> list[Part]:
    dark: Colour = (50, 40, 40)
    hands = (_rectangle(-0.07, -0.7, 0.07, 0.1), _rectangle(-0.1, -0.07, 0.5, 0.07))
    return [Part((_disc(),), (225, 235, 240)), Part((_disc(), _disc(0.78))), *(Part((h,), dark) for h in hands)]


def _telephone() -> list[Part]:
    return [Part((_rectangle(-0.55, -1, 0.55, 1),)), Part((_rectangle(-0.45, -0.8, 0.45, 0.75),), (210, 190, 160))]


def _coeur() -> list[Part]:
    t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [Part((np.stack([x, y + 2], axis=1) / 17,))]


SHAPES: dict[str, Callable[[], list[Part]]] = {
    "ball": lambda: [Part((_disc(),))],
    "box": lambda: [Part((_regular(4),))],
    "triangle": lambda: [Part((_regular(3),))],
    "star": lambda: [Part((_regular(5, 0.42),))],
    "ring": lambda: [Part((_disc(), _disc(0.62)))],
    "cross": lambda: [Part((_cross(),))],
}
"""The plain shapes that the demo's checkpoints are pretrained on: our stand-in for COCO."""

OBJECTS: dict[str, Callable[[], list[Part]]] = {
    "ballon": _ballon,
    "ecocup": _ecocup,
    "feuille": _feuille,
    "cadran": _cadran,
    "telephone": _telephone,
    "coeur": _coeur,
}
"""The course-like classes of the demo's cohort; none is one of `SHAPES`."""

_PARTS = {**SHAPES, **OBJECTS}


@dataclass(frozen=True)
class Actor:
    """An object as a clip starts: pixels and pixels per frame, radians and radians per frame."""

    kind: str
    colour: Colour
    radius: float
    centre: tuple[float, float]
    velocity: tuple[float, float]
    angle: float = 0.0
    spin: float = 0.0


@dataclass(frozen=True)
class Frame:
    """One frame of a clip: the picture, and the objects that an annotator would mark (N kinds, ``(N, 4)`` xyxy)."""

    image: Image
    kinds: tuple[str, ...]
    xyxy: Boxes


def random_actor(
    rng: np.random.Generator,
    kind: str,
    wh: tuple[int, int],
    colour: Colour | None = None,
    radius: tuple[float, float] = (0.09, 0.2),
) -> Actor:
    """An actor somewhere in the picture; ``radius`` is a range relative to the picture's shorter side."""
    short = min(wh)
    r = float(rng.uniform(*radius)) * short
    base = np.asarray(colour if colour is not None else rng.integers(0, 256, 3), dtype=np.float64)
    tint = np.clip(base + rng.integers(-20, 21, 3), 0, 255)
    centre = rng.uniform((r, r), (max(r + 1, wh[0] - r), max(r + 1, wh[1] - r)))
    velocity = rng.normal(0, 0.025 * short, 2)
    return Actor(
        kind,
        (float(tint[0]), float(tint[1]), float(tint[2])),
        r,
        (float(centre[0]), float(centre[1])),
        (float(velocity[0]), float(velocity[1])),
        angle=float(rng.uniform(0, 2 * np.pi)),
        spin=float(rng.normal(0, 0.12)),
    )


def simulate_clip(
    rng: np.random.Generator, wh: tuple[int, int], frames: int, actors: Sequence[Actor], noise: float = 4.0
) -> Iterator[Frame]:
    """Frames of one take: the background drifts under a hand-held camera, actors move, turn and bounce.

    Args:
        rng: source of everything random; the same state gives the same pixels.
        wh: width and height of a frame, pixels.
        frames: how many, as if filmed at 25 to 30 frames per second.
        actors: what moves, drawn in this order.
        noise: standard deviation of the sensor noise, grey levels.
    """
    margin = max(8, min(wh) // 5)
    scene = _background(rng, (wh[0] + margin, wh[1] + margin))
    start, drift = rng.uniform(0, margin, 2), rng.uniform(-1, 1, 2) * 0.006 * min(wh)
    cast = list(actors)
    for index in range(frames):
        x, y = (int(v) for v in np.clip(start + drift * index, 0, margin - 1))
        canvas = scene[y : y + wh[1], x : x + wh[0]].copy()
        boxes = [_draw_actor(canvas, actor) for actor in cast]
        canvas += rng.normal(0, noise, canvas.shape).astype(np.float32)
        yield _frame(canvas, cast, boxes, wh)
        cast = [_step(actor, wh) for actor in cast]


def _frame(canvas: NDArray[np.float32], cast: Sequence[Actor], boxes: Sequence[Boxes], wh: tuple[int, int]) -> Frame:
    xyxy = np.vstack([as_boxes([]), *boxes])
    xyxy = np.clip(xyxy, 0, np.array([*wh, *wh]))
    seen = ((xyxy[:, 2:] - xyxy[:, :2]) > _LEAST_VISIBLE_PX).all(axis=1)
    kinds = tuple(actor.kind for actor, visible in zip(cast, seen, strict=True) if visible)
    return Frame(np.clip(canvas, 0, 255).astype(np.uint8), kinds, xyxy[seen])


def _background(rng: np.random.Generator, wh: tuple[int, int]) -> NDArray[np.float32]:
    """A smooth colour texture with grain and a few straight edges (table tops, door frames)."""
    base = rng.integers(40, 200, 3)
    cells = int(rng.integers(3, 9))
    coarse = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
    scene = cv2.resize(coarse, wh, interpolation=cv2.INTER_CUBIC) * rng.uniform(10, 35) + base
    scene = scene + rng.normal(0, 1, (wh[1], wh[0], 1)) * rng.uniform(2, 10)
    canvas = np.ascontiguousarray(scene, dtype=np.float32)
    for _ in range(int(rng.integers(0, 6))):
        x1, x2 = (int(v) for v in rng.integers(0, wh[0], 2))
        y1, y2 = (int(v) for v in rng.integers(0, wh[1], 2))
        b, g, r = (float(v) for v in rng.integers(20, 230, 3))
        cv2.line(canvas, (x1, y1), (x2, y2), (b, g, r), int(rng.integers(1, 4)), cv2.LINE_AA)
    return canvas


def _draw_actor(canvas: NDArray[np.float32], actor: Actor) -> Boxes:
    """Draw in place; return the ``(1, 4)`` extent of all outlines, which may leave the picture."""
    cos, sin = np.cos(actor.angle), np.sin(actor.angle)
    turn = np.array([[cos, sin], [-sin, cos]]) * actor.radius
    everything = []
    for part in _PARTS[actor.kind]():
        placed = [outline @ turn + actor.centre for outline in part.outlines]
        everything += placed
        fixed = [np.round(p * (1 << _SUBPIXEL_BITS)).astype(np.int32) for p in placed]
        cv2.fillPoly(canvas, fixed, part.colour or actor.colour, cv2.LINE_AA, _SUBPIXEL_BITS)
    points = np.vstack(everything)
    return np.hstack([points.min(axis=0), points.max(axis=0)]).reshape(1, 4)


def _step(actor: Actor, wh: tuple[int, int]) -> Actor:
    """One frame later; an actor bounces when its centre comes within half a radius of the border."""
    centre, velocity = list(actor.centre), list(actor.velocity)
    for axis in (0, 1):
        centre[axis] += velocity[axis]
        low, high = actor.radius / 2, wh[axis] - actor.radius / 2
        if not low <= centre[axis] <= high:
            velocity[axis] = -velocity[axis]
            centre[axis] = min(max(centre[axis], low), high)
    return Actor(
        actor.kind,
        actor.colour,
        actor.radius,
        (centre[0], centre[1]),
        (velocity[0], velocity[1]),
        actor.angle + actor.spin,
        actor.spin,
    )
