"""The same picture handed in twice by one team: in the folder, and in the archive it came out of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from labtools.core.findings import Action, Finding, Severity
from labtools.prepare.checks import Picture
from labtools.prepare.places import stem_key
from labtools.prepare.tree import stem_of


def drop_copies(pictures: Sequence[Picture]) -> tuple[list[str], list[Finding]]:
    """Archive members that are, byte for byte and by name, a file beside the archive.

    Returns:
        their paths, and a finding for each. Files of the same bytes that lie both in folders are no copies in
        this sense: they may be two frames, and stay.
    """
    loose: dict[tuple[str, str], str] = {}
    members: dict[tuple[str, str], list[str]] = defaultdict(list)
    for picture in pictures:
        key = (picture.hash, stem_key(stem_of(picture.path)))
        if "!/" in picture.path:
            members[key].append(picture.path)
        else:
            loose.setdefault(key, picture.path)
    copies = sorted((path, loose[key]) for key, paths in members.items() if key in loose for path in paths)
    findings = [
        Finding(
            "", path, 0, "image-copy", Severity.INFO, f"the archive's copy of {kept}, which is used", Action.LEFT_OUT
        )
        for path, kept in copies
    ]
    return [path for path, _ in copies], findings
