"""Files that nothing has used: every one is reported, and annotations of a format that is not read loudly so."""

from __future__ import annotations

import re
from collections.abc import Iterable

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.core.sentences import Sentence
from labtools.prepare.formats._look import looks
from labtools.prepare.formats._shapes import number
from labtools.prepare.formats._table import first_rows, titles_of
from labtools.prepare.layout.split_words import split_of_list_name
from labtools.prepare.sources.content import VIDEO_SUFFIXES
from labtools.prepare.sources.tree import READ_ERRORS, Tree, is_image_name, name_of, stem_of, suffix_of

_ADVICE = Sentence("this format is not read: export as YOLO 1.1, CVAT, Pascal VOC or COCO")
_TFRECORDS = frozenset({".tfrecord", ".tfrecords", ".record"})
_COLUMNS = "filename,class,xmin,ymin,xmax,ymax"
_BOXES = frozenset({"bbox", "bboxes", "box", "boxes", "boundingbox", "boundingboxes", "annotation", "annotations"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TEXTS = frozenset({"readme", "license", "licence", "notice", "authors", "changelog"})


def leftover_findings(
    tree: Tree, used: Iterable[str], *, has_annotations: bool, lists: Iterable[str] = ()
) -> list[Finding]:
    """One finding per unused file of a submission; readmes and licences are expected and stay unsaid.

    Args:
        used: files of which everything was used.
        lists: files that put pictures into splits; boxes in them were not used.
    """
    gone, named = frozenset(used), frozenset(lists)
    findings = []
    for path in tree:
        if path in gone or is_image_name(path) or slug(stem_of(path)).split("_")[0] in _TEXTS:
            continue
        what = _unread_format(tree, path)
        if path in named and what is None:
            continue
        if suffix_of(path) in VIDEO_SUFFIXES:
            findings.append(_video(tree, path))
        elif what is not None:
            if has_annotations:
                what = Sentence(
                    "{what}; meanwhile other files of this submission are used, which may hold less", what=what
                )
            findings.append(Finding("", path, 0, "format-unsupported", Severity.ERROR, what, Action.LEFT_OUT))
        elif name_of(path).lower() == "obj.data" or suffix_of(path) == ".names":
            continue  # read, though it may have said nothing new
        else:
            what = Sentence("nothing here uses this file")
            findings.append(Finding("", path, 0, "file-not-used", Severity.INFO, what, Action.LEFT_OUT))
    return findings


def _video(tree: Tree, path: str) -> Finding:
    """A video is not taken apart: which of its frames were annotated, and under which numbers, only its team knows."""
    what = Sentence(
        "a video ({size:.1f} MB): only pictures are read; where its frames are not among them, write them beside it: "
        "ffmpeg -i {name!r} -start_number 0 images/frame_%06d.jpg",
        size=tree.files[path].size / 1e6,
        name=name_of(path),
    )
    return Finding("", path, 0, "video-not-used", Severity.WARNING, what, Action.LEFT_OUT)


def outside_findings(tree: Tree) -> list[Finding]:
    """Files that lie beside the submissions and so belong to nobody; split lists there are read, see `splits`."""
    findings = []
    for path in tree:
        if slug(stem_of(path)).split("_")[0] in _TEXTS or split_of_list_name(path):
            continue
        lost = is_image_name(path)
        picture, other = Sentence("a picture outside any team's folder"), Sentence("a file outside any team's folder")
        what = picture if lost else other
        severity = Severity.ERROR if lost else Severity.INFO
        findings.append(Finding("", path, 0, "file-outside", severity, what, Action.LEFT_OUT))
    return findings


def _unread_format(tree: Tree, path: str) -> Sentence | None:
    """What an annotation file of a format that is not read is called, with the number of its shapes; else None."""
    if suffix_of(path) in _TFRECORDS:
        return Sentence("a TFRecord; {advice}", advice=_ADVICE)
    look = looks(tree).get(path)
    try:
        data = tree.read(path) if look is not None else b""
    except READ_ERRORS:
        return None  # reported as not used
    if look is None:
        return None
    if look.kind == "json":
        known = look.words & {"bbox", "shapes", "regions", "annotations", "objects", "coordinates"}
        counts = [(word, data.count(word.encode())) for word in sorted(known)]
        told = tuple(Sentence("{n} {n:time|times} {word}", n=n, word=word) for word, n in counts)
        return Sentence("JSON of an unknown kind ({counts}); {advice}", counts=told, advice=_ADVICE) if known else None
    if look.kind == "xml" and look.words:
        shapes = sum(data.count(b"<" + tag) for tag in (b"box ", b"polygon ", b"object>", b"object "))
        return Sentence(
            "XML of an unknown kind (<{root}>) with {n} {n:shape|shapes}; {advice}",
            root=look.root,
            n=shapes,
            advice=_ADVICE,
        )
    return _unread_table(look.head, data) if look.kind == "table" and suffix_of(path) in {".csv", ".tsv"} else None


def _unread_table(head: bytes, data: bytes) -> Sentence | None:
    """Pictures' names with four numbers beside them, or in one cell (Kaggle's ``"[1, 2, 30, 40]"``), are boxes, though
    nobody says in which order."""
    rows = first_rows(head)
    what = Sentence(
        "a table of boxes ({n} {n:row|rows}) whose columns cannot be told: name them {columns}",
        n=len(data.splitlines()),
        columns=_COLUMNS,
    )
    if _BOXES.intersection(titles_of(head)) and any(_holds_box(cell) for row in rows for cell in row):
        return what
    full = [row for row in rows if any(is_image_name(cell.strip()) for cell in row)]
    numeric = [sum(number(cell) is not None for cell in row) for row in full]
    return what if numeric and min(numeric) >= 4 else None


def _holds_box(cell: str) -> bool:
    return cell.strip()[:1] in {"[", "(", "{"} and len(_NUMBER.findall(cell)) >= 4
