"""Several annotations of one picture: the richest is used, the others are compared with it, and no box comes twice.

A *source* is what belongs together: a file about many pictures, or a folder of files about one picture each. Sources
meet in the pictures that they share; which is the richest is decided on these alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.core.registry import members
from labtools.core.sentences import Sentence
from labtools.prepare import formats
from labtools.prepare.config import name_key
from labtools.prepare.formats import MOST_BOXES, Parsed, RawBox, Record, crowd
from labtools.prepare.labels.compare import Difference, can_compare, compare, distinct
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, folder_of, name_of

_PREDICTED = frozenset(
    {"prediction", "predictions", "predict", "pred", "preds", "predicted", "detections", "inference"}
)
_SHOWN = 3  # pictures named in a message


class Source(NamedTuple):
    """Annotations that belong together: the format's name, and a file or a folder of files."""

    format: str
    path: str


def parse_all(tree: Tree, index: ImageIndex) -> Parsed:
    """All formats of a submission, with one record per picture."""
    found: dict[str, Parsed] = {}
    claimed: set[str] = set()
    modules = members(formats)
    for name, module in modules.items():
        # YOLO, the last by name, takes text files by their names; those whose content is something else are gone then.
        files = [path for path in module.sniff(tree) if path not in claimed]
        if files:
            found[name] = _with_silent(_bounded(module.parse(tree, files, index)), files, module.TITLE)
            claimed.update(files)
    if not found:
        return Parsed()
    return choose(found, {name: module.RICHNESS for name, module in modules.items()})


def _bounded(parsed: Parsed) -> Parsed:
    """Without the records that nobody drew."""
    crowded = [record for record in parsed.records if len(record.boxes) > MOST_BOXES]
    if not crowded:
        return parsed
    findings = [crowd(record.file, len(record.boxes), record.image) for record in crowded]
    records = tuple(record for record in parsed.records if len(record.boxes) <= MOST_BOXES)
    return replace(parsed, records=records, findings=(*parsed.findings, *findings))


def _with_silent(parsed: Parsed, files: Sequence[str], title: str) -> Parsed:
    """With a finding for each file that looked like annotations and said nothing about any picture."""
    heard = {record.file for record in parsed.records}
    if len(heard) == len(files):
        return parsed
    heard |= {finding.file for finding in parsed.findings}
    what = Sentence("it looks like {format}, but says nothing about any picture", format=title)
    silent = [
        Finding("", path, 0, "annotations-empty", Severity.WARNING, what, Action.NOTED)
        for path in files
        if path not in heard
    ]
    return replace(parsed, findings=(*parsed.findings, *silent))


def choose(found: Mapping[str, Parsed], richness: Mapping[str, int]) -> Parsed:
    """What several formats found, with one record per picture.

    Args:
        found: by the format's name.
        richness: of the formats, which breaks a tie.
    """
    total = sum(len(parsed.records) for parsed in found.values())
    if len({record.image for parsed in found.values() for record in parsed.records}) == total:
        if len(found) == 1:
            return next(iter(found.values()))
        return _together(found, [r for parsed in found.values() for r in parsed.records], [], set(found))
    choice = _Choice(_by_picture(found), richness)
    choice.decide()
    used = {source.format for source in choice.taken.values()}
    return _together(found, list(choice.records.values()), choice.findings(), used)


def _together(found: Mapping[str, Parsed], records: list[Record], more: list[Finding], used: set[str]) -> Parsed:
    """Names come from the formats whose boxes are used: another spelling elsewhere would be a class without boxes."""
    weight: dict[str, int] = {name: len(parsed.records) for name, parsed in found.items()}
    order = sorted(found, key=lambda name: (name not in used, -weight[name], name))
    named = [name for name in order if name in used and found[name].records] or order
    return Parsed(
        tuple(records),
        (*(f for name in order for f in found[name].findings), *more),
        tuple(dict.fromkeys(n for name in named for n in found[name].names)),
        frozenset().union(*(parsed.used for parsed in found.values())),
    )


def _by_picture(found: Mapping[str, Parsed]) -> dict[str, dict[Source, Record]]:
    """Picture -> source -> record. Of two records of one source for a picture the one with more boxes stays."""
    result: dict[str, dict[Source, Record]] = defaultdict(dict)
    for name, parsed in found.items():
        pictures: dict[str, int] = defaultdict(int)
        for record in parsed.records:
            pictures[record.file] += 1
        for record in parsed.records:
            alone = pictures[record.file] == 1
            source = Source(name, f"{folder_of(record.file)}/" if alone else record.file)
            if source in result[record.image]:  # a.txt and A.TXT, a.xml and a (1).xml
                source = Source(name, record.file)
            result[record.image][source] = record
    return result


@dataclass
class _Pair:
    """What one source says beside the one that is used."""

    pictures: int = 0
    differing: int = 0
    sum: Difference = field(default_factory=Difference)
    examples: tuple[Sentence, ...] = ()
    first: tuple[str, str] = ("", "")  # a file of the one that is not used, and of the one that is
    is_joined: bool = False
    is_counted: bool = False  # pixels of a picture of unknown size beside fractions: only classes were compared

    def add(self, used: Record, other: Record) -> None:
        found = compare(used, other)
        self.first = min(self.first, (other.file, used.file)) if self.pictures else (other.file, used.file)
        self.pictures += 1
        self.is_counted |= bool(used.boxes and other.boxes) and not can_compare(used, other)
        self.sum = self.sum.plus(found)
        if found:
            self.differing += 1
            if len(self.examples) < _SHOWN:
                name, counts = name_of(used.image), (len(used.boxes), len(other.boxes))
                example = Sentence("{name} {used} and {other}", name=name, used=counts[0], other=counts[1])
                self.examples += (example,)


class _Choice:
    """Which source each picture is taken from; `records`, `taken` and `pairs` fill up in `decide`."""

    def __init__(self, pictures: Mapping[str, dict[Source, Record]], richness: Mapping[str, int]) -> None:
        self.pictures = pictures
        self.richness = richness
        self.records: dict[str, Record] = {}
        self.taken: dict[str, Source] = {}
        self.pairs: dict[tuple[Source, Source], _Pair] = {}

    def decide(self) -> None:
        groups: dict[tuple[Source, ...], list[str]] = defaultdict(list)
        for image, sources in self.pictures.items():
            groups[tuple(sorted(sources))].append(image)
        for group, images in sorted(groups.items()):
            ranked = self.ranked(group, images)
            partners = [s for s in ranked[1:] if self.complements(ranked[0], s, images)]
            for image in images:
                self.picture(image, ranked, partners)

    def ranked(self, sources: Sequence[Source], images: Sequence[str]) -> list[Source]:
        """The richest first. Of files of one format those outside an archive come first: they were mended by hand."""
        if len(sources) == 1:
            return list(sources)
        plain = len({source.format for source in sources}) == 1
        records = {source: [self.pictures[image][source] for image in images] for source in sources}

        def rank(source: Source) -> tuple[float, ...]:
            boxes = sum(distinct(record) for record in records[source])
            classes = len({box.class_name for record in records[source] for box in record.boxes})
            annotated = sum(1 for record in records[source] if record.boxes)
            is_plain = plain and "!/" not in source.path and annotated > 0
            return not _is_predicted(source.path), is_plain, boxes, classes, annotated, self.richness[source.format]

        return sorted(sources, key=rank, reverse=True)  # sorted in already: equals stay in the order of their names

    def picture(self, image: str, ranked: Sequence[Source], partners: Sequence[Source]) -> None:
        records = self.pictures[image]
        first = ranked[0]
        drawn = [s for s in ranked if _is_predicted(s.path) == _is_predicted(first.path)]  # a background stays one
        chosen = next((s for s in drawn if records[s].boxes), first)
        joined = records[chosen]
        for source in ranked:
            if source == chosen:
                continue
            pair = self.pairs.setdefault((chosen, source), _Pair())
            pair.add(records[chosen], records[source])
            if source in partners and chosen == ranked[0]:
                pair.is_joined = True
                joined = _both(joined, records[source])
        self.records[image], self.taken[image] = joined, chosen

    def complements(self, first: Source, second: Source, images: Sequence[str]) -> bool:
        """Two sources of one format and unit that name different classes of different objects: a task per class."""
        if first.format != second.format:
            return False
        pairs = [(self.pictures[image][first], self.pictures[image][second]) for image in images]
        names = [{b.class_name for pair in pairs for b in pair[i].boxes} for i in (0, 1)]
        keys = [{name_key(name) for name in some if name is not None} for some in names]
        if None in names[0] | names[1] or not keys[0] or not keys[1] or keys[0] & keys[1]:
            return False
        if any(a.size_wh != b.size_wh for a, b in pairs):
            return False
        meeting = sum(1 for a, b in pairs if compare(a, b, 0.5).other_class)
        return meeting <= len(pairs) / 10

    def findings(self) -> list[Finding]:
        """One per pair of sources: what agrees, what does not, in numbers."""
        return [_finding(source, pair) for (_, source), pair in sorted(self.pairs.items())]


def _is_predicted(path: str) -> bool:
    """Do folders or the file say that a model drew these boxes? However many they are, they are no annotation."""
    return any(_PREDICTED.intersection(slug(part).split("_")) for part in path.rstrip("/").split("/")[-2:])


def _both(first: Record, second: Record) -> Record:
    """Boxes of two files, by their names: the ids of the one mean nothing in the other."""
    boxes = tuple(
        RawBox(None, b.class_name, b.xyxy, b.line if r is first else 0, b.form)
        for r in (first, second)
        for b in r.boxes
    )
    return replace(first, boxes=boxes, names=(), bad_lines=first.bad_lines + second.bad_lines)


def _finding(source: Source, pair: _Pair) -> Finding:
    other, used = pair.first
    title = members(formats)[source.format].TITLE
    again = Sentence(
        "{n} {n:picture is|pictures are} annotated a second time here ({format})", n=pair.pictures, format=title
    )
    if pair.is_joined:
        what = Sentence(
            "{again}, with other classes: the boxes of both are used, these and those of {used}", again=again, used=used
        )
        return Finding("", other, 0, "annotations-joined", Severity.WARNING, what, Action.REPAIRED)
    if not pair.differing:
        alike = Sentence("the same {n} {n:box|boxes}", n=pair.sum.same)
        if pair.is_counted:
            alike = Sentence("as many boxes of each class")
        what = Sentence("{again}, with {alike}: {used} is used", again=again, alike=alike, used=used)
        return Finding("", other, 0, "annotation-twice", Severity.INFO, what, Action.LEFT_OUT)
    same, classes, only_used, only_here = pair.sum
    what = Sentence(
        "{again}, {differing} of them otherwise: {same} {same:box agrees|boxes agree}, {classes} {classes:has|have} "
        "another class, {only_used} {only_used:is|are} only in {used}, which is used, {only_here} only here; "
        "e.g. {examples} boxes",
        again=again,
        differing=pair.differing,
        same=same,
        classes=classes,
        only_used=only_used,
        used=used,
        only_here=only_here,
        examples=pair.examples,
    )
    return Finding("", other, 0, "annotations-differ", Severity.WARNING, what, Action.LEFT_OUT)
