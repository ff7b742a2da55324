"""`labtools detect`: show what a network sees in a video, an image, a folder or a list."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labtools.artifacts import lab
from labtools.cli._options import AsJson, RunsRoot
from labtools.cli._show import print_json
from labtools.core.console import err, out, progress_display

if TYPE_CHECKING:
    from labtools.detect.pipeline import Outcome
    from labtools.detect.weights import Choice

ORDER = 50


def command(
    source: Annotated[
        Path, typer.Argument(help="A video (mp4 and others), an image, a folder of them, or a text list of paths.")
    ],
    weights: Annotated[
        str | None,
        typer.Option(help="A .pt file or a run id; default: the finished run with the best mAP50-95 on val."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the output folder; default: the source's name.")] = None,
    runs_root: RunsRoot = lab.RUNS,
    out_folder: Annotated[Path, typer.Option("--out", help="Where the output folder is made.")] = lab.DETECT,
    conf: Annotated[float, typer.Option(min=0.0, max=1.0, help="Least confidence that is kept.")] = 0.25,
    iou: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Overlap above which the weaker of two boxes is dropped.")
    ] = 0.7,
    imgsz: Annotated[
        int | None, typer.Option(min=32, help="Size that images are scaled to; default: the trained one.")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or the number of a GPU, e.g. 0.")] = "cpu",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an output of that name; else the next is NAME-2.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Detect objects; write annotated copies and a table of detections.

    [bold]runs/detect/NAME/[/] gets the annotated mp4 (H.264, plays in a browser,
    without sound) or images, detections.csv (a row per box and frame), and
    detect.json (what was run). It appears when all is done.
    A checkpoint can hold code: open only weights that you trust.

    \b
    Examples:
      labtools detect film.mp4
      labtools detect film.mp4 --weights yolov8s_640_nofreeze --name film_s
    """
    from labtools.detect.output import default_name
    from labtools.detect.pipeline import Request, detect
    from labtools.detect.weights import choose_weights

    choice = choose_weights(weights, runs_root)
    err().print(f"weights: {choice.run_id or choice.path} ({choice.why})", soft_wrap=True)
    request = Request(
        source=source,
        weights=choice,
        out=out_folder,
        name=name or default_name(source),
        conf=conf,
        iou=iou,
        imgsz=imgsz,
        device=device,
        overwrite=overwrite,
    )
    with progress_display() as tick:
        outcome = detect(request, tick)
    _show(outcome)
    if json:
        print_json(_as_json(outcome, choice))


def _show(outcome: Outcome) -> None:
    per_frame = sum(outcome.ms_per_frame.values())
    stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in outcome.ms_per_frame.items())
    console = out()
    console.print(f"{outcome.detections} detections in {outcome.frames} frames of {len(outcome.seen)} file(s)")
    console.print(f"{per_frame:.1f} ms per frame ({stages})", soft_wrap=True)
    for seen in outcome.seen:
        if seen.note:
            err().print(f"note: {seen.source} {seen.note}", soft_wrap=True)
    for skip in outcome.skipped:
        err().print(f"skipped: {skip.name}: {skip.reason}", soft_wrap=True)
    single = outcome.folder / outcome.seen[0].output if len(outcome.seen) == 1 else outcome.folder
    console.print(f"written: {single}", soft_wrap=True)


def _as_json(outcome: Outcome, choice: Choice) -> dict[str, Any]:
    return {
        "folder": str(outcome.folder.absolute()),
        "weights": str(choice.path),
        "run_id": choice.run_id,
        "files": [asdict(seen) for seen in outcome.seen],
        "skipped": [asdict(skip) for skip in outcome.skipped],
        "frames": outcome.frames,
        "detections": outcome.detections,
        "ms_per_frame": outcome.ms_per_frame,
        "seconds": outcome.seconds,
    }
