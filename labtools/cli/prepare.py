"""`labtools prepare`: submissions in, one dataset out."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labtools.artifacts.lab import COURSE, DATASET

if TYPE_CHECKING:
    from labtools.prepare.output.summary import CodeCount
    from labtools.prepare.pipeline import PrepareResult

ORDER = 10


class ImageMode(str, Enum):
    """How pictures come into the dataset."""

    COPY = "copy"
    LINK = "link"


def command(
    submissions: Annotated[
        Path, typer.Argument(help="The cohort's folder (<class>/<team>/<sequence>/...), or one dataset.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The dataset's folder; replaced if labtools wrote it.")] = DATASET,
    course: Annotated[
        Path | None,
        typer.Option(
            "--course",
            help="Classes of the course, or an Ultralytics data YAML. "
            f"[dim]Default: {COURSE} where its class names are found, else the submissions' own names.[/dim]",
        ),
    ] = None,
    images: Annotated[
        ImageMode,
        typer.Option("--images", help="link: hard-link what no trainer would rewrite, copy the rest; or copy."),
    ] = ImageMode.LINK,
    as_json: Annotated[bool, typer.Option("--json", help="End with one JSON object of the counts.")] = False,
) -> None:
    """Turn whatever students handed in into one dataset, and list every repair and every file left out.

    Reads YOLO txt (CVAT "YOLO 1.1", Ultralytics, Roboflow), Pascal VOC and COCO, in folders and zip archives.
    The submissions are only read.

    \b
    Example:
      labtools prepare submissions/ --out datasets/dlcv --course configs/course.yaml
    """
    from labtools.cli._show import print_json
    from labtools.core.console import progress_display
    from labtools.prepare.pipeline import prepare

    with progress_display() as tick:
        result = prepare(submissions, out, course=course, fallback_course=COURSE, images=images.value, tick=tick)
    _show(result)
    if as_json:
        print_json(_json(result))


def _json(result: PrepareResult) -> dict[str, Any]:
    return {
        "out": str(result.out),
        "fingerprint": result.fingerprint,
        "names": list(result.names),
        "course": None if result.course is None else str(result.course),
        "is_cohort": result.is_cohort,
        **result.summary.to_json(),
    }


def _show(result: PrepareResult) -> None:
    from labtools.core.console import out

    console = out()
    console.print(_findings_table(result))
    console.print(_class_table(result))
    origin = f"classes of {result.course}" if result.course else "the submissions' own class names"
    console.print(f"[bold]{result.out}[/]  {sum(result.summary.images.values())} pictures, {origin}", soft_wrap=True)
    for name, what in (
        ("dlcv.yaml", "what Ultralytics and `labtools train-matrix` load"),
        ("manifest.csv", "every picture: where from, team, sequence, split, boxes"),
        ("findings.csv", f"{len(result.findings)} findings with file, line and reason"),
    ):
        console.print(f"  {name:13} {what}", soft_wrap=True)
    missing = [split for split, count in result.summary.images.items() if not count]
    for split in missing:
        advice = "; training needs one: hand in a val.txt that takes some pictures of train" if split == "val" else ""
        console.print(f"[bold yellow]no {split} split:[/] no team gave one{advice}", soft_wrap=True)


def _class_table(result: PrepareResult) -> Any:
    from rich.table import Table

    table = Table(title="pictures that show the class (boxes)", title_justify="left", header_style="bold")
    table.add_column("class")
    for split in result.summary.images:
        table.add_column(split, justify="right")
    table.add_column("total", justify="right")
    for name, splits in result.summary.classes.items():
        cells = [(c.images, c.boxes) for c in splits.values()]
        cells.append((sum(i for i, _ in cells), sum(b for _, b in cells)))
        style = "dim" if not cells[-1][1] else ""
        table.add_row(name, *(f"{i} ({b})" if b else "-" for i, b in cells), style=style)
    for state, title in (("empty", "background"), ("unlabelled", "not annotated")):
        counts = [states.get(state, 0) for states in result.summary.states.values()]
        if any(counts):
            table.add_row(title, *(str(c) if c else "-" for c in [*counts, sum(counts)]), style="italic")
    images = list(result.summary.images.values())
    table.add_section()
    table.add_row("all pictures", *(str(n) for n in [*images, sum(images)]), style="bold")
    return table


def _without_infos(counts: tuple[CodeCount, ...]) -> list[CodeCount]:
    """What was repaired without loss becomes one line per team: it is in findings.csv for who wants to know."""
    from dataclasses import replace

    shown = [c for c in counts if c.severity.value != "info"]
    for team in dict.fromkeys(c.team for c in counts):
        infos = [c for c in counts if c.team == team and c.severity.value == "info"]
        if infos:
            kinds = ", ".join(c.code for c in infos)
            example = replace(infos[0].example, file="", line=0, message=kinds)
            shown.append(replace(infos[0], code="", count=sum(c.count for c in infos), example=example))
    teams = sorted({c.team for c in shown})
    return sorted(shown, key=lambda c: teams.index(c.team))


def _findings_table(result: PrepareResult) -> Any:
    from rich.markup import escape
    from rich.table import Table

    colours = {"error": "red", "warning": "yellow", "info": "dim"}
    table = Table(title="findings", title_justify="left", header_style="bold", show_lines=False)
    for column in ("team", "severity", "what", "n", "for example"):
        table.add_column(column, justify="right" if column == "n" else "left", overflow="fold")
    team = None
    for count in _without_infos(result.summary.findings):
        if team is not None and count.team != team:
            table.add_section()
        shown = "" if count.team == team else count.team or "(all)"
        team = count.team
        example = count.example
        where = example.file + (f":{example.line}" if example.line else "")
        level = count.severity.value
        text = escape(f"{where}: {example.message} [{example.action.value}]" if where else example.message)
        what = count.code or "[dim]small repairs, notes[/]"
        table.add_row(escape(shown), f"[{colours[level]}]{level}[/]", what, str(count.count), text)
    return table
