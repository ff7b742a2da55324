"""VIA (VGG Image Annotator) CSV: one row per region, its shape and attributes as JSON in two columns; pixels."""

from __future__ import annotations

import json
from typing import Any

from labtools.core.findings import Finding
from labtools.prepare.formats import Parsed
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._table import Table, read_table, titles_of
from labtools.prepare.formats._via import class_attribute, region
from labtools.prepare.formats.via_json import Entry, records_of
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.text import without_halves
from labtools.prepare.sources.tree import Tree

TITLE = "VIA CSV"
RICHNESS = 3

_SHAPE, _ATTRIBUTES = "regionshapeattributes", "regionattributes"


def sniff(tree: Tree) -> list[str]:
    """Tables with a column of region shapes."""
    return [path for path, look in of_kind(tree, "table") if _SHAPE in titles_of(look.head)]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """One record per picture; a row without a shape lists a picture without regions."""
    found: list[Parsed] = []
    for path in files:
        findings: list[Finding] = []
        table = read_table(tree, path, findings)
        if table is None:
            continue
        entries = _entries(table)
        name, rivals = class_attribute(r.attributes for entry in entries for r in entry.regions)
        found.append(records_of(path, entries, name, rivals, {}, index, findings))
    return Parsed(
        tuple(r for one in found for r in one.records),
        tuple(f for one in found for f in one.findings),
        tuple(dict.fromkeys(n for one in found for n in one.names)),
        frozenset(files),
    )


def _entries(table: Table) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for line, row in table.rows:
        cells = dict(zip(table.titles, row, strict=False))
        name = cells.get("filename", "").strip()
        if not name:
            continue
        entry = entries.setdefault(name, Entry(name, [], line))
        try:
            shape, attributes = _object(cells.get(_SHAPE, "")), _object(cells.get(_ATTRIBUTES, ""))
        except (ValueError, RecursionError):
            shape, attributes = {"name": "no JSON"}, {}
        if shape:
            entry.regions.append(region(shape, attributes, line))
    return list(entries.values())


def _object(cell: str) -> Any:
    return json.loads(without_halves(cell)) if cell.strip() else {}
