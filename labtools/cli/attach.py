"""`labtools attach`: see lanes at work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import RUNS, SERVERS
from labtools.cli._options import RunsRoot

if TYPE_CHECKING:
    from labtools.artifacts.lanes import LaneState
    from labtools.train.servers.config import Server

ORDER = 35


def command(
    lane: Annotated[str | None, typer.Argument(help="A lane, e.g. gpu0. Without: all, one window each.")] = None,
    server: Annotated[
        str | None, typer.Option(help="All lanes of that server, as servers.yaml calls it. A lane's own is known.")
    ] = None,
    servers: Annotated[Path, typer.Option(help="The file that lists them.")] = SERVERS,
    runs_root: RunsRoot = RUNS,
) -> None:
    """See lanes at work, in their tmux windows; Ctrl-b d leaves them, and they go on.

    A window only follows the log of its lane: whatever happens to it, the training does not notice. Windows that were
    lost are opened again.

    \b
    Examples:
      labtools attach
      labtools attach gpu5
      labtools attach --server b
    """
    import subprocess

    _require_terminal(runs_root)
    server = server or _server_of(lane, runs_root)
    shown = _there(lane, _find(server, servers), runs_root) if server else _here(lane, runs_root)
    if not shown:
        return
    raise typer.Exit(subprocess.run(shown, env=_outside_of_tmux(), check=False).returncode)


def _here(lane: str | None, runs: Path) -> list[str]:
    from labtools.core.errors import LabError
    from labtools.train.lanes.records import living_lanes
    from labtools.train.launchers import tmux

    if lack := tmux.missing():
        raise LabError(lack, None, f"Install it, or follow the logs: {_tail(runs)}")
    roots = _matrices(runs)
    away = sorted({state.server for _, state in _away(runs)})
    if away and not any(living_lanes(root) for root in roots):
        fix = f"They are on {', '.join(away)}: `labtools attach --server {away[0]}`."
        raise LabError("no lane is at work on this machine", None, fix)
    return tmux.view(roots, lane)


def _matrices(runs: Path) -> list[Path]:
    return sorted(path.absolute() for path in runs.glob("*/") if (path / "lanes").is_dir())


def _away(runs: Path) -> list[tuple[str, LaneState]]:
    """The lanes that are on servers other than this machine, as far as they have not said good-bye; with their matrix.

    Their own words tell, on the disk that all servers share.
    """
    from labtools.artifacts.lanes import read_lane_states
    from labtools.train.processes import is_here

    told = [(root.name, state) for root in _matrices(runs) for state in read_lane_states(root)]
    return [(name, lane) for name, lane in told if lane.server and not lane.has_ended and not is_here(lane.process)]


def _server_of(lane: str | None, runs: Path) -> str | None:
    """The server that a lane works on, where it is one and not this machine: gpu5 is one lane, wherever it is."""
    servers = {state.server for name, state in _away(runs) if lane in (state.lane, f"{name}-{state.lane}")}
    return servers.pop() if len(servers) == 1 else None


def _there(lane: str | None, server: Server, runs: Path) -> list[str]:
    """The same command on that server, in this terminal."""
    from pathlib import PurePosixPath

    from labtools.train.servers.reach import terminal_command

    folder = str(PurePosixPath(server.workdir) / runs.as_posix())
    words = [server.python, "-m", "labtools", "attach", *([lane] if lane else []), "--runs-root", folder]
    return terminal_command(server, words)


def _find(name: str, servers: Path) -> Server:
    from labtools.core.errors import LabError
    from labtools.train.servers.config import read_servers

    known = {server.name: server for server in read_servers(servers)}
    if name not in known:
        fix = f"Name one of: {', '.join(known)}." if known else "No server is listed there: leave out --server."
        raise LabError(f"there is no server {name!r}", servers, fix)
    return known[name]


def _require_terminal(runs: Path) -> None:
    import sys

    from labtools.core.errors import LabError

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise LabError("attach needs a terminal", None, f"Log in with `ssh -t`, or follow the logs: {_tail(runs)}")


def _tail(runs: Path) -> str:
    return f"tail -F {runs}/*/lanes/*.log"


def _outside_of_tmux() -> dict[str, str]:
    """In somebody's own tmux, ours would refuse to be shown: it fears to be inside itself."""
    import os

    return {key: value for key, value in os.environ.items() if key != "TMUX"}
