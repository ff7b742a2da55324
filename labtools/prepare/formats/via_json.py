"""VIA (VGG Image Annotator) JSON: a project or an export of VIA 1 and 2, or a project of VIA 3; pixels.

VIA does not know a picture's size, so the boxes are pixels of the picture as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox
from labtools.prepare.formats._json import items, read_json, text_of
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import Listed, bind_listed, names_of
from labtools.prepare.formats._shapes import around_finding
from labtools.prepare.formats._via import Region, class_attribute, class_name, options_of, region, region_of_via3
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

TITLE = "VIA JSON"
RICHNESS = 4


class Entry(NamedTuple):
    """A picture as VIA lists it."""

    name: str
    regions: list[Region]
    line: int = 0


def sniff(tree: Tree) -> list[str]:
    """JSON files with regions and their shapes, and VIA projects."""
    return [
        path
        for path, look in of_kind(tree, "json")
        if {"regions", "shape_attributes"} <= look.words
        or "_via_img_metadata" in look.words
        or {"file", "metadata", "view", "vid"} <= look.words
    ]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """One record per picture that a file lists, those without regions too."""
    found: list[Parsed] = []
    for path in files:
        findings: list[Finding] = []
        content = read_json(tree, path, findings)
        entries, options = _entries(content), {}
        name, rivals = class_attribute(r.attributes for entry in entries for r in entry.regions)
        if isinstance(content, dict):
            options = dict(options_of(content.get("_via_attributes"), name))
        found.append(records_of(path, entries, name, rivals, options, index, findings))
    return Parsed(
        tuple(r for one in found for r in one.records),
        tuple(f for one in found for f in one.findings),
        tuple(dict.fromkeys(n for one in found for n in one.names)),
        frozenset(files),
    )


def records_of(
    path: str,
    entries: list[Entry],
    attribute: str | None,
    rivals: tuple[str, ...],
    options: dict[str, Any],
    index: ImageIndex,
    findings: list[Finding],
) -> Parsed:
    """The records of one file, whose class is named by ``attribute``.

    Args:
        rivals: attributes between which that cannot be told.
        options: of that attribute, id -> description.
        findings: of the file so far.
    """
    if rivals:
        what = Sentence("which of the attributes {attributes} names the class?", attributes=rivals)
        findings.append(Finding("", path, 0, "via-class-unclear", Severity.ERROR, what, Action.ASKED))
    kinds: Counter[str] = Counter()
    pictures: list[Listed] = []
    for entry in entries:
        pictures.append(Listed(entry.name, line=entry.line))
        for place, one in enumerate(entry.regions, 1):
            if one.corners is None:
                pictures[-1].bad += 1
                what = Sentence("region {n} of {image!r} has no shape that can be read", n=place, image=entry.name)
                findings.append(Finding("", path, one.line, "via-bad-region", Severity.ERROR, what, Action.LEFT_OUT))
                continue
            kinds.update([one.kind] if one.kind else [])
            name = class_name(one.attributes.get(attribute), options) if attribute else None
            pictures[-1].boxes.append(RawBox(None, name, one.corners, one.line))
    findings += around_finding(path, kinds)
    records = bind_listed(path, pictures, index, findings)
    return Parsed(tuple(records), tuple(findings), names_of(records))


def _entries(content: Any) -> list[Entry]:
    if isinstance(content, dict) and isinstance(content.get("metadata"), dict) and "file" in content:
        return list(_via3(content))
    if isinstance(content, dict) and "_via_img_metadata" in content:
        content = content["_via_img_metadata"]
    return [
        Entry(name, [region(r.get("shape_attributes"), r.get("region_attributes")) for r in items(one.get("regions"))])
        for one in items(content)
        if (name := text_of(one.get("filename")))
    ]


def _via3(content: dict[str, Any]) -> Iterator[Entry]:
    """Files, views of one file each, and regions (``metadata``) of a view, joined by their ids."""
    names = _by_id(content.get("attribute"))
    views = _by_id(content.get("view"))
    regions: dict[str, list[Region]] = {}
    for one in items(content.get("metadata")):
        view = views.get(text_of(one.get("vid")), {})
        ids = view.get("fid_list")
        given = one.get("av")
        attributes = {
            text_of(names.get(key, {}).get("aname")) or key: _option(names.get(key, {}), value)
            for key, value in (given.items() if isinstance(given, dict) else ())
        }
        key = text_of(ids[0]) if isinstance(ids, list) and ids else text_of(one.get("vid"))
        if one.get("xy"):  # without: a remark about the whole picture
            regions.setdefault(key, []).append(region_of_via3(one.get("xy"), attributes))
    for key, one in _by_id(content.get("file")).items():
        if name := text_of(one.get("fname")):
            yield Entry(name, regions.get(key, []))


def _by_id(value: Any) -> dict[str, dict[str, Any]]:
    return {key: one for key, one in value.items() if isinstance(one, dict)} if isinstance(value, dict) else {}


def _option(attribute: dict[str, Any], value: Any) -> Any:
    options = attribute.get("options")
    return options.get(value, value) if isinstance(options, dict) and isinstance(value, str) else value
