"""What a later attempt at a run goes on from: whole copies of two checkpoints, and a small file that names them.

::

    runs/<matrix>/<run_id>/weights/
      resume.json           `Kept`, written last: what it names is complete
      resume.12.pt          Ultralytics' last.pt after epoch 12, with the state of the optimizer
      resume.12.best.pt     the best.pt of that moment

Ultralytics' own ``last.pt`` and ``best.pt`` may be of an epoch that was never finished, and lose the optimizer's state
at the end; these are never written over, only replaced by those of a later epoch, and removed when the run is done.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labtools.core.files import read_json, sweep_halves, write_json

_FOLDER = "weights"
_FILE = "resume.json"


@dataclass(frozen=True)
class Kept:
    """The state of a training after one of its epochs.

    Attributes:
        epoch: epochs that are finished, from 1.
        is_last: no epoch is left to train, by number or because the training has stopped early.
        best_epoch: the epoch of the best checkpoint, from 1; 0: not known.
        seconds: that all attempts spent on these epochs, start-up included.
        notes: sentences about this training that its record has to hold.
    """

    epoch: int
    is_last: bool
    best_epoch: int
    seconds: float
    notes: tuple[str, ...] = ()

    def last(self, folder: Path) -> Path:
        """The checkpoint to go on from, in that run folder (which may have been moved)."""
        return folder / _FOLDER / f"resume.{self.epoch}.pt"

    def best(self, folder: Path) -> Path:
        return folder / _FOLDER / f"resume.{self.epoch}.best.pt"


def write_kept(folder: Path, kept: Kept) -> None:
    """Make it known that the two checkpoints of ``kept`` are complete."""
    write_json(folder / _FOLDER / _FILE, asdict(kept))


def read_kept(folder: Path) -> Kept | None:
    """What a run can go on from; None: it has to begin at the beginning."""
    try:
        content: dict[str, Any] = read_json(folder / _FOLDER / _FILE)
        return Kept(**{**content, "notes": tuple(content.get("notes", ()))})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (AttributeError, TypeError, ValueError):  # half a file, or one of another version
        return None


def kept_epochs(folder: Path) -> int:
    """How many epochs of a run survive whatever happens to its lane; 0: none."""
    kept = read_kept(folder)
    return kept.epoch if kept is not None else 0


def kept_files(folder: Path) -> list[Path]:
    """Everything here that is only there to go on from, also of earlier epochs; what names it is the last."""
    return [*sorted((folder / _FOLDER).glob("resume.*.pt")), folder / _FOLDER / _FILE]


def forget(folder: Path) -> None:
    """Remove everything that is only there to go on from, and what killed attempts left half written: it is done.

    The file that names the rest goes last: where it is still there, `forget` has not come to its end (`is_forgotten`).
    """
    # Whoever still writes one of these has been fenced, or was too late. Orders are people's: theirs to write.
    sweep_halves(folder, "beat.", "claim.", "end.", "events.", "results.csv.")
    sweep_halves(folder / _FOLDER, "")
    for path in kept_files(folder):
        path.unlink(missing_ok=True)


def is_forgotten(folder: Path) -> bool:
    """Is nothing left of what a run could go on from?"""
    return not (folder / _FOLDER / _FILE).exists()
