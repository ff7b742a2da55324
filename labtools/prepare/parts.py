"""One submission's share of the dataset, in columns: what its work leaves behind for the steps that look at everyone.

A part crosses from one process to another and lies in the cache between two runs, so it holds plain values only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

from labtools.artifacts.dataset import manifest_lines
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding, finding_from_json, finding_to_json
from labtools.core.median import median
from labtools.core.spreadsheets import inert
from labtools.prepare.items import Item
from labtools.prepare.labels.written import read_labels

COLUMNS = (
    "image", "source", "sequence", "frame", "split", "state", "width", "height", "hash", "phash", "tone", "label",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """The pictures of one submission, sorted by ``image``; every column has one value per picture.

    Attributes:
        root: the submission's folder in the tree.
        class_folder, team: as in the manifest, the same for all pictures.
        image, source, sequence, frame, split, state, width, height, hash: as in the manifest.
        phash, tone: what it looks like, two 64-bit words; 0 where nobody asked.
        label: the text of the label file; ``""`` where there is none or an empty one.
        rows, digest, counts, box_area: see `with_tables`.
        written: picture -> (bytes, modification time in ns) of those that are files of their own in the dataset; the
            others are hard links of what was handed in.
        shared_lines: (list, line) of the lists above all teams that name this one.
        findings: signed with the team's name.
        how: ``made`` now, ``mended`` (made now, of which only what differs was written), ``reinstated`` from the cache,
            or ``in place`` in the dataset of before.
        gone: of a mended one, files in the dataset of before that it has no more.
    """

    root: str
    class_folder: str
    team: str
    image: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    sequence: tuple[str, ...] = ()
    frame: tuple[int | None, ...] = ()
    split: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    width: tuple[int, ...] = ()
    height: tuple[int, ...] = ()
    hash: tuple[str, ...] = ()
    phash: tuple[int, ...] = ()
    tone: tuple[int, ...] = ()
    label: tuple[str, ...] = ()
    rows: str = ""
    digest: str = ""
    counts: tuple[tuple[str, int, int, int], ...] = ()
    box_area: float = math.nan
    written: tuple[tuple[str, int, int], ...] = ()
    shared_lines: tuple[tuple[str, int], ...] = ()
    findings: tuple[Finding, ...] = ()
    how: str = "made"
    gone: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.image)

    @property
    def prefix(self) -> str:
        """What the paths of its pictures begin with; parts in this order are pictures in order."""
        return prefix_of(self.class_folder, self.team)


def prefix_of(class_folder: str, team: str) -> str:
    """See `Part.prefix`."""
    return "/".join(name for name in ("images", class_folder, team) if name) + "/"


def part_of(root: str, class_folder: str, team: str, items: Iterable[Item], findings: Iterable[Finding]) -> Part:
    """The columns of one submission's items."""
    rows = [
        (
            i.image, i.picture.path, i.sequence, i.frame, i.split, i.state, *i.picture.wh, i.picture.hash,
            i.picture.phash, i.picture.tone, i.label,
        )
        for i in sorted(items, key=lambda item: item.image)
    ]  # fmt: skip
    columns: Any = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
    return with_tables(Part(root, class_folder, team, findings=tuple(findings), **columns))


def with_tables(part: Part) -> Part:
    """The part with what is computed from its columns.

    ``rows`` of the manifest; a ``digest`` of what is trained on; ``counts``: split, class id, pictures that show it,
    boxes; ``box_area``: the median of width x height of its boxes in 0..1, NaN without boxes.
    """
    boxes = [text.count("\n") for text in part.label]
    folder, team = (part.class_folder,) * len(part), (part.team,) * len(part)
    lines = zip(
        part.image, map(inert, part.source), folder, team, part.sequence, part.frame, part.split, part.state, boxes,
        part.width, part.height, part.hash, _looks(part), strict=True,
    )  # fmt: skip
    seen = zip(part.image, part.split, part.state, part.hash, part.label, strict=True)
    digest = hash_bytes("\n".join(["\t".join(one) for one in seen]).encode("utf-8"))
    _, areas = read_labels("".join(part.label))
    return replace(part, rows=manifest_lines(lines), digest=digest, counts=_counts(part), box_area=median(areas))


def _looks(part: Part) -> list[str]:
    words = zip(part.phash, part.tone, strict=True)
    return [f"{phash:016x}{tone:016x}" if phash else "" for phash, tone in words]


def _counts(part: Part) -> tuple[tuple[str, int, int, int], ...]:
    """See `with_tables`."""
    shown: Counter[tuple[str, int]] = Counter()
    boxes: Counter[tuple[str, int]] = Counter()
    only = _only_class(part.label)
    for split, label in zip(part.split, part.label, strict=True):
        if label and only is not None:
            boxes[split, only] += label.count("\n")
            shown[split, only] += 1
        elif label:
            ids = Counter(int(line.partition(" ")[0]) for line in label.splitlines())
            boxes.update({(split, class_id): number for class_id, number in ids.items()})
            shown.update((split, class_id) for class_id in ids)
    return tuple((split, class_id, shown[split, class_id], count) for (split, class_id), count in sorted(boxes.items()))


def _only_class(labels: Iterable[str]) -> int | None:
    """The one class of all boxes, as nearly always in what a team hands in; None where there are others, or no box."""
    text = "".join(labels)
    first = text.partition(" ")[0]
    return int(first) if text and text.count(f"\n{first} ") == text.count("\n") - 1 else None


def part_to_json(part: Part) -> dict[str, Any]:
    """Plain lists, for the cache."""
    content = {field.name: getattr(part, field.name) for field in fields(part)}
    return {**content, "findings": [finding_to_json(f) for f in part.findings]}


def part_from_json(content: dict[str, Any]) -> Part:
    """What `part_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is something else.
    """
    plain: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items() if k != "findings"}
    part = Part(**plain)
    findings = tuple(finding_from_json(one) for one in content["findings"])
    pairs: Any = {name: _tuples(getattr(part, name)) for name in ("written", "counts", "shared_lines")}
    return replace(part, findings=findings, **pairs)


def _tuples(rows: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(row) for row in rows)
