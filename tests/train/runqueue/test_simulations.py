"""The scripts that simulate weekends and kill lanes, small: what they find at full size is found here too."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[3] / "scripts"


@pytest.fixture(scope="module")
def schedule() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_schedule", SCRIPTS / "bench_schedule.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_schedule"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("year", ["24 runs", "32 runs"])
def test_the_makespan_is_near_its_lower_bound(schedule: ModuleType, year: str) -> None:
    specs, (quiet, _) = schedule.year(schedule.YEARS[year]), schedule.WEEKENDS
    ours = schedule.simulate(specs, quiet, "labtools", seed=1)
    assert (ours.done, ours.attempts) == (len(specs), len(specs))
    assert ours.ratio <= 1.05
    assert schedule.simulate(specs, quiet, "cheapest first", seed=1).ratio > ours.ratio


def test_a_rough_weekend_comes_to_its_end(schedule: ModuleType) -> None:
    specs, (_, rough) = schedule.year(schedule.YEARS["24 runs"]), schedule.WEEKENDS
    outcome = schedule.simulate(specs, rough, "labtools", seed=2)
    assert outcome.done + outcome.failed == len(specs)
    assert outcome.attempts > len(specs)
    assert outcome.ratio < 1.3


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
