"""What a lane concludes from how its last trainings ended: go on, rest a while, or retire. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from labtools.artifacts.record import OWN_TROUBLE, Cause

RETIRE_AFTER = 3
"""Runs in a row that fail on one lane, each for the first time: it is the lane, or all of them."""

_CUT_SHORT = frozenset({Cause.KILLED, Cause.DISK, Cause.DATA, Cause.GPU})
_SHORT_S = 120.0
_FIRST_REST_S = 5.0
_LONGEST_REST_S = 300.0


@dataclass
class Luck:
    """The last endings of one lane."""

    _failed: list[str] = field(default_factory=list)
    _cut_short: int = 0

    def note(self, run_id: str, cause: Cause | None, seconds: float, *, failed_before: bool = False) -> None:
        """A training ended.

        Args:
            run_id: of what.
            cause: why, None: the run is done.
            seconds: that the attempt took.
            failed_before: the run has failed by its own trouble on an earlier attempt too, so the lane is innocent.
        """
        if cause is None:
            self._failed, self._cut_short = [], 0
        elif cause is Cause.GPU or (cause in OWN_TROUBLE and not failed_before):
            self._failed.append(f"{run_id} ({cause.value})")
        if cause in _CUT_SHORT:
            self._cut_short = self._cut_short + 1 if seconds < _SHORT_S else 0

    @property
    def retires(self) -> str:
        """Why the lane should do no more, "" where it should go on."""
        if len(self._failed) < RETIRE_AFTER:
            return ""
        return f"{len(self._failed)} trainings in a row failed here: {', '.join(self._failed)}; see their train.log"

    @property
    def rest_s(self) -> float:
        """Seconds to wait before the next training: what cuts one short at once will cut the next one too."""
        if self._cut_short < 2:
            return 0.0
        return float(min(_LONGEST_REST_S, _FIRST_REST_S * 2 ** (self._cut_short - 2)))
