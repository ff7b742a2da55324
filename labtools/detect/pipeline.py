"""Detection in videos and images: the table of contents of this room."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from labtools import __version__, yolo
from labtools.core.draw import Image, draw_boxes
from labtools.core.errors import LabError
from labtools.core.files import hash_file, write_json
from labtools.core.progress import Tick, silent
from labtools.detect.frames import Frame, VideoReader, VideoWriter, read_image, write_image
from labtools.detect.output import RECORD, TABLE, output_folder, write_detections
from labtools.detect.sources import Item, Skip, find_items
from labtools.detect.weights import Choice

_BATCH = 4  # frames that a GPU sees at a time; a CPU gains nothing from more, and loses nothing
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Request:
    """What to look for, and where.

    Attributes:
        source: a video, an image, a folder of them, or a text list of paths.
        weights: the checkpoint.
        out: folder in which the output folder is made.
        name: name of the output folder.
        conf: least confidence that is kept, 0..1.
        iou: overlap above which the weaker of two boxes is dropped, 0..1.
        imgsz: size that images are scaled to; the trained one, if None.
        device: as Ultralytics names it.
        overwrite: replace an output folder of this name.
    """

    source: Path
    weights: Choice
    out: Path
    name: str
    conf: float = 0.25
    iou: float = 0.7
    imgsz: int | None = None
    device: str = "cpu"
    overwrite: bool = False


@dataclass(frozen=True)
class Seen:
    """What came of one file: its name, its annotated copy (relative to the output folder), frames, size, boxes."""

    source: str
    output: str
    frames: int
    width: int
    height: int
    fps: float  # 0 for an image
    detections: int
    note: str = ""


@dataclass(frozen=True)
class Outcome:
    """What was done: the output folder, and per file what was seen; ms per frame by stage."""

    folder: Path
    seen: tuple[Seen, ...]
    skipped: tuple[Skip, ...]
    frames: int
    detections: int
    ms_per_frame: dict[str, float]
    seconds: float


@dataclass
class _Work:
    """What all files of one detection share while it runs."""

    detector: yolo.Detector
    request: Request
    rows: list[Row] = field(default_factory=list)
    spent: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def clock(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.spent[stage] += time.perf_counter() - start


def detect(request: Request, tick: Tick = silent) -> Outcome:
    """Look at every file of the source; write annotated copies, ``detections.csv`` and ``detect.json``.

    Raises:
        LabError: nothing could be read, or the weights cannot be used.
    """
    start = time.perf_counter()
    items, skips = find_items(request.source)
    with output_folder(request.out, request.name, overwrite=request.overwrite) as (aside, final):
        work = _Work(yolo.Detector(request.weights.path, device=request.device, imgsz=request.imgsz), request)
        seen, unread = _look_at_all(work, items, aside, tick)
        frames = sum(s.frames for s in seen)
        outcome = Outcome(
            folder=final,
            seen=tuple(seen),
            skipped=(*skips, *unread),
            frames=frames,
            detections=len(work.rows),
            ms_per_frame={stage: round(1000 * s / frames, 3) for stage, s in work.spent.items()},
            seconds=round(time.perf_counter() - start, 3),
        )
        write_detections(aside / TABLE, work.rows)
        write_json(aside / RECORD, _record(request, work.detector, outcome))
    return outcome


def _look_at_all(work: _Work, items: list[Item], folder: Path, tick: Tick) -> tuple[list[Seen], list[Skip]]:
    """Look at each item; what cannot be read is skipped, unless it was all there is."""
    seen: list[Seen] = []
    skips: list[Skip] = []
    for number, item in enumerate(items, 1):
        try:
            seen.append((_look_at_video if item.is_video else _look_at_image)(work, item, folder, tick))
        except LabError as error:
            if len(items) == 1:
                raise
            skips.append(Skip(item.name, error.what))
        if len(items) > 1:
            tick("files", number, len(items))
    if not seen:
        what = f"none of the {len(items)} files could be read; the first: {skips[0].reason}"
        raise LabError(what, items[0].path, "Check these files.")
    return seen, skips


def _look_at_video(work: _Work, item: Item, folder: Path, tick: Tick) -> Seen:
    before, done = len(work.rows), 0
    with (
        VideoReader(item.path) as reader,
        VideoWriter(folder / item.output, reader.wh, reader.rate, reader.time_base) as writer,
    ):
        for frames in _batches(work, reader):
            for frame, drawn in zip(frames, _annotate(work, item, frames), strict=True):
                with work.clock("encode"):
                    writer.write(drawn, frame.pts)
            done += len(frames)
            tick(item.name, done, max(done, reader.declared))
        tick(item.name, done, done)
        note = _damage(reader, done)
        return Seen(item.name, item.output, done, *reader.wh, float(reader.rate), len(work.rows) - before, note)


def _look_at_image(work: _Work, item: Item, folder: Path, tick: Tick) -> Seen:
    before = len(work.rows)
    with work.clock("decode"):
        image = read_image(item.path)
    drawn = _annotate(work, item, [Frame(0, 0, 0.0, image)])[0]
    with work.clock("encode"):
        write_image(folder / item.output, drawn)
    height, width = image.shape[:2]
    return Seen(item.name, item.output, 1, width, height, 0.0, len(work.rows) - before)


def _batches(work: _Work, frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Up to `_BATCH` frames at a time, all of one size, so that no frame is padded because of its neighbours."""
    source = iter(frames)
    while True:
        with work.clock("decode"):
            batch = list(islice(source, _BATCH))
        if not batch:
            return
        yield batch


def _annotate(work: _Work, item: Item, frames: list[Frame]) -> list[Image]:
    """Detect in some frames, keep their rows, return their annotated copies."""
    request, names = work.request, work.detector.names
    with work.clock("detect"):
        found = work.detector.detect([f.image for f in frames], conf=request.conf, iou=request.iou)
    drawn = []
    with work.clock("draw"):
        for frame, boxes in zip(frames, found, strict=True):
            ids = [int(i) for i in boxes.class_ids]
            labels = [f"{names[i]} {conf:.2f}" for i, conf in zip(ids, boxes.conf, strict=True)]
            drawn.append(draw_boxes(frame.image, boxes.xyxy, ids, labels))
            for i, conf, xyxy in zip(ids, boxes.conf, boxes.xyxy, strict=True):
                work.rows.append((item.name, frame.index, frame.time_s, i, names[i], conf, *xyxy))
    return drawn


def _damage(reader: VideoReader, read: int) -> str:
    """A sentence if a video ended before it should."""
    if reader.damage:
        return f"stopped after frame {read}: {reader.damage}"
    if read < 0.95 * reader.declared:
        return f"announces {reader.declared} frames, but only {read} could be read: it may be cut short"
    return ""


def _record(request: Request, detector: yolo.Detector, outcome: Outcome) -> dict[str, Any]:
    """What was run and what came out, for `detect.json`."""
    return {
        "labtools": __version__,
        "source": str(request.source),
        "weights": str(request.weights.path),
        "weights_hash": hash_file(request.weights.path),
        "run_id": request.weights.run_id,
        "why": request.weights.why,
        "conf": request.conf,
        "iou": request.iou,
        "imgsz": detector.imgsz,
        "device": request.device,
        "names": {str(i): name for i, name in detector.names.items()},
        "files": [asdict(seen) for seen in outcome.seen],
        "skipped": [asdict(skip) for skip in outcome.skipped],
        "frames": outcome.frames,
        "detections": outcome.detections,
        "ms_per_frame": outcome.ms_per_frame,
        "seconds": outcome.seconds,
    }
