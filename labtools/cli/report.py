"""`labtools report`: results as pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ORDER = 60


def command(
    matrix: Annotated[
        Path | None,
        typer.Argument(metavar="MATRIX_FOLDER", help="Folder of the runs; the only one of --runs-root if left out."),
    ] = None,
    runs_root: Annotated[Path, typer.Option(help="Folder of all matrices.")] = Path("runs"),
    class_name: Annotated[
        list[str] | None, typer.Option("--class", help="Only this class's own page (may be repeated).")
    ] = None,
    team: Annotated[list[str] | None, typer.Option(help="Only this team's own page (may be repeated).")] = None,
    split: Annotated[
        str | None, typer.Option(help="Split whose results are shown: test if it was evaluated, else val, else train.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The dataset, if not where the runs say; or one without any run yet.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Another dataset, last year's say, to put beside: its folder or its YAML.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder to write; MATRIX_FOLDER/report, or RUNS_ROOT/DATASET/report, if left out."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")] = False,
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
        console.print(f"missing: {what}", markup=False)
    console.print(f"{report.pages} pages, {report.figures} figures, {report.pictures} pictures")
    console.print(f"Open {report.index}", markup=False, soft_wrap=True)
    if as_json:
        print_json(
            {
                "report": str(report.folder),
                "index": str(report.index),
                "matrix": str(subject.matrix) if subject.matrix else None,
                "split": report.split,
                "best": report.best,
                "pages": report.pages,
                "figures": report.figures,
                "pictures": report.pictures,
                "tables": report.tables,
                "missing": list(report.missing),
            }
        )
