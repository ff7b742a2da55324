"""`labtools train-matrix`: train every combination of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labtools.artifacts.lab import MATRIX, RUNS, SERVERS
from labtools.cli._options import AsJson, Launcher, RunsRoot

if TYPE_CHECKING:
    from labtools.train.pipeline import Launched
    from labtools.train.request import Request
    from labtools.train.servers.preflight import Checkup
    from labtools.train.status.grid import Grid

ORDER = 20


_Matrix = Annotated[Path, typer.Option(help="The matrix file.")]
_Data = Annotated[Path | None, typer.Option(help="A prepared dataset, instead of the one that the matrix names.")]
_Gpus = Annotated[
    str | None, typer.Option(help="GPUs, one lane each: 0-7 or 0,2,3; or cpu. With servers.yaml: all, if not given.")
]
_Lanes = Annotated[
    int | None,
    typer.Option(min=1, help="With --gpus cpu: lanes that share the cores; with --launcher slurm: lanes to ask for."),
]
_Servers = Annotated[
    Path | None, typer.Option(help=f"The servers whose GPUs are numbered through; {SERVERS} where it names any.")
]
_SkipUnreachable = Annotated[
    bool, typer.Option("--skip-unreachable", help="Go on without servers that cannot be reached.")
]
_MemoryFloor = Annotated[
    float, typer.Option(min=0.0, help="GB free that suffice on a GPU that others use; 0: wait until it is free.")
]
_Lease = Annotated[
    float | None, typer.Option(min=10.0, help="Seconds of silence that mean death, for lanes elsewhere. [120]")
]
_Only = Annotated[
    str,
    typer.Option(help="Lanes that start now train only these runs: globs of ids, with commas, e.g. 'yolov8n_*'."),
]
_Wait = Annotated[bool, typer.Option("--wait", help="Stay until all is finished. Ctrl-C leaves lanes at work.")]
_DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check everything, on all servers; list the runs, start nothing.")
]
_RetryFailed = Annotated[bool, typer.Option("--retry-failed", help="Give runs that were given up another chance.")]
_Stop = Annotated[bool, typer.Option("--stop", help="End the lanes of this matrix, on all servers.")]


def command(
    matrix: _Matrix = MATRIX,
    data: _Data = None,
    runs_root: RunsRoot = RUNS,
    gpus: _Gpus = None,
    lanes: _Lanes = None,
    servers: _Servers = None,
    skip_unreachable: _SkipUnreachable = False,
    launcher: Launcher = None,
    memory_floor: _MemoryFloor = 0.0,
    lease: _Lease = None,
    only: _Only = "",
    wait: _Wait = False,
    dry_run: _DryRun = False,
    retry_failed: _RetryFailed = False,
    stop: _Stop = False,
    json: AsJson = False,
) -> None:
    """Train model x freeze x imgsz x batch, one lane per GPU, in tmux windows that nothing can hang up.

    Finished runs are not trained again: after whatever happened, type the same command and it goes on. Dataset,
    weights, arguments and servers are checked before any lane starts.

    \b
    Examples:
      labtools train-matrix --gpus 0-7
      labtools train-matrix --gpus cpu --lanes 2 --wait
      labtools train-matrix --dry-run
      labtools train-matrix --stop
    """
    from labtools.cli._show import print_json
    from labtools.train.request import Request

    request = Request(
        matrix,
        runs_root,
        data,
        gpus=gpus,
        lanes=lanes,
        servers=_servers_file(servers),
        skip_unreachable=skip_unreachable,
        launcher=launcher,
        memory_floor_gb=memory_floor,
        lease_s=lease,
        only=only,
        retry_failed=retry_failed,
    )
    if stop:
        answer = _stop(request)
    elif dry_run:
        answer = _dry_run(request)
    else:
        answer = _train(request, wait)
    if json:
        print_json(answer)
    if answer.get("unreached") or (answer.get("counts", {}).get("failed") and wait):
        raise typer.Exit(1)


def _servers_file(asked: Path | None) -> Path | None:
    """The one asked for, or that of the lab; None where there is none."""
    return asked if asked is not None or not SERVERS.is_file() else SERVERS


def _stop(request: Request) -> dict[str, Any]:
    from labtools.cli._launch_screen import tell_troubles
    from labtools.core.console import err
    from labtools.train import pipeline
    from labtools.train.matrix.reading import read_matrix

    root = (request.runs / read_matrix(request.matrix).name).absolute()
    ended, troubles = pipeline.stop_everywhere(root, request.servers)
    if ended:
        err().print(f"ended: {', '.join(ended)}")
    elif not troubles:
        err().print(f"no lane of this matrix is at work on {_where(request)}")
    tell_troubles(troubles)
    return {"folder": str(root), "stopped": ended, "unreached": [trouble.what for trouble in troubles]}


def _where(request: Request) -> str:
    from labtools.train.servers.config import read_servers

    servers = read_servers(request.servers) if request.servers is not None else ()
    return ", ".join(["this machine", *(server.name for server in servers if server.ssh is not None)])


def _show_servers(found: Sequence[Checkup]) -> None:
    from labtools.cli._servers_table import servers_table
    from labtools.core.console import err

    err().print(servers_table(found))


def _dry_run(request: Request) -> dict[str, Any]:
    from datetime import datetime

    from labtools.cli._plan_screen import kind_of_lanes, render_outlook, smallest_gpu
    from labtools.core.console import out, progress_display
    from labtools.train import pipeline
    from labtools.train.matrix.reading import read_matrix
    from labtools.train.place import Place
    from labtools.train.planning.outlook import look_out
    from labtools.train.planning.plan import plan_matrix

    read_matrix(request.matrix)  # first, as in `pipeline.train_matrix`
    place = Place(())
    if _says_where(request):
        place = pipeline.find_place(request.gpus, request.lanes, request.servers, request.launcher)
    found: list[Checkup] = []

    def show(checkups: Sequence[Checkup]) -> None:
        found.extend(checkups)
        _show_servers(checkups)

    with progress_display() as tick:
        plan = plan_matrix(request.matrix, request.data, request.runs, tick)
    pipeline.require_meant(plan, request.only, request.matrix)
    place = pipeline.check(place, plan, skip_unreachable=request.skip_unreachable, show=show)
    kind, memory = kind_of_lanes(place.lanes), smallest_gpu(place.lanes, found)
    outlook = look_out(plan, kind=kind, lanes=len(place.lanes), gpu_bytes=memory, only=request.only)
    out().print(render_outlook(outlook, datetime.now().astimezone()))
    return outlook.to_json()


def _says_where(request: Request) -> bool:
    """Is it known where to train? To look at a matrix, that need not be: it is checked, without an expected end."""
    from labtools.train.servers.config import read_servers

    if request.gpus is not None or request.launcher == "slurm":
        return True
    return request.servers is not None and bool(read_servers(request.servers))


def _train(request: Request, wait: bool) -> dict[str, Any]:
    from labtools.cli._launch_screen import tell, tell_troubles
    from labtools.core.console import out, progress_display
    from labtools.train import pipeline

    with progress_display() as tick:
        launched = pipeline.train_matrix(request, show=_show_servers, tick=tick)
    tell(launched, request.servers, request.runs)
    tell_troubles(launched.troubles)
    grid = launched.grid
    if wait and launched.launch is not None:
        grid = _wait(launched, request.only)
    if wait or launched.launch is None or launched.launch.is_over:
        from labtools.cli._grid import render_grid

        out().print(render_grid(grid))
    launch = launched.launch
    said = {"launcher": launch.launcher, "started": launch.started, "alive": launch.alive} if launch else None
    return {**grid.to_json(), "launched": said, "unreached": [trouble.what for trouble in launched.troubles]}


def _wait(launched: Launched, only: str) -> Grid:
    from labtools.core.console import err, progress_display
    from labtools.train import pipeline

    try:
        with progress_display() as tick:
            return pipeline.wait(launched.plan.root, tick, only)
    except KeyboardInterrupt:
        err().print("The lanes go on. The same command waits again; with --stop it ends them.")
        raise
