"""Downloads that Google Drive cuts into archives: ``tic-20240214T101010Z-001.zip``, ``tic-20240214T101010Z-002.zip``.

Files are spread over the parts as they come, a picture here and its label there: only together are they a folder.
Unpacked, each part has become a folder of its own name.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from labtools.core.findings import Action, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.sources.found import Found

_STAMP = r"-\d{8}T\d{6}Z(?:-\d)?"
_PART = re.compile(rf"(.+{_STAMP})-(\d{{3}})((?:\.zip)?)", re.IGNORECASE)
_STAMPED = re.compile(rf"(.+?){_STAMP}(?:-\d{{3}})?", re.IGNORECASE)


def without_stamp(name: str) -> str:
    """A folder's name without what Drive put behind it; any other name as it is.

    >>> without_stamp("tic-20240214T101010Z-001"), without_stamp("tic-2")
    ('tic', 'tic-2')
    """
    match = _STAMPED.fullmatch(name)
    return match[1] if match else name


def joined_parts(names: Iterable[str], prefix: str, found: Found) -> dict[str, str]:
    """The parts of downloads in one folder: each with the name under which all of its download are read.

    Args:
        names: what lies in the folder.
        prefix: of the folder, with its slash.
        found: is told which parts are one, and which number is missing.
    """
    groups: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name in sorted(names):
        if match := _PART.fullmatch(name):
            groups[match[1], match[3]][int(match[2])] = name
    joined: dict[str, str] = {}
    for (name, end), parts in groups.items():
        first = prefix + min(parts.values())
        missing = [f"{number:03}" for number in range(1, max(parts)) if number not in parts]
        if missing:
            what = Sentence("a part of a Google Drive download; missing: {missing}", missing=tuple(missing[:10]))
            found.say(first, "archive-part-missing", Severity.ERROR, what)
        if len(parts) > 1:
            what = Sentence(
                "{n} parts of one Google Drive download are read as one: {name}", n=len(parts), name=name + end
            )
            found.say(first, "archive-parts", Severity.INFO, what, Action.REPAIRED)
            joined.update(dict.fromkeys(parts.values(), name + end))
    return joined
