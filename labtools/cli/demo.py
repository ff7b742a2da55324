"""`labtools demo`: the whole chain on a simulated cohort."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labtools.cli._options import AsJson, Launcher

if TYPE_CHECKING:
    from rich.table import Table

    from labtools.demo.pipeline import DemoResult

ORDER = 70


def command(
    out: Annotated[Path, typer.Option("--out", help="Folder for everything that the demo makes.")] = Path(
        "labtools-demo"
    ),
    lanes: Annotated[
        int | None,
        typer.Option("--lanes", min=1, help="Trainings at a time. [dim]Default: 2, or 1 on a single core.[/dim]"),
    ] = None,
    launcher: Launcher = None,
    as_json: AsJson = False,
) -> None:
    """See the whole chain at work: a simulated cohort from its messy submissions to a report. Needs no network.

    Twelve teams hand in moving objects, each with a mess of its own; then prepare, train-matrix (eight real
    trainings), evaluate, detect and report run as you would type them. Run it again to go on where it stopped.

    \b
    Example:
      labtools demo --out labtools-demo --lanes 2
    """
    import os

    from labtools.cli._show import print_json
    from labtools.core.console import progress_display
    from labtools.demo.pipeline import run_demo

    with progress_display() as tick:
        result = run_demo(out, lanes or min(2, os.cpu_count() or 1), tick, launcher)
    _show(result)
    if as_json:
        print_json(_figures(result))


def _show(result: DemoResult) -> None:
    from labtools.core.console import out as stdout

    console, folder = stdout(), result.folder
    images = ", ".join(f"{count} {split}" for split, count in result.images.items())
    console.print(_results_table(result))
    console.print(f"\n{images} images out of a cohort with {result.findings} findings")
    console.print(f"took {sum(result.seconds.values()):.0f} s\n")
    console.print("Where to look", style="bold")
    places = {
        "report": folder.report,
        "video with detections": folder.detections / folder.video.name,
        "what was repaired": folder.dataset / "findings.csv",
        "what the teams handed in": folder.submissions / "README.md",
        "figures for pandas": folder.matrix_root / "results" / "test" / "results.csv",
    }
    for what, path in places.items():
        console.print(f"  {what:26}{path}", soft_wrap=True)
    console.print("\nWhat to type next", style="bold")
    for command_line in (
        f"labtools status {folder.matrix_root}",
        f"labtools evaluate --split test --task study --runs {folder.matrix_root}",
        f"labtools report {folder.matrix_root} --class cadran",
        f"labtools tensorboard {folder.matrix_root}",
    ):
        console.print(f"  {command_line}", soft_wrap=True)


def _results_table(result: DemoResult) -> Table:
    from rich.table import Table

    table = Table(title="On the test split, best first", title_justify="left")
    table.add_column("run", no_wrap=True)
    for name in ("mAP50", "mAP50-95", "ms/image", "parameters"):
        table.add_column(name, justify="right")
    for row in result.results.to_dict("records"):
        quality = (f"{row['map50']:.3f}", f"{row['map50_95']:.3f}")
        table.add_row(row["run_id"], *quality, f"{row['total_ms']:.1f}", f"{row['parameters'] / 1e6:.2f} M")
    return table


def _figures(result: DemoResult) -> dict[str, object]:
    rows = result.results
    return {
        "out": str(result.folder.root),
        "report": str(result.folder.report),
        "images": result.images,
        "findings": result.findings,
        "map50": {str(r): round(float(v), 4) for r, v in zip(rows["run_id"], rows["map50"], strict=True)},
        "seconds": {**result.seconds, "total": round(sum(result.seconds.values()), 1)},
    }
