"""`labtools tensorboard`: the curves and hyper-parameters of all runs of a matrix, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import RUNS
from labtools.cli._options import MatrixArgument, RunsRoot

if TYPE_CHECKING:
    from tensorboard.program import TensorBoard

ORDER = 36


def command(
    matrix: MatrixArgument = None,
    runs_root: RunsRoot = RUNS,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any that is free.")] = 6006,
    host: Annotated[
        str, typer.Option(help="Address to listen on. 0.0.0.0 lets everyone on the network look, without a password.")
    ] = "localhost",
    every: Annotated[float, typer.Option("--every", min=1.0, help="Seconds between two looks at the runs.")] = 15.0,
) -> None:
    """Open TensorBoard on a matrix: curves of every run, and what differs between them (tab HPARAMS).

    It stays until Ctrl-C and follows runs that are being trained. On a server, look at it from your own machine
    through ssh: the address to open and the command to type are printed.

    \b
    Examples:
      labtools tensorboard
      labtools tensorboard runs/dlcv --port 7007
    """
    import threading

    from labtools.artifacts.runs import find_matrix
    from labtools.core.console import err, out

    root = find_matrix(matrix, runs_root)
    board = _configure(root, host, port, every)
    with err().status("starting TensorBoard"):
        url = _launch(board, host, port)
    out().print(f"TensorBoard of {root.name}: {url}", soft_wrap=True)
    err().print(_hint(url, host), soft_wrap=True)
    threading.Event().wait()  # until Ctrl-C


def _configure(root: Path, host: str, port: int, every: float) -> TensorBoard:
    import logging
    from importlib.util import find_spec

    from tensorboard import default, program

    # Said outright, for left to itself TensorBoard prints a paragraph on its choice.
    fast = "true" if find_spec("tensorboard_data_server") else "false"
    options = {
        "logdir": root,
        "host": host,
        "port": port,
        "reload_interval": every,
        "load_fast": fast,
        "window_title": f"labtools {root.name}",
    }
    logging.getLogger("tensorboard").setLevel(logging.ERROR)
    board = program.TensorBoard(plugins=default.get_plugins())
    board.configure(argv=["tensorboard", *(f"--{name}={value}" for name, value in options.items())])
    return board


def _launch(board: TensorBoard, host: str, port: int) -> str:
    """Listen, in a thread; the address to open.

    Raises:
        LabError: the port is taken, or this machine has no such address.
    """
    from tensorboard.program import TensorBoardPortInUseError, TensorBoardServerException

    from labtools.core.errors import LabError

    try:
        return str(board.launch())
    except TensorBoardPortInUseError:
        fix = f"Perhaps a TensorBoard is open already; or choose another: --port {port + 1}, or --port 0 for any."
        raise LabError(f"port {port} of {host} is taken", None, fix) from None
    except TensorBoardServerException as error:
        fix = "Give --host localhost, or an address of this machine."
        raise LabError(f"TensorBoard cannot listen on {host}:{port} ({error})", None, fix) from None


def _hint(url: str, host: str) -> str:
    """How to look from elsewhere."""
    import re
    import socket

    number = re.search(r":(\d+)/", url)
    if number is None or host not in ("localhost", "127.0.0.1"):
        return "Ctrl-C ends it"
    tunnel = f"ssh -L {number[1]}:localhost:{number[1]} {socket.gethostname()}"
    return f"from another machine: `{tunnel}`, then open the same address there; Ctrl-C ends it"
