"""Options that several commands have alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# Listed by their files: to import one takes as long as all the rest of `--help`.
_LAUNCHERS = sorted(path.stem for path in (Path(__file__).parents[1] / "train" / "launchers").glob("[!_]*.py"))

RunNames = Annotated[list[str], typer.Argument(help="Run ids, or globs of them in quotes: 'yolov8x*'.")]
SomeRunNames = Annotated[list[str] | None, typer.Argument(help="Run ids, or globs of them in quotes: 'yolov8x*'.")]
MatrixFolder = Annotated[
    Path | None, typer.Option(help="Folder of the matrix, e.g. runs/dlcv. Not needed when there is only one.")
]
MatrixArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="MATRIX_FOLDER", help="Folder of the matrix, e.g. runs/dlcv; the only one of --runs-root if left out."
    ),
]
RunsRoot = Annotated[Path, typer.Option(help="Folder of all matrices.")]
Launcher = Annotated[
    str | None,
    typer.Option(
        help=f"How lanes live: {', '.join(_LAUNCHERS)}. tmux, where there is one, if left out; slurm is for a cluster, "
        "inline for a debugger."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object as the last line of stdout.")]
