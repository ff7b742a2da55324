"""`labtools evaluate`: how good and how fast the runs are."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labtools.artifacts import lab
from labtools.cli._options import AsJson, RunsRoot
from labtools.cli._show import print_json
from labtools.core.console import err, out, progress_display

if TYPE_CHECKING:
    from rich.text import Text

    from labtools.evaluate.pipeline import Evaluation
    from labtools.evaluate.request import Request

ORDER = 40

_SHOWN = {
    "val": ["precision", "recall", "f1", "map50", "map50_95"],
    "speed": ["preprocess_ms", "inference_ms", "postprocess_ms", "total_ms", "fps"],
    "study": ["imgsz", "map50", "map50_95", "inference_ms"],
}
_TITLES = {
    "precision": "P",
    "recall": "R",
    "f1": "F1",
    "map50": "mAP50",
    "map50_95": "mAP50-95",
    "preprocess_ms": "pre ms",
    "inference_ms": "net ms",
    "postprocess_ms": "post ms",
    "total_ms": "total ms",
    "fps": "images/s",
}


class Split(str, Enum):
    """Part of the dataset."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class Task(str, Enum):
    """What is measured."""

    VAL = "val"
    SPEED = "speed"
    STUDY = "study"


def command(
    split: Annotated[Split, typer.Option(help="Part of the dataset to look at.")] = Split.VAL,
    task: Annotated[
        Task,
        typer.Option(
            help="val: how good (one pass per run). speed: ms per image, one at a time. study: both over image sizes."
        ),
    ] = Task.VAL,
    runs: Annotated[
        str, typer.Option(help="Run ids with wildcards, e.g. 'yolov8s_*', or the path of a run or a matrix.")
    ] = "*",
    runs_root: RunsRoot = lab.RUNS,
    data: Annotated[
        Path | None, typer.Option(help="Dataset, where it is not the one that the runs were trained on.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or the number of a GPU, e.g. 0.")] = "cpu",
    batch: Annotated[int, typer.Option(min=1, help="Images at a time in the pass.")] = 16,
    sizes: Annotated[
        str, typer.Option(help="Image sizes of the study, e.g. 320,640; default: x0.5, x0.75, x1, x1.5.")
    ] = "",
    images: Annotated[int, typer.Option(min=1, help="Images that are timed (speed, study).")] = 24,
    force: Annotated[bool, typer.Option("--force", help="Measure again what is up to date.")] = False,
    json: AsJson = False,
) -> None:
    """Measure finished runs on a split: mAP, precision, recall, per class and team.

    One inference pass per run; its predictions and the tables made from them go
    to [bold]runs/MATRIX/results/SPLIT/[/]: results.csv (a row per run),
    per_class.csv, per_team.csv, curves.csv, confusion.csv; speed.csv and
    study.csv lie beside. What is up to date is not measured again.
    A checkpoint can hold code: evaluate only weights that you trust.

    \b
    Examples:
      labtools evaluate --split test
      labtools evaluate --split test --task speed --runs 'yolov8s_*'
    """
    from labtools.artifacts.runs import find_runs
    from labtools.evaluate.pipeline import evaluate
    from labtools.evaluate.request import Request, Timing

    request = Request(
        task=task.value,
        split=split.value,
        data=data,
        device=device,
        batch=batch,
        sizes=_parse_sizes(sizes),
        timing=Timing(images=images),
        force=force,
    )
    with progress_display() as tick:
        evaluation = evaluate(find_runs(runs, runs_root), request, tick)
    _show(evaluation, request)
    if json:
        print_json(_as_json(evaluation, request.task, request.split))


def _parse_sizes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in text.replace(",", " ").split())
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers such as 320,640", param_hint="--sizes") from None


def _show(evaluation: Evaluation, request: Request) -> None:
    from rich import box
    from rich.table import Table

    console = out()
    console.print(_headline(evaluation, request), soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("run", overflow="fold", min_width=24)
    for column in _SHOWN[request.task]:
        table.add_column(_TITLES.get(column, column), justify="right", no_wrap=True)
    for row in evaluation.rows.to_dict("records"):
        table.add_row(str(row["run_id"]), *(_cell(column, row[column]) for column in _SHOWN[request.task]))
    console.print(table)
    for path in evaluation.tables:
        console.print(f"written: {_near(path)}", soft_wrap=True)
    for note in evaluation.notes:
        err().print(f"note: {note}", soft_wrap=True)
    for skipped in evaluation.skipped:
        err().print(f"skipped: {skipped.run_id}: {skipped.reason}", soft_wrap=True)


def _headline(evaluation: Evaluation, request: Request) -> Text:
    """What the table is about, in one line."""
    from rich.text import Text

    counts = f"{len(evaluation.measured)} measured, {len(evaluation.fresh)} up to date"
    rows = evaluation.rows
    if request.task == "val":
        sizes = sorted(
            {f"{images} images, {boxes} boxes" for images, boxes in zip(rows["images"], rows["instances"], strict=True)}
        )
        return Text.assemble((request.split, "bold"), f" ({' / '.join(sizes)}): {counts}")
    where = f"{request.device}, one image at a time"
    return Text.assemble((request.task, "bold"), f" on {request.split} ({where}): {counts}")


def _cell(column: str, value: Any) -> str:
    if value != value:
        return "-"
    if column.endswith("_ms") or column == "fps":
        return f"{value:.1f}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _near(path: Path) -> Path:
    """Relative to where the user types, if it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _as_json(evaluation: Evaluation, task: str, split: str) -> dict[str, Any]:
    from json import loads

    return {
        "task": task,
        "split": split,
        "measured": list(evaluation.measured),
        "fresh": list(evaluation.fresh),
        "skipped": [{"run_id": s.run_id, "reason": s.reason} for s in evaluation.skipped],
        "notes": list(evaluation.notes),
        "tables": [str(path) for path in evaluation.tables],
        "rows": loads(evaluation.rows.to_json(orient="records")),  # NaN becomes null
    }
