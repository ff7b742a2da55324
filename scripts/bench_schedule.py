"""How near the order of training comes to the best possible: the real queue, estimates and policy in virtual time.

The matrices of two real years (24 and 32 runs) are trained by 8 simulated lanes: real run folders, claims, ends and
takeovers; invented durations, which the estimates do not know (a machine's pace is drawn at random, and each run
strays from it). Two weekends are simulated: a quiet one, and a rough one on GPUs of 8 GB where batches do not fit,
trainings fail and are killed, and lanes die, each like a machine of its own that is switched off and started again ten
minutes later. What befalls an attempt depends on the weekend, the run and the attempt's number and never on the order,
so that all orders meet the same troubles. Beside the order of labtools stand cheapest first and a random one, through
the same code by means of priorities.

The makespan is compared with its lower bound, the larger of two that no order can get below:

- The longest run: all its attempts one after the other, in vain or not, and after each death of its lane the lease, for
  nobody can tell sooner that a lane on another machine is dead and not slow.
- All that was computed, and the time for which dead lanes stood still, spread evenly over all lanes. (Of each lane one
  death is left out: by its last one it may have lost nothing, because all was done.)

What is above the bound has three reasons. A run whose lane died waits, beyond the lease, until some lane is free, in
the worst case its own when that comes back. And runs are not divisible: where reading pictures takes most of the time
(a fast GPU behind slow loaders, one invented weekend in ten), all 24 take nearly as long as one another, three fall on
each lane, and the last ones end apart, up to 1.13. Taking into account what the other lanes still have to do (MULTIFIT
over all that is left, anew at each claim) was tried on 400 such weekends and did not help: 26 were over 1.05 instead
of 28, since nobody knows the length of a run to better than the 15 % that are invented here.

Last, a run that lost its GPU twice without a new epoch is put behind all others on purpose (see `Turn`): where epochs
last an hour and the matrix six weeks, as in the 15th rough weekend of 32 runs, this may cost a fifth.

    python scripts/bench_schedule.py
    python scripts/bench_schedule.py --quick --json
    python scripts/bench_schedule.py --story 4 --matrix "32 runs"     # how one rough weekend went
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from _weekend import LANES, ORDERS, WEEKENDS, YEARS, Outcome, simulate, year

from labtools.core.words import duration


def main() -> None:
    options = _options()
    if options.story is not None:
        tell(simulate(year(YEARS[options.matrix]), WEEKENDS[1], "labtools", options.story))
        return
    weekends = 3 if options.quick else options.weekends
    figures: dict[str, float] = {}
    print(f"{LANES} lanes; makespan / lower bound, of so many weekends of each kind\n")
    head = f"{'matrix':8} {'weekend':8} {'order':15} {'number':>6} {'median':>7} {'worst':>7} {'> 1.05':>7}"
    print(f"{head}   makespan  done  given up  attempts")
    with ProcessPoolExecutor() as pool:
        for (name, sizes), weekend, order in itertools.product(YEARS.items(), WEEKENDS, ORDERS):
            count = weekends if order == ORDERS[0] else max(2, weekends // 4)
            seeds = range(options.seed, options.seed + count)
            outcomes = list(pool.map(partial(simulate, year(sizes), weekend, order), seeds))
            figures |= report(f"{name:8} {weekend.name:8} {order:15}", outcomes)
    if options.json:
        print(json.dumps({"figures": figures}))


def report(title: str, outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Print a line of the table; its figures."""
    ratios = [outcome.ratio for outcome in outcomes]
    middle, worst = statistics.median(ratios), max(ratios)
    makespan = statistics.median(outcome.makespan for outcome in outcomes)
    done, failed, attempts = (sum(getattr(o, key) for o in outcomes) for key in ("done", "failed", "attempts"))
    over = sum(ratio > 1.05 for ratio in ratios)
    counts = f"{duration(makespan):>8} {done:5} {failed:9} {attempts:9}"
    print(f"{title} {len(outcomes):6} {middle:7.3f} {worst:7.3f} {over:7}   {counts}", flush=True)
    waits = sorted(second for outcome in outcomes for second in outcome.claim_s)
    key = " ".join(title.split())
    claim = 1e3 * waits[int(0.99 * len(waits))]
    return {f"{key}: median ratio": middle, f"{key}: worst ratio": worst, f"{key}: claim p99 ms": claim}


def tell(outcome: Outcome) -> None:
    """The attempts of the five runs that ended last, one line each, and how long each lane was busy."""
    runs = list(dict.fromkeys(piece.run_id for piece in sorted(outcome.pieces, key=lambda piece: -piece.end)))
    for run_id in runs[:5]:
        print(run_id)
        free_since = 0.0
        for piece in outcome.pieces:
            if piece.run_id == run_id:
                hours = f"{piece.start / 3600:7.2f} h .. {piece.end / 3600:7.2f} h"
                waited = (piece.start - free_since) / 3600
                print(f"  {piece.number:3} {piece.lane} {hours} {piece.how:8} waited {waited:.2f} h")
                free_since = piece.end
    for lane in sorted({piece.lane for piece in outcome.pieces}):
        busy = sum(piece.end - piece.start for piece in outcome.pieces if piece.lane == lane)
        print(f"{lane} busy for {duration(busy)}")
    print(f"makespan {duration(outcome.makespan)}, bound {duration(outcome.bound)}: {outcome.ratio:.3f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 weekends of each kind")
    parser.add_argument("--weekends", type=int, default=12, help="of each kind, a quarter of them in other orders")
    parser.add_argument("--seed", type=int, default=1, help="of the first weekend")
    parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
    parser.add_argument("--story", type=int, metavar="SEED", help="only tell how that rough weekend went")
    parser.add_argument("--matrix", choices=YEARS, default="24 runs", help="of the story")
    return parser.parse_args()


if __name__ == "__main__":
    main()
