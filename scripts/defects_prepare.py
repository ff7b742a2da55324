"""Spoil a cohort, prepare it, and say what went wrong.

python scripts/defects_prepare.py                     every kind alone: one line each
python scripts/defects_prepare.py voc_named_txt -v    one kind, with its findings
python scripts/defects_prepare.py --together          all kinds in one cohort
python scripts/defects_prepare.py --combine 50        random cohorts of several kinds
python scripts/defects_prepare.py voc_named_txt --keep /tmp/here    and leave the cohort there
"""

from __future__ import annotations

import argparse
import csv
import random
import sys
import tempfile
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "prepare"))

from defects.judge import problems
from defects.registry import Kind, build, kinds

from labtools.prepare.pipeline import prepare


def trial(folder: Path, chosen: list[Kind], seed: int, verbose: bool = False) -> dict[str, list[str]]:
    """What is wrong with a cohort of these kinds; an exception is wrong too."""
    cohort = build(folder, chosen, seed)
    try:
        prepare(cohort.root, cohort.out, cohort.course)
    except Exception as error:  # noqa: BLE001  a crash on one kind is its verdict, not the end of the run
        if verbose:
            traceback.print_exc()
        return {"": [f"prepare raised {type(error).__name__}: {error}"]}
    if verbose:
        with (cohort.out / "findings.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if "les_soigneux" not in row["file"]:
                    print("   ", *(row[k] for k in ("severity", "code", "file", "line", "message", "action")))
    return problems(cohort)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--together", action="store_true")
    parser.add_argument("--combine", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    every = kinds()
    chosen = [every[name] for name in options.kinds] or list(every.values())
    groups = [[kind] for kind in chosen]
    if options.together:
        groups = [chosen]
    elif options.combine:
        chance = random.Random(options.seed)  # noqa: S311  not a secret
        groups = [chance.sample(chosen, chance.randint(2, 12)) for _ in range(options.combine)]
    failed = 0
    for number, group in enumerate(groups):
        with tempfile.TemporaryDirectory() as aside:
            folder = options.keep or Path(aside)
            found = trial(folder, group, options.seed + number, options.verbose)
        failed += bool(found)
        name = group[0].name if len(group) == 1 else f"{len(group)} kinds"
        print("FAIL" if found else "ok  ", name, "" if len(group) > 1 else f"({group[0].module}: {group[0].story})")
        lines = [f"{team}: {line}" for team, lines in found.items() for line in lines[: None if options.verbose else 3]]
        for line in lines:
            print("      ", line)
        if more := sum(map(len, found.values())) - len(lines):
            print(f"       ... and {more} more")
    print(f"{len(groups) - failed} of {len(groups)} as they should be")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
