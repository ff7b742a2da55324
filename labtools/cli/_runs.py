"""Which runs a person means on the command line, and how what was done with them is told."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labtools.artifacts.record import State
    from labtools.artifacts.runs import Run


@dataclass(frozen=True)
class Told:
    """What became of one run: a sentence, and whether anything was done."""

    run_id: str
    is_done: bool
    sentence: str


def choose_runs(
    patterns: Sequence[str],
    matrix: Path | None,
    runs_root: Path,
    states: frozenset[State] = frozenset(),
    options: str = "",
) -> list[Run]:
    """The runs that are named, or globbed, and those in one of ``states``; each once, by run id.

    Args:
        patterns: run ids, globs of them, or paths (globs of them, too) of run folders.
        matrix: folder of the matrix, None where there is only one below ``runs_root``.
        runs_root: folder of all matrices.
        states: also every run that is in one of these.
        options: that name runs by their state, e.g. ``--failed``.

    Raises:
        LabError: nothing was named, or a pattern matches nothing.
    """
    from labtools.artifacts.runs import NOT_RUNS, find_matrix, find_runs, list_runs
    from labtools.core.errors import LabError

    if not patterns and not states:
        or_else = f", or add {options}" if options else ""
        raise LabError("which runs was not said", None, f"Name them, e.g. yolov8n_320_freeze or 'yolov8x*'{or_else}.")
    paths = [pattern for pattern in patterns if _is_path(pattern)]
    chosen = [run for pattern in paths for run in find_runs(pattern, runs_root)]
    for run in chosen:
        if run.folder.parent.name in NOT_RUNS:
            fix = "Give a run folder of runs/<matrix>/ itself; `labtools status` lists them."
            raise LabError("this folder was put aside: no lane looks at it", run.folder, fix)
    if states or len(paths) < len(patterns):
        root = find_matrix(matrix, runs_root, "--matrix")
        known = list_runs(root)
        for pattern in (p for p in patterns if p not in paths):
            chosen += _matching(pattern, known, root)
        chosen += [run for run in known if state_of(run) in states]
    return sorted({run.folder: run for run in chosen}.values(), key=lambda run: run.run_id)


def _is_path(pattern: str) -> bool:
    return "/" in pattern or "\\" in pattern


def _matching(pattern: str, known: Sequence[Run], root: Path) -> list[Run]:
    from labtools.core.errors import LabError

    found = [run for run in known if fnmatch.fnmatch(run.run_id, pattern)]
    if not found:
        names = [run.run_id for run in known]
        listed = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        raise LabError(f"no run matches {pattern!r}", root, f"Runs here: {listed}.")
    return found


def state_of(run: Run) -> State:
    """The state of a run at this moment, as far as this machine can tell."""
    from labtools.artifacts.record_files import read_record
    from labtools.train.runqueue.claims import state_now

    return state_now(read_record(run.folder))


def show(told: Sequence[Told], *, json: bool, none: str, hint: str = "") -> dict[str, Any]:
    """One line per run on stdout; what to do now on stderr, if anything was done.

    Args:
        told: what became of each run.
        json: also one JSON object as the last line.
        none: said where there was no run at all.
        hint: what follows.
    """
    from labtools.cli._show import print_json
    from labtools.core.console import err, out

    for line in told:
        out().print(f"{line.run_id}: {line.sentence}", soft_wrap=True)
    if not told:
        err().print(none)
    elif hint and any(line.is_done for line in told):
        err().print(hint)
    answer = {"runs": [{"run_id": line.run_id, "changed": line.is_done, "what": line.sentence} for line in told]}
    if json:
        print_json(answer)
    return answer


LANES_HINT = (
    "Lanes at work take them by themselves. If none is left (`labtools status`), type the same `labtools train-matrix` "
    "command as before."
)
