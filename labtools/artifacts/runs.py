"""The run folder: the record of one training, readable from any machine that sees it.

::

    runs/<matrix>/<run_id>/
      run.json            what was asked (`RunSpec`), written once, never changed
      claim.<attempt>     who took it: host, pid, lane; made by hard link, so one winner
      beat.<attempt>.json the sign of life and progress of that attempt
      end.<attempt>.json  how that attempt was closed: why it ended without finishing, or the result of the run
      order.<k>.json      what a person decided: cancel, retry or requeue
      priority.json       higher ones are trained first, 0 where there is none
      stale.json          why what was asked is not what the matrix means now
      done.json           how it finished: what was really used (epochs, batch of nominal_batch, accumulate, val_batch,
                          device, host, lane, gpu_bytes, versions), how long it took (seconds, of all its attempts
                          but for epochs that were trained again), resumed (after that epoch), attempts (number, lane,
                          host, cause, epochs, seconds of each), best_epoch (from 1) and its map50, map50_95 on val
                          (null: not known), notes (sentences, if there is something to say)
      train.log           everything that the training printed
      args.yaml results.csv weights/best.pt weights/last.pt events.out.tfevents.* *.png    Ultralytics' own
    runs/<matrix>/results/    what evaluate writes (see `results`)
    runs/<matrix>/report/     what report writes
    runs/<matrix>/lanes/      logs of the lanes
    runs/<matrix>/old/        <run_id>.<k>: run folders that were put aside by a requeue
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any

from labtools.artifacts.lab import DATASET, RUNS
from labtools.core.errors import LabError
from labtools.core.fields import from_fields
from labtools.core.files import read_json
from labtools.core.shells import typed

if TYPE_CHECKING:
    import pandas as pd  # imported where it is used: lanes and `labtools status` start without it

RUN_FILE = "run.json"
OLD_FOLDER = "old"
NOT_RUNS = frozenset({"results", "report", "lanes", OLD_FOLDER})


@dataclass(frozen=True)
class RunSpec:
    """What is asked of one training.

    Attributes:
        run_id: the course's name, e.g. ``yolov8s_640_freeze``.
        model: name that the matrix uses, e.g. ``yolov8s``.
        weights: absolute path of the pretrained checkpoint (or model YAML) to start from.
        freeze: number of first layers that stay as they are, None to train all.
        imgsz: training image size, pixels.
        batch: images per step.
        epochs: full passes over the training split.
        seed: seed of Ultralytics.
        data: absolute path of the dataset's YAML.
        fingerprint: the dataset's fingerprint when the run was planned.
        args: any other training argument of Ultralytics.
        weights_digest: of the checkpoint's content when the run was planned, "" where nobody looked (older versions).
    """

    run_id: str
    model: str
    weights: str
    freeze: int | None
    imgsz: int
    batch: int
    epochs: int
    seed: int
    data: str
    fingerprint: str
    args: dict[str, Any] = field(default_factory=dict)
    weights_digest: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Run:
    """A run folder and what was asked of it."""

    folder: Path
    spec: RunSpec

    @property
    def run_id(self) -> str:
        return self.spec.run_id

    @property
    def is_in_place(self) -> bool:
        """Is the folder called as the run? Else it is a copy that somebody made, or was renamed: not of the matrix."""
        return self.folder.name == self.run_id

    @property
    def root(self) -> Path:
        """The matrix's folder, which also holds results and report."""
        return self.folder.parent

    @property
    def best(self) -> Path:
        return self.folder / "weights" / "best.pt"

    @property
    def is_done(self) -> bool:
        return (self.folder / "done.json").is_file()


def model_order(name: str) -> tuple[str, int, str]:
    """A sort key that puts the networks of a family in order of size: yolov8n, s, m, l, x.

    >>> sorted(["yolov8x", "yolov8l", "yolov8n", "yolov8m", "yolov8s"], key=model_order)
    ['yolov8n', 'yolov8s', 'yolov8m', 'yolov8l', 'yolov8x']
    """
    match = re.fullmatch(r"(.*[\d-])([fpntsmbclex])u?", name)
    return (match[1], "fpntsmbclex".index(match[2]), name) if match else (name, -1, name)


def course_order(spec: RunSpec) -> tuple[Any, ...]:
    """The sort key of the course's grid, which is also cheapest first: small images, small networks, frozen layers."""
    frozen_first = (spec.freeze is None, -(spec.freeze or 0))
    return (spec.imgsz, model_order(spec.model), frozen_first, spec.batch, spec.seed, spec.run_id)


def read_run(folder: Path) -> Run:
    """Read one run folder.

    Raises:
        LabError: no ``run.json`` there, or one that this version cannot read.
    """
    path = f"{folder}{os.sep}{RUN_FILE}"  # a text: see `record_files.read_record`
    try:
        content = read_json(path)
        if not isinstance(content, dict):
            raise ValueError("no JSON object")
        if unknown := sorted(content.keys() - RunSpec.__dataclass_fields__.keys()):
            # To train it without what they ask for would be another training.
            what = f"this run.json was written by another version of labtools: {', '.join(unknown)}"
            raise LabError(what, path, "Use that version of labtools here.")
        return Run(folder.absolute(), from_fields(RunSpec, content))
    except FileNotFoundError:
        raise LabError("this is not a run folder: run.json is missing", folder, "Give a folder of runs/.") from None
    except (TypeError, ValueError) as error:
        fix = "Move the run folder out of runs/; the next `labtools train-matrix` writes a new one."
        raise LabError(f"this run.json cannot be read ({error})", path, fix) from None


def find_data(run: Run) -> Path:
    """The dataset's YAML: where it was when the run was planned, else in the ``datasets/`` beside the run's ``runs/``.

    So whoever gets the two folders, a student on a laptop, names no path. The fingerprint tells whether it is the one.
    """
    planned = Path(run.spec.data)
    parts = PureWindowsPath(run.spec.data).parts[-2:]  # knows both slashes: it may have been planned on any system
    beside = run.root.parent.parent.joinpath(DATASET.parent, *parts)
    return beside if not planned.is_file() and _is_planned_with(beside, run.spec) else planned


def _is_planned_with(data: Path, spec: RunSpec) -> bool:
    try:
        return bool(read_json(data.parent / "dataset.json")["fingerprint"] == spec.fingerprint)
    except (OSError, ValueError, TypeError, KeyError):  # no dataset
        return False


def list_runs(root: Path) -> list[Run]:
    """All runs below one matrix folder, by run id; an absent folder has none. Copies of run folders are none."""
    if not root.is_dir():
        return []
    found = (read_run(f.parent) for f in sorted(root.glob(f"*/{RUN_FILE}")) if f.parent.name not in NOT_RUNS)
    return [run for run in found if run.is_in_place]


def find_runs(pattern: str, runs_root: Path) -> list[Run]:
    """The runs that a ``--runs`` pattern means.

    A pattern with a ``/`` (or an existing path) is a path glob: a run folder, or a matrix folder for all its
    runs. Any other is matched against the run ids of every matrix below ``runs_root``.

    Raises:
        LabError: nothing matches; the message lists what there is.
    """
    path = Path(pattern)
    if path.is_dir():
        runs = [read_run(path)] if (path / RUN_FILE).is_file() else list_runs(path)
    elif "/" in pattern or "\\" in pattern:
        anchor = Path(path.anchor) if path.is_absolute() else Path()
        relative = str(path.relative_to(path.anchor)) if path.is_absolute() else pattern
        runs = [read_run(f) for f in sorted(anchor.glob(relative)) if (f / RUN_FILE).is_file()]
    else:
        runs = [r for r in _all_runs(runs_root) if fnmatch.fnmatch(r.run_id, pattern)]
    if not runs:
        known = sorted({r.run_id for r in _all_runs(runs_root)})
        listed = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
        fix = f"Runs here: {listed}." if known else "Train first: `labtools train-matrix`."
        raise LabError(f"no run matches {pattern!r}", runs_root, fix)
    return runs


def _all_runs(runs_root: Path) -> list[Run]:
    matrices = sorted(p for p in runs_root.iterdir() if p.is_dir()) if runs_root.is_dir() else []
    return [run for matrix in matrices for run in list_runs(matrix)]


def find_matrix(path: Path | None, runs_root: Path, option: str = "") -> Path:
    """The one matrix folder that is meant: ``path``, or the only one below ``runs_root``.

    Args:
        path: as it was typed, or its name alone; None where it was not.
        runs_root: folder of all matrices.
        option: that names one on the command line, e.g. ``--matrix``; "": it stands by itself.

    Raises:
        LabError: there is none, or several and none was named.
    """
    if path is not None:
        meant = next((folder for folder in (path, runs_root / path) if _has_runs(folder)), None)
        if meant is None:
            known = ", ".join(str(runs_root / folder.name) for folder in _matrices(runs_root)) or "runs/dlcv"
            raise LabError("there are no runs in this folder", path, f"Give the folder of a matrix: {known}.")
        return meant.absolute()
    found = _matrices(runs_root)
    if len(found) == 1:
        return found[0]
    if not found:
        fix = "Train first: `labtools train-matrix`. If that was done, type this in the folder that holds runs/."
        raise LabError("there are no runs yet", runs_root.absolute(), fix)
    listed = ", ".join(p.name for p in found)
    example = " ".join(filter(None, (option, str(runs_root / found[0].name))))
    raise LabError(f"there are several matrices: {listed}", runs_root, f"Name one, e.g. {example}.")


def option_of(root: Path) -> str:
    """What a command needs besides, to mean that matrix when it is typed here: `` --matrix runs/dlcv``, or nothing.

    Quoted for a shell.
    """
    return "" if _matrices(RUNS) == [root.absolute()] else f" --matrix {typed(root)}"


def _matrices(runs_root: Path) -> list[Path]:
    below = sorted(runs_root.iterdir()) if runs_root.is_dir() else []
    return [folder.absolute() for folder in below if _has_runs(folder)]


def _has_runs(folder: Path) -> bool:
    """Is it the folder of a matrix? Reads names only: of a thousand runs, one may be damaged."""
    return any(path.parent.name not in NOT_RUNS for path in folder.glob(f"*/{RUN_FILE}"))


def read_curves(run: Run) -> pd.DataFrame:
    """Ultralytics' ``results.csv`` of a run: one row per epoch, columns stripped; empty before the first epoch."""
    import pandas as pd

    path = run.folder / "results.csv"
    if not path.is_file() or path.stat().st_size == 0:
        return pd.DataFrame()
    frame = pd.read_csv(path)
    return frame.rename(columns=str.strip)
