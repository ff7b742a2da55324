"""When a lane goes on, rests or retires."""

from __future__ import annotations

import pytest

from labtools.artifacts.record import Cause
from labtools.train.lanes.luck import RETIRE_AFTER, Luck


def after(*endings: tuple[str, Cause | None], seconds: float = 5.0) -> Luck:
    luck = Luck()
    for run_id, cause in endings:
        luck.note(run_id, cause, seconds)
    return luck


def test_different_runs_that_fail_one_after_the_other_are_the_lanes_doing() -> None:
    luck = after(("a", Cause.ERROR), ("b", Cause.NAN), ("c", Cause.ERROR))
    assert luck.retires == "3 trainings in a row failed here: a (error), b (nan), c (error); see their train.log"


def test_a_gpu_that_fails_again_and_again_needs_no_different_runs() -> None:
    assert after(*[("a", Cause.GPU)] * RETIRE_AFTER).retires


@pytest.mark.parametrize(
    "endings",
    [
        [("a", Cause.ERROR), ("b", Cause.ERROR), ("c", None), ("d", Cause.ERROR)],  # one worked in between
        [("a", Cause.OOM), ("b", Cause.OOM), ("c", Cause.OOM)],  # the batch's doing
        [("a", Cause.STOPPED), ("b", Cause.STOPPED), ("c", Cause.STOPPED)],  # somebody's will
        [("a", Cause.WEIGHTS), ("b", Cause.WEIGHTS), ("c", Cause.WEIGHTS)],  # a file's
        [("a", Cause.DISK), ("b", Cause.DISK), ("c", Cause.DISK), ("d", Cause.KILLED)],
    ],
)
def test_a_lane_that_is_innocent_goes_on(endings: list[tuple[str, Cause | None]]) -> None:
    assert not after(*endings).retires


def test_a_run_that_fails_again_is_to_blame_itself() -> None:
    luck = Luck()
    for run_id in "abcdef":
        luck.note(run_id, Cause.ERROR, 5.0, failed_before=True)
    assert not luck.retires


def test_what_cuts_trainings_short_is_given_more_and_more_time_to_pass() -> None:
    luck = Luck()
    rests = []
    for _ in range(10):
        luck.note("a", Cause.DISK, 5.0)
        rests.append(luck.rest_s)
    assert rests[:5] == [0.0, 5.0, 10.0, 20.0, 40.0]
    assert rests[-1] == 300.0
    luck.note("a", None, 900.0)
    assert luck.rest_s == 0.0


def test_a_long_training_that_was_killed_is_no_reason_to_rest() -> None:
    assert after(*[("a", Cause.KILLED)] * 5, seconds=3600.0).rest_s == 0.0
