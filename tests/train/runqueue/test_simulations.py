"""The scripts that simulate weekends and kill lanes, small: what they find at full size is found here too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from _weekend import (
    DEATH,
    DONE,
    LANES,
    REPAIR_S,
    WEEKENDS,
    YEARS,
    Piece,
    least_seconds,
    simulate,
    year,
)

from labtools.train.runqueue.run_queue import LEASE_S

SCRIPTS = Path(__file__).parents[3] / "scripts"


QUIET, ROUGH = WEEKENDS


@pytest.mark.parametrize("matrix", YEARS)
def test_the_makespan_is_near_its_lower_bound(matrix: str) -> None:
    specs = year(YEARS[matrix])
    ours = simulate(specs, QUIET, "labtools", seed=1)
    assert (ours.done, ours.attempts) == (len(specs), len(specs))
    assert ours.ratio <= 1.05
    assert simulate(specs, QUIET, "cheapest first", seed=1).ratio > ours.ratio


def test_on_a_rough_weekend_too() -> None:
    """In this one a lane dies with the longest run while all the others are busy for hours."""
    specs = year(YEARS["24 runs"])
    outcome = simulate(specs, ROUGH, "labtools", seed=1)
    assert outcome.done + outcome.failed == len(specs)
    assert outcome.attempts > len(specs)
    assert outcome.ratio <= 1.05


def test_the_bound_is_what_no_order_can_avoid() -> None:
    def piece(run_id: str, number: int, seconds: float, how: str = DONE) -> Piece:
        return Piece("gpu0", run_id, number, 0.0, seconds, how)

    long = [piece("long", 1, 5000.0, DEATH), piece("long", 2, 1000.0)]
    assert least_seconds(long) == 6000.0 + LEASE_S, "one run, one after the other, and the lease between them"
    short = [piece(f"short{n}", 1, 3000.0) for n in range(3 * LANES)]
    assert least_seconds(long + short) == pytest.approx((6000.0 + 3 * LANES * 3000.0) / LANES)
    deaths = [piece(f"lost{n}", 1, 0.0, DEATH) for n in range(LANES)]
    more = least_seconds(long + short + deaths) - least_seconds(long + short)
    assert more == pytest.approx(REPAIR_S / LANES), "of nine deaths eight may have come at the very end"


@pytest.mark.skipif(sys.platform == "win32", reason="the script forks its lanes")
def test_lanes_killed_at_random_lose_nothing_and_do_nothing_twice() -> None:
    small = ["--runs", "40", "--lanes", "6", "--kills", "8", "--epoch-s", "0.05", "--json"]
    command = [sys.executable, SCRIPTS / "chaos_simulated.py", *small]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    answer = json.loads(result.stdout.splitlines()[-1])
    assert answer["wrong"] == []
    assert answer["figures"]["kills"] == 8
    assert answer["figures"]["attempts"] > answer["figures"]["runs"], "some were taken over"
