"""Leakage that a team should know of: at most one finding per kind, team and class folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labtools.artifacts.leakage import FRAMES_PER_SECOND, NEAR_BITS
from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.leakage.summary import CLOSE, is_near

Row = dict[str, Any]


def leakage_findings(rows: Sequence[Row], summary: Sequence[Row], sources: Mapping[str, str]) -> Iterator[Finding]:
    """What the tables say, in sentences.

    Args:
        rows, summary: of the two tables.
        sources: image in the dataset -> file that was handed in.
    """
    own: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        own.setdefault((row["class_folder"], row["team"]), []).append(row)
    for line in summary:
        if line["level"] == "team" and line["split"] == "val+test" and line["images"]:
            mine = own[line["class_folder"], line["team"]]
            yield from _by_time(line, mine, sources)
            yield from _by_look(line, mine, sources)


def _by_time(line: Row, rows: Sequence[Row], sources: Mapping[str, str]) -> Iterator[Finding]:
    if line["verdict"] not in {"leaky", "time blocks"}:
        return
    worst = min((row for row in rows if row["frame_gap"] is not None), key=lambda row: (row["frame_gap"], row["image"]))
    file = sources[worst["image"]]
    near = f"{line[f'within_{CLOSE}']:.0%} of its {line['images']} val and test pictures have a training picture of the"
    near += f" same video at most {CLOSE} frames (1/{FRAMES_PER_SECOND // CLOSE} s) away"
    if line["verdict"] == "leaky":
        what = f"{near}, {line['neighbour']:.0%} right beside them: metrics will be too high; split by whole sequences"
        yield Finding(line["team"], file, 0, "leak-by-time", Severity.WARNING, what, Action.NOTED)
    else:
        what = f"{line['shared_sequence']:.0%} come from videos that are also trained on, in long pieces; {near}"
        yield Finding(line["team"], file, 0, "leak-at-seams", Severity.INFO, what, Action.NOTED)


def _by_look(line: Row, rows: Sequence[Row], sources: Mapping[str, str]) -> Iterator[Finding]:
    """Look-alikes outside the picture's own sequence, which `_by_time` speaks of; copies to the byte are in `twins`."""
    alike = [row for row in rows if is_near(row) and not row["exact"] and not _is_own_sequence(row)]
    if not alike:
        return
    nearest = min(alike, key=lambda row: (row["hash_distance"], row["image"]))
    where = " when mirrored" if nearest["mirrored"] else ""
    what = (
        f"{len(alike)} of its {line['images']} val and test pictures look like training pictures from elsewhere "
        f"(at most {NEAR_BITS} of 64 bits differ): this one like {sources[nearest['nearest_hash_image']]}{where}"
    )
    file = sources[nearest["image"]]
    yield Finding(line["team"], file, 0, "leak-look-alikes", Severity.WARNING, what, Action.NOTED)


def _is_own_sequence(row: Row) -> bool:
    """The look-alike lies in the same folder of the dataset, and this is a sequence of a video."""
    folder = row["image"].rpartition("/")[0]
    return row["frame_gap"] is not None and folder == row["nearest_hash_image"].rpartition("/")[0]
