"""One submission's share of the dataset, in columns: what its work leaves behind for the steps that look at everyone.

A part crosses from one process to another and lies in the cache between two runs, so it holds plain values only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from labtools.artifacts.dataset import format_label
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.prepare.items import Item

COLUMNS = (
    "image", "source", "sequence", "frame", "split", "state", "width", "height", "hash", "phash", "mirrored", "label",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """The pictures of one submission, sorted by ``image``; every column has one value per picture.

    Attributes:
        root: the submission's folder in the tree.
        class_folder, team: as in the manifest, the same for all pictures.
        image, source, sequence, frame, split, state, width, height, hash: as in the manifest.
        phash, mirrored: perceptual hashes, 64 bits each; 0 where they were not asked for.
        label: the text of the label file; ``""`` where there is none or an empty one.
        written: picture -> (bytes, modification time in ns) of those that are files of their own in the dataset; the
            others are hard links of what was handed in.
        findings: signed with the team's name.
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
    mirrored: tuple[int, ...] = ()
    label: tuple[str, ...] = ()
    written: tuple[tuple[str, int, int], ...] = ()
    findings: tuple[Finding, ...] = ()

    def __len__(self) -> int:
        return len(self.image)

    def boxes(self) -> list[int]:
        """Boxes per picture."""
        return [text.count("\n") for text in self.label]

    def rows(self) -> Iterator[dict[str, Any]]:
        """The lines of the manifest."""
        columns = zip(
            self.image, self.source, self.sequence, self.frame, self.split, self.state, self.boxes(), self.width,
            self.height, self.hash, strict=True,
        )  # fmt: skip
        for image, source, sequence, frame, split, state, boxes, width, height, digest in columns:
            yield {
                "image": image, "source": source, "class_folder": self.class_folder, "team": self.team,
                "sequence": sequence, "frame": frame, "split": split, "state": state, "boxes": boxes,
                "width": width, "height": height, "hash": digest,
            }  # fmt: skip


def part_of(root: str, class_folder: str, team: str, items: Iterable[Item], findings: Iterable[Finding]) -> Part:
    """The columns of one submission's items."""
    rows = [
        (
            i.image, i.picture.path, i.sequence, i.frame, i.split, i.state, *i.picture.wh, i.picture.hash,
            i.picture.phash, i.picture.mirrored, format_label(i.boxes),
        )
        for i in sorted(items, key=lambda item: item.image)
    ]  # fmt: skip
    part = Part(root, class_folder, team, findings=tuple(findings))
    columns: Any = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
    return replace(part, **columns)


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
    return replace(part, written=tuple((str(n), int(s), int(t)) for n, s, t in part.written), findings=findings)


def finding_to_json(one: Finding) -> list[Any]:
    """A finding as a list."""
    question = None if one.question is None else [one.question.key, one.question.text, list(one.question.options)]
    return [one.team, one.file, one.line, one.code, one.severity.value, one.message, one.action.value, question]


def finding_from_json(values: list[Any]) -> Finding:
    """What `finding_to_json` wrote."""
    team, file, line, code, severity, message, action, asked = values
    question = None if asked is None else Question(asked[0], asked[1], tuple(asked[2]))
    return Finding(team, file, line, code, Severity(severity), message, Action(action), question)
