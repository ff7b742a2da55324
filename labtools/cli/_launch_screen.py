"""What `labtools train-matrix` says of the lanes that it has started: on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labtools.artifacts.lab import RUNS, SERVERS
from labtools.core.shells import typed

if TYPE_CHECKING:
    from labtools.core.errors import LabError
    from labtools.train.pipeline import Launched


def tell(launched: Launched, servers: Path | None, runs: Path) -> None:
    """What was started, and where to look."""
    from labtools.artifacts.record import State
    from labtools.core.console import err

    console, grid, launch = err(), launched.grid, launched.launch
    _tell_stale(launched)
    if launch is None:
        failed = grid.count(State.FAILED)
        why = f"`{typed('labtools', 'status', grid.root)}`"
        hint = f"; {failed} failed: see why in {why}, then --retry-failed" if failed else ""
        console.print(f"nothing to train: {grid.count(State.DONE)} of {len(grid.runs)} runs are done{hint}")
        return
    if launch.note:
        console.print(launch.note)
    if launch.is_over:
        return
    if launch.started:
        count = len(launch.started)
        console.print(f"started {count} lane{'s' if count > 1 else ''}: {', '.join(launch.started)}")
    if launch.alive:
        console.print(f"already at work: {', '.join(launch.alive)}")
    if launched.as_before:
        how = "as they were started: --only, --memory-floor and --lease are for lanes that start now"
        console.print(f"{', '.join(launched.as_before)} go on {how}; `labtools train-matrix --stop` ends them first")
    console.print("They outlive this shell. How far they are:")
    status = typed("labtools", "status", grid.root, "--watch")
    for line in filter(None, (status, launch.watch, *_attach(launched, servers, runs))):
        console.print(f"  {line}", soft_wrap=True)


def _tell_stale(launched: Launched) -> None:
    """Runs whose folders hold something else than the matrix means now are neither trained nor touched."""
    from labtools.cli._plan_screen import stale_lines
    from labtools.core.console import err

    plan, console = launched.plan, err()
    if plan.others:
        console.print(f"also in {plan.root}, no longer in this matrix: {', '.join(plan.others)}")
    for line in stale_lines(plan.root, plan.stale):
        console.print(line)


def _attach(launched: Launched, servers: Path | None, runs: Path) -> list[str]:
    """How to see the lanes of each server in its own windows."""
    if launched.launch is None or launched.launch.launcher != "tmux":
        return []
    file = "" if servers in (None, SERVERS) else f" --servers {typed(servers)}"
    root = "" if runs == RUNS else f" --runs-root {typed(runs)}"
    return [f"labtools attach --server {server.name}{file}{root}" for server in launched.servers]


def tell_troubles(troubles: Sequence[LabError]) -> None:
    """Servers on which something did not work out: the rest did."""
    from labtools.core.console import err

    for trouble in troubles:
        err().print(f"not on all servers: {trouble.what}\n  {trouble.fix}", style="bold red")
