"""Leakage that a team should know of: at most one finding per kind, team and class folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from labtools.artifacts.leakage import FRAMES_PER_SECOND, NEAR_BITS
from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
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
    near = Sentence(
        "{share:.0%} of its {n} val and test {n:picture has|pictures have} a training picture of the same video "
        "at most {frames} frames (1/{fraction} s) away",
        share=line[f"within_{CLOSE}"],
        n=line["images"],
        frames=CLOSE,
        fraction=FRAMES_PER_SECOND // CLOSE,
    )
    if line["verdict"] == "leaky":
        what = Sentence(
            "{near}, {share:.0%} right beside them: metrics will be too high; split by whole sequences",
            near=near,
            share=line["neighbour"],
        )
        yield Finding(line["team"], file, 0, "leak-by-time", Severity.WARNING, what, Action.NOTED)
    else:
        what = Sentence(
            "{share:.0%} come from videos that are also trained on, in long pieces; {near}",
            share=line["shared_sequence"],
            near=near,
        )
        yield Finding(line["team"], file, 0, "leak-at-seams", Severity.INFO, what, Action.NOTED)


def _by_look(line: Row, rows: Sequence[Row], sources: Mapping[str, str]) -> Iterator[Finding]:
    """Look-alikes outside the picture's own sequence, which `_by_time` speaks of; copies to the byte are in `twins`."""
    alike = [row for row in rows if is_near(row) and not row["exact"] and not _is_own_sequence(row)]
    if not alike:
        return
    nearest = min(alike, key=lambda row: (row["hash_distance"], row["image"]))
    what = Sentence(
        "{alike} of its {n} val and test pictures {alike:looks like a training picture|look like training "
        "pictures} from elsewhere (at most {bits} of 64 bits differ): this one like {path}",
        alike=len(alike),
        n=line["images"],
        bits=NEAR_BITS,
        path=sources[nearest["nearest_hash_image"]],
    )
    if nearest["mirrored"]:
        what = Sentence("{what} when mirrored", what=what)
    file = sources[nearest["image"]]
    yield Finding(line["team"], file, 0, "leak-look-alikes", Severity.WARNING, what, Action.NOTED)


def _is_own_sequence(row: Row) -> bool:
    """The look-alike lies in the same folder of the dataset, and this is a sequence of a video."""
    folder = row["image"].rpartition("/")[0]
    return row["frame_gap"] is not None and folder == row["nearest_hash_image"].rpartition("/")[0]
