"""TensorBoard's event files of a run: one curve however many attempts there were, and the hyper-parameters to compare.

Each attempt writes a file of its own. They are joined into one, without the steps of epochs that were trained again.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labtools.core.files import replace

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event

METRICS = ("metrics/mAP50(B)", "metrics/mAP50-95(B)")
"""What the table of hyper-parameters shows of each run: tags that Ultralytics writes."""

_PREFIX = "events.out.tfevents."


def write_hyperparameters(folder: Path, parameters: Mapping[str, Any]) -> None:
    """Write what TensorBoard's HPARAMS tab compares runs by; a run that has it already keeps it.

    Args:
        folder: of the run, in TensorBoard's words a session.
        parameters: name -> number, text or truth; anything else is shown as text.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from torch.utils.tensorboard.summary import hparams

    if _files(folder):
        return
    plain = {name: v if isinstance(v, (int, float, str, bool)) else str(v) for name, v in parameters.items()}
    summaries = hparams(plain, dict.fromkeys(METRICS, 0.0))  # type: ignore[no-untyped-call]
    stamp = time.time()
    written = [Event(wall_time=stamp, file_version="brain.Event:2")]
    # All but the last, which would say that the session has ended well: see `finish`.
    written += [Event(wall_time=stamp, summary=part) for part in summaries[:2]]
    _write(_new_file(folder, stamp), written)


def finish(folder: Path) -> None:
    """Say that the run is done, and leave one file of all."""
    from tensorboard.compat.proto.event_pb2 import Event
    from torch.utils.tensorboard.summary import hparams

    ended = hparams({}, {})[2]  # type: ignore[no-untyped-call]
    stamp = time.time()
    written = [Event(wall_time=stamp, file_version="brain.Event:2"), Event(wall_time=stamp, summary=ended)]
    files = _files(folder)
    # Not a file of its own: in a training of less than a second it would bear the name of the first one.
    _replace(files or [_new_file(folder, stamp)], _sane(chain(_read(files), written), None))


def join(folder: Path, epoch: int | None = None) -> None:
    """Make one file of all, without what came after ``epoch``; a torn file is read as far as it goes."""
    if files := _files(folder):
        _replace(files, _sane(_read(files), epoch))


def _replace(files: list[Path], events: Iterable[Event]) -> None:
    """One file, under the name of the first, instead of all of them."""
    _write(files[0], events)
    for path in files[1:]:
        path.unlink(missing_ok=True)


def _new_file(folder: Path, stamp: float) -> Path:
    """Named like the others, in order of time: TensorBoard reads the files of a run one after the other."""
    return folder / f"{_PREFIX}{int(stamp):010d}.{socket.gethostname()}.{os.getpid()}.0.labtools"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_PREFIX}*"))


def _sane(events: Iterable[Event], epoch: int | None) -> Iterator[Event]:
    """Every value once, in the order of writing."""
    seen: set[tuple[str, int]] = set()
    for event in events:
        if epoch is not None and event.step > epoch:
            continue
        if event.WhichOneof("what") == "summary":
            names = {(value.tag, event.step) for value in event.summary.value}
        else:
            names = {(str(event.WhichOneof("what")), event.step)}
        if not names <= seen:
            seen |= names
            yield event


def _read(files: list[Path]) -> Iterator[Event]:
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    for path in files:
        yield from LegacyEventFileLoader(str(path)).Load()


def _write(path: Path, events: Iterable[Event]) -> None:
    from tensorboard.summary.writer.record_writer import RecordWriter

    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with aside.open("wb") as file:
        writer = RecordWriter(file)
        for event in events:
            writer.write(event.SerializeToString())
        writer.flush()
    replace(aside, path)
