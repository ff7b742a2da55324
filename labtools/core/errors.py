"""The one exception that stops work because of something a user can mend."""

from __future__ import annotations

from pathlib import Path


class LabError(Exception):
    """Trouble that its reader can mend: what is wrong, where, and what to do.

    The CLI shows it as three lines on stderr and exits with code 2. Anything else that escapes is a
    bug of ours and keeps its traceback.

    Args:
        what: one sentence without markup, e.g. ``"there are no images under this folder"``.
        where: the file or folder (``"configs/course.yaml:12"`` with a line), or None.
        fix: what to do about it, as a sentence in the imperative.
    """

    def __init__(self, what: str, where: str | Path | None = None, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = None if where is None else str(where)
        self.fix = fix

    def __str__(self) -> str:
        parts = [self.what]
        if self.where:
            parts.append(f"where: {self.where}")
        if self.fix:
            parts.append(f"fix: {self.fix}")
        return "\n".join(parts)

    def __reduce__(self) -> tuple[type[LabError], tuple[str, str | None, str]]:
        """Cross a process boundary with all three parts (the default would keep only ``what``)."""
        return (type(self), (self.what, self.where, self.fix))
