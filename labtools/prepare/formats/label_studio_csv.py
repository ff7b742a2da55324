"""Label Studio CSV and TSV: one row per annotation, its shapes as a JSON list in a cell, as JSON-MIN has them.

Format: https://labelstud.io/guide/export (*CSV*): the task's data (``image``), a column per control tag, and
``annotation_id``, ``annotator``, ``created_at``, ``updated_at``, ``lead_time``.
"""

from __future__ import annotations

import json
from typing import Any

from labtools.core.findings import Finding
from labtools.prepare.formats import Parsed, Record
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._many import Many
from labtools.prepare.formats._pictures import names_of
from labtools.prepare.formats._table import Table, read_table, titles_of
from labtools.prepare.formats.label_studio_json import add_task
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.text import without_halves
from labtools.prepare.sources.tree import Tree

TITLE = "Label Studio CSV"
RICHNESS = 4

_TITLES = frozenset({"annotationid", "leadtime"})


def sniff(tree: Tree) -> list[str]:
    """Tables with the columns that Label Studio adds to every export."""
    return [path for path, look in of_kind(tree, "table") if _TITLES.issubset(titles_of(look.head))]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """A row without shapes is an explicit background."""
    records: list[Record] = []
    findings: list[Finding] = []
    for path in files:
        table = read_table(tree, path, findings)
        if table is not None:
            records += _understood(path, table, index).bound(index, findings)
    return Parsed(tuple(records), tuple(findings), names_of(records), frozenset(files))


def _understood(path: str, table: Table, index: ImageIndex) -> Many:
    many = Many(path)
    for _, row in table.rows:
        add_task({title: _value(cell) for title, cell in zip(table.titles, row, strict=False)}, many, index)
    return many


def _value(cell: str) -> Any:
    """A list of shapes (of one without corners, and hence a finding, if it cannot be read); other cells as written."""
    try:
        return json.loads(without_halves(cell)) if cell.lstrip()[:1] == "[" else cell
    except (ValueError, RecursionError):
        return [{"original_width": 0, "rectanglelabels": ["?"]}]
