"""`labtools prepare`: submissions in, one dataset out."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from labtools.artifacts.lab import COURSE, DATASET
from labtools.cli._options import AsJson

if TYPE_CHECKING:
    from labtools.prepare.answers import Answers
    from labtools.prepare.pipeline import PrepareResult
    from labtools.prepare.resplit import ResplitResult

ORDER = 10


class ImageMode(str, Enum):
    """How pictures come into the dataset."""

    COPY = "copy"
    LINK = "link"


class Resplit(str, Enum):
    """Another split beside the students' own."""

    BY_SEQUENCE = "by-sequence"
    BY_TIME = "by-time"
    RANDOM = "random"


_Submissions = Annotated[
    Path, typer.Argument(help="The cohort: a folder (<class>/<team>/<sequence>/...) or an archive; or one dataset.")
]
_Out = Annotated[Path, typer.Option("--out", help="The dataset's folder; replaced if labtools wrote it.")]
_Course = Annotated[
    Path | None,
    typer.Option(
        "--course",
        help="Classes of the course, or an Ultralytics data YAML. "
        f"[dim]Default: {COURSE} where its class names are found, else the submissions' own names.[/dim]",
    ),
]
_Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; say what to mend. The exit code is 1 if something is wrong.")
]
_AskInto = Annotated[
    Path | None, typer.Option("--ask", help="Write the questions that only you can answer into this YAML.")
]
_Answers = Annotated[
    Path | None, typer.Option("--answers", help="The same YAML with your answers; what they decide is done.")
]
_Resplit = Annotated[
    Resplit | None, typer.Option("--resplit", help="Also write DATASET-<how>: the same pictures, split otherwise.")
]
_Seed = Annotated[int, typer.Option("--seed", help="Of --resplit.")]
_Leakage = Annotated[
    bool,
    typer.Option("--leakage/--no-leakage", help="For each val and test picture, find the nearest training picture."),
]
_Images = Annotated[
    ImageMode, typer.Option("--images", help="link: hard-link what no trainer would rewrite, copy the rest; or copy.")
]


def command(
    context: typer.Context,
    submissions: _Submissions,
    out: _Out = DATASET,
    course: _Course = None,
    check: _Check = False,
    ask: _AskInto = None,
    answers: _Answers = None,
    resplit: _Resplit = None,
    seed: _Seed = 0,
    leakage: _Leakage = True,
    images: _Images = ImageMode.LINK,
    as_json: AsJson = False,
) -> None:
    """Turn whatever students handed in into one dataset, and list every repair and every file left out.

    Reads YOLO txt, Pascal VOC, COCO, CVAT XML, LabelMe, VIA and CSV, in folders and archives. The submissions are
    only read. A second run redoes only the submissions that changed.

    \b
    Example:
      labtools prepare submissions/ --out datasets/dlcv --course configs/course.yaml
      labtools prepare --check submissions/ballon/tic_et_tac
    """
    from labtools.core.collector import paused_collector
    from labtools.prepare.pictures.ahead import examiner, looker
    from labtools.prepare.sources.scout import scout_for

    with paused_collector():
        with scout_for(submissions, context.obj) as scout:  # sent before the imports, which take as long as it does
            if check or not out.exists():
                scout.go_on(looker if leakage else examiner)
            from labtools.core.console import progress_display
            from labtools.core.errors import LabError
            from labtools.prepare import pipeline
            from labtools.prepare.answers import NO_ANSWERS, read_answers

            if check and resplit:
                raise LabError("--check writes nothing, and --resplit writes a dataset", None, "Give one of the two.")
            check_ask(ask, answers)
            known = read_answers(answers) if answers else NO_ANSWERS
            with progress_display() as tick:
                if check:
                    result = pipeline.check(
                        submissions, course, tick, fallback_course=COURSE, answers=known, leakage=leakage, scout=scout
                    )
                else:
                    result = pipeline.prepare(
                        submissions,
                        out,
                        course,
                        images.value,
                        tick,
                        fallback_course=COURSE,
                        answers=known,
                        leakage=leakage,
                        scout=scout,
                    )
        again = _again(submissions, out, course, leakage=leakage)
        _show(result, again, is_check=check, ask=ask, answers=answers, known=known)
        other = _resplit(out, resplit.value, seed) if resplit else None
    if as_json:
        _print_json(result, other)
    if check and any(finding.severity.value == "error" for finding in result.findings):
        raise typer.Exit(1)


def check_ask(ask: Path | None, answers: Path | None) -> None:
    """Refuse to write questions over somebody's answers.

    Raises:
        LabError: they would be lost.
    """
    from labtools.core.errors import LabError
    from labtools.prepare.answers import read_answers

    if (
        ask is not None
        and ask.exists()
        and (answers is None or answers.resolve() != ask.resolve())
        and read_answers(ask)
    ):
        fix = f"Give it as --answers {ask} too, or give --ask another name."
        raise LabError("this file holds answers, which would be lost", ask, fix)


def _again(submissions: Path, out: Path, course: Path | None, *, leakage: bool) -> list[str | Path]:
    """The command that was typed, as far as it decides what is in the dataset, but for questions and answers."""
    command: list[str | Path] = ["labtools", "prepare", submissions, "--out", out]
    command += ["--course", course] if course else []
    return command if leakage else [*command, "--no-leakage"]


def _resplit(dataset: Path, how: str, seed: int) -> ResplitResult:
    """Another split of what has been shown by now: where there is none, that is seen all the same."""
    from rich.text import Text

    from labtools.artifacts.dataset import open_dataset
    from labtools.core.console import out as stdout
    from labtools.core.console import progress_display
    from labtools.prepare.resplit import resplit

    with progress_display() as tick:
        other = resplit(open_dataset(dataset), how, seed, tick)
    counts = ", ".join(f"{split} {count}" for split, count in other.counts.items())
    told = Text.assemble((str(other.out), "bold"), f"  the same pictures, split otherwise: {counts}")
    stdout().print(told, soft_wrap=True)
    return other


def _show(
    result: PrepareResult,
    again: list[str | Path],
    *,
    is_check: bool,
    ask: Path | None,
    answers: Path | None,
    known: Answers,
) -> None:
    from rich.text import Text

    from labtools.core.console import out as stdout
    from labtools.core.files import write_text
    from labtools.core.shells import typed
    from labtools.prepare.answers import questions_yaml

    console = stdout()
    if is_check:
        from labtools.cli._check_screen import show_check

        show_check(console, result.findings, result.summary, result.language)
    else:
        from labtools.cli._prepare_screen import show_result

        # What was answered goes on in the same file.
        more = ["--answers", answers, "--ask", answers] if answers else ["--ask", "questions.yaml"]
        show_result(console, result, None if ask else typed(*again, *more))
    if ask is not None:
        text, still = questions_yaml(result.findings, known)
        write_text(ask, text)
        told = f"  {still} open {'question' if still == 1 else 'questions'}"
        if still:
            told += f": answer in it, then {typed(*again, '--answers', ask)}"
        console.print(Text.assemble((str(ask), "bold"), told), soft_wrap=True)


def _print_json(result: PrepareResult, other: ResplitResult | None) -> None:
    from labtools.cli._show import print_json

    content = {
        "out": str(result.out),
        "fingerprint": result.fingerprint,
        "names": list(result.names),
        "course": None if result.course is None else str(result.course),
        "is_cohort": result.is_cohort,
        "submissions": result.submissions,
        "redone": result.redone,
        **result.summary.to_json(),
    }
    if other is not None:
        content["resplit"] = {"out": str(other.out), "fingerprint": other.fingerprint, "images": other.counts}
    print_json(content)
