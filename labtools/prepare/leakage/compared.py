"""The analysis, kept: where no column differs, it is the same; where some do, the blocks of the others are known."""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from labtools.artifacts.leakage import leakage_csv
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding, finding_from_json, finding_to_json
from labtools.prepare.leakage.columns import Columns
from labtools.prepare.leakage.table import analyse


class Compared(NamedTuple):
    """What comes out, in plain values.

    Attributes:
        name: hash of all columns.
        table: the text of ``leakage.csv``.
        summary: the rows of ``leakage_summary.csv``.
        found: the findings, each as a list.
        entries: see `labtools.prepare.leakage.blocks`.
    """

    name: str
    table: str
    summary: tuple[Mapping[str, Any], ...]
    found: tuple[list[Any], ...]
    entries: Mapping[str, bytes]

    @property
    def findings(self) -> list[Finding]:
        return [finding_from_json(one) for one in self.found]


def compare(columns: Columns, before: Compared | None = None) -> Compared:
    """`analyse`, with the help of what came out before."""
    # Version 2 of the format writes equal values equally; later ones write shared objects once.
    values = marshal.dumps([tuple(getattr(columns, field.name)) for field in fields(columns)], 2)
    name = hash_bytes(values)
    if before is not None and before.name == name:
        return before
    found = analyse(columns, before.entries if before else {})
    findings = tuple(finding_to_json(one) for one in found.findings)
    return Compared(name, leakage_csv(found.rows), found.summary, findings, found.compared)
