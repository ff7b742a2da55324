"""Lists that a tool wrote of all that it exported: tables of contents, not splits."""

from __future__ import annotations

import re
from collections.abc import Sequence

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.sources.tree import folder_of
from labtools.prepare.splits.lists import SplitList

_EXPORTED = re.compile(r".*obj_train_data/|data/images/train/")
"""How CVAT begins the lines of its *YOLO 1.1* and its *Ultralytics YOLO* exports."""


def without_exports(lists: Sequence[SplitList]) -> tuple[list[SplitList], list[Finding]]:
    """The lists but for CVAT's ``train.txt`` of everything, and a finding for each of these.

    Where other splits lie beside it, somebody has made lists of it.
    """
    beside = {folder_of(one.path) for one in lists if one.split != "train" and one.lines}
    kept, findings = [], []
    for one in lists:
        is_export = one.split == "train" and any(_EXPORTED.match(line) for line in one.lines[:3])
        if is_export and folder_of(one.path) not in beside:
            what = Sentence("CVAT's own list of everything it exported, not a split")
            findings.append(Finding("", one.path, 0, "list-of-export", Severity.INFO, what, Action.NOTED))
        else:
            kept.append(one)
    return kept, findings
