"""`labtools report`: results as pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labtools.artifacts.lab import RUNS
from labtools.cli._options import AsJson, MatrixArgument, RunsRoot

if TYPE_CHECKING:
    from labtools.report.pipeline import Report

ORDER = 60

_Classes = Annotated[list[str] | None, typer.Option("--class", help="Only this class's own page (may be repeated).")]
_Teams = Annotated[list[str] | None, typer.Option(help="Only this team's own page (may be repeated).")]
_Split = Annotated[
    str | None, typer.Option(help="Split whose results are shown: test if it was evaluated, else val, else train.")
]
_Data = Annotated[Path | None, typer.Option(help="The dataset, if not where the runs say; or one without any run yet.")]
_Compare = Annotated[
    Path | None, typer.Option(help="Another dataset, last year's say, to put beside: its folder or its YAML.")
]
_Out = Annotated[
    Path | None,
    typer.Option(help="Folder to write; MATRIX_FOLDER/report, or RUNS_ROOT/DATASET/report, if left out."),
]


def command(
    matrix: MatrixArgument = None,
    runs_root: RunsRoot = RUNS,
    class_name: _Classes = None,
    team: _Teams = None,
    split: _Split = None,
    data: _Data = None,
    compare: _Compare = None,
    out: _Out = None,
    as_json: AsJson = False,
) -> None:
    """Write a report that opens offline: dataset, training and inference, for everyone and for each class and team.

    The folder is written anew each time; open its index.html in a browser. A dataset that nothing was trained on yet
    gets its dataset pages.

    \b
    Example:
      labtools report
      labtools report runs/dlcv --class ballon --team tic_et_tac
      labtools report --data datasets/dlcv --compare datasets/dlcv-2022
    """
    from labtools.cli._show import print_json
    from labtools.core.console import out as stdout
    from labtools.core.console import progress_display
    from labtools.report.pipeline import write_report
    from labtools.report.subject import find_subject

    subject = find_subject(matrix, data, out, runs_root)
    with progress_display() as tick:
        report = write_report(
            subject.matrix,
            subject.out,
            data=subject.data,
            compare=compare,
            split=split,
            classes=class_name or (),
            teams=team or (),
            tick=tick,
        )
    console = stdout()
    for what in report.missing:
        console.print(f"missing: {what}")
    console.print(f"{report.pages} pages, {report.figures} figures, {report.pictures} pictures")
    console.print(f"Open {report.index}", soft_wrap=True)
    if as_json:
        print_json(_to_json(report, subject.matrix))


def _to_json(report: Report, matrix: Path | None) -> dict[str, Any]:
    return {
        "report": str(report.folder),
        "index": str(report.index),
        "matrix": str(matrix) if matrix else None,
        "split": report.split,
        "best": report.best,
        "pages": report.pages,
        "figures": report.figures,
        "pictures": report.pictures,
        "tables": report.tables,
        "missing": list(report.missing),
    }
