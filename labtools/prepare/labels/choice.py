"""Several annotations of one picture: the richest is used, the others are compared with it, and no box comes twice."""

from __future__ import annotations

from labtools.core.findings import Action, Finding, Severity
from labtools.core.registry import members
from labtools.prepare import formats
from labtools.prepare.formats import Parsed, Record
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree


def parse_all(tree: Tree, index: ImageIndex) -> Parsed:
    """All formats of a submission; where two annotate the same picture, the richer one of the submission wins."""
    found = {}
    for name, module in members(formats).items():
        files = module.sniff(tree)
        if files:
            found[name] = module.parse(tree, files, index)
    if len(found) <= 1:
        return next(iter(found.values()), Parsed())
    titles = {name: module.TITLE for name, module in members(formats).items()}
    richness = {name: module.RICHNESS for name, module in members(formats).items()}

    def rank(name: str) -> tuple[int, int, int]:
        records = found[name].records
        annotated = {r.image for r in records if r.boxes}
        return len(annotated), sum(len(r.boxes) for r in records), richness[name]

    order = sorted(found, key=rank, reverse=True)
    records: list[Record] = []
    findings = [f for name in order for f in found[name].findings]
    covered: set[str] = set()
    for name in order:
        twice = [r for r in found[name].records if r.image in covered]
        records += [r for r in found[name].records if r.image not in covered]
        covered |= {r.image for r in found[name].records}
        if twice:
            what = (
                f"{len({r.image for r in twice})} pictures are also annotated as {titles[name]} "
                f"({sum(len(r.boxes) for r in twice)} boxes): {titles[order[0]]}, the richer one, is used"
            )
            findings.append(Finding("", twice[0].file, 0, "format-twice", Severity.WARNING, what, Action.LEFT_OUT))
    names = tuple(dict.fromkeys(n for name in order if found[name].records for n in found[name].names))
    used = frozenset().union(*(found[name].used for name in order))
    return Parsed(tuple(records), tuple(findings), names, used)
