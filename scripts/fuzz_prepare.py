"""Throw a million inputs at everything in `labtools prepare` that reads what people hand in.

    python scripts/fuzz_prepare.py                                   20,000 inputs of all kinds
    python scripts/fuzz_prepare.py --inputs 1000000 --seed 0         some minutes on one core
    python scripts/fuzz_prepare.py --targets yolo,lists --inputs 50000
    python scripts/fuzz_prepare.py --replay failed/yolo-0.txt --targets yolo    one input again, with its traceback

Inputs are valid files with random content after up to six mutations (tests/prepare/fuzzing). An input fails if
something raises, a box is none, or something is lost without a finding. What fails is written to --save and printed;
exit code 1. The last line is JSON with --json.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "prepare"))

from fuzzing.targets import Case, Target, failing, targets

MOST_SHOWN = 5
MOST_SECONDS = 0.5
"""Of a batch, then of each input in it."""


def run_target(name: str, target: Target, inputs: int, seed: int, save: Path | None) -> Counter[str]:
    """Fuzz one target; how many inputs, how many failed, and each kind of failure."""
    rng = random.Random(f"{seed}:{name}")  # noqa: S311  not a secret
    counts: Counter[str] = Counter()
    while counts["inputs"] < inputs:
        cases = [target.make(rng) for _ in range(min(target.batch, inputs - counts["inputs"]))]
        counts["inputs"] += len(cases)
        try:
            check_in_time(target, cases)
        except Exception as error:  # noqa: BLE001  any exception is the result
            alone = list(failing(cases, lambda case, target=target: check_in_time(target, [case])))
            if isinstance(error, SlowError) and not alone:
                continue  # many large ones together
            for case, why in alone or [(cases[0], error)]:
                report(name, case, why, counts, save)
    return counts


class SlowError(AssertionError):
    """Time that grows faster than the input does."""


def check_in_time(target: Target, cases: list[Case]) -> None:
    """Check a batch, or one case alone, and the time that it takes.

    Raises:
        SlowError: it takes too long.
        Exception: whatever the check raises.
    """
    began = time.process_time()
    target.check(cases)
    seconds = time.process_time() - began
    if seconds > MOST_SECONDS:
        raise SlowError(f"it takes longer than {MOST_SECONDS} s")


def report(name: str, case: Case, error: Exception, counts: Counter[str], save: Path | None) -> None:
    counts["failed"] += 1
    kind = f"{type(error).__name__}: {str(error)[:90]}"
    counts[kind] += 1
    if counts[kind] > 1 or len(counts) > 2 + MOST_SHOWN:
        return
    print(f"  {name}: {case.name}: {kind}\n    {case.data[:200]!r}", flush=True)
    if save is not None:
        save.mkdir(parents=True, exist_ok=True)
        path = save / f"{name}-{len(counts) - 2}{Path(case.name).suffix}"
        path.write_bytes(case.data)
        print(f"    written to {path}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=20_000, help="of all targets together")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--targets", default="all", help=f"comma-separated: {', '.join(targets())}")
    parser.add_argument("--save", type=Path, help="folder for inputs that fail")
    parser.add_argument("--replay", type=Path, help="one input of one target, with its traceback")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    every = targets()
    chosen = every if options.targets == "all" else {name: every[name] for name in options.targets.split(",")}
    if options.replay:
        target = next(iter(chosen.values()))
        name = target.make(random.Random(0)).name  # noqa: S311  not a secret
        target.check([Case(name, options.replay.read_bytes())])
        print("nothing fails")
        return 0
    warnings.simplefilter("ignore")  # Pillow's about sizes, pyyaml's: not our findings
    gc.disable()  # as `prepare` does; a batch leaves no cycles that matter
    return _run_all(chosen, options)


def _run_all(chosen: dict[str, Target], options: argparse.Namespace) -> int:
    total = sum(target.weight for target in chosen.values())
    results = {}
    began = time.perf_counter()
    for name, target in chosen.items():
        start = time.perf_counter()
        counts = run_target(name, target, round(options.inputs * target.weight / total), options.seed, options.save)
        seconds = time.perf_counter() - start
        results[name] = {"inputs": counts["inputs"], "failed": counts["failed"], "seconds": round(seconds, 1)}
        each = 1e6 * seconds / max(1, counts["inputs"])
        speed = f"{seconds:6.1f} s  {each:6.0f} us each"
        print(f"{name:12} {counts['inputs']:>9,} inputs  {speed}  {counts['failed']} failed", flush=True)
        gc.collect()
    failed = sum(result["failed"] for result in results.values())
    inputs = sum(result["inputs"] for result in results.values())
    seconds = round(time.perf_counter() - began, 1)
    print(f"{inputs:,} inputs in {seconds} s: {failed} failed")
    if options.json:
        print(json.dumps({"inputs": inputs, "failed": failed, "seconds": seconds, "targets": results}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
