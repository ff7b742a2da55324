"""The same picture handed in twice by one team: in the folder, and in the archive it came out of."""

from __future__ import annotations

from collections import defaultdict

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.layout.places import stem_key
from labtools.prepare.sources.tree import Tree, stem_of


def find_copies(tree: Tree) -> list[Finding]:
    """Pictures in archives that are, by name and to the byte, a file beside the archive: one finding each.

    Name and size, known without reading, choose the candidates; only these are read. Equal files that lie both in
    folders are no copies in this sense: they may be two frames, and stay.
    """
    members: dict[tuple[str, int], list[str]] = defaultdict(list)
    for path in tree.images:
        file = tree.files[path]
        if file.member is not None:
            members[(stem_key(stem_of(path)), file.size)].append(path)
    if not members:
        return []
    findings = []
    for path in tree.images:
        file = tree.files[path]
        if file.member is None:
            for member in members.get((stem_key(stem_of(path)), file.size), ()):
                if _is_same(tree, path, member):
                    what = f"the archive's copy of {path}, which is used"
                    findings.append(Finding("", member, 0, "image-copy", Severity.INFO, what, Action.LEFT_OUT))
    return list({finding.file: finding for finding in findings}.values())


def _is_same(tree: Tree, first: str, second: str) -> bool:
    try:
        return tree.read(first) == tree.read(second)
    except Exception:  # noqa: BLE001  an unreadable member is reported where pictures are read
        return False
