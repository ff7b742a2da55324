"""The evaluation of runs: the table of contents of this room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pandas as pd

from labtools.artifacts import results
from labtools.artifacts.dataset import Dataset, open_dataset
from labtools.artifacts.runs import Run, find_data
from labtools.core.errors import LabError
from labtools.core.progress import Tick, silent
from labtools.evaluate import predict, speed, study
from labtools.evaluate.request import Request


class Task(Protocol):
    """What can be measured of a run: the module of each task answers this."""

    def measure(self, run: Run, dataset: Dataset, request: Request, tick: Tick) -> bool:
        """Bring what is kept of one run up to date; return False if it was already."""
        ...

    def assemble(self, root: Path, request: Request) -> Path:
        """Put what is kept of the runs of a matrix into its tables; return the one with a row per run."""
        ...


def tasks() -> dict[str, Task]:
    """The tasks by the name that users type."""
    return {"val": predict, "speed": speed, "study": study}


@dataclass(frozen=True)
class Skipped:
    """A run that was not evaluated, and why."""

    run_id: str
    reason: str


@dataclass(frozen=True)
class Evaluation:
    """What was done.

    Attributes:
        measured: run ids measured now.
        fresh: run ids whose figures were up to date.
        skipped: runs left out.
        notes: what to know when reading the figures, as sentences.
        tables: the main table of each matrix, absolute paths.
        rows: the rows of these tables that belong to the runs measured or fresh.
    """

    measured: tuple[str, ...]
    fresh: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    tables: tuple[Path, ...]
    rows: pd.DataFrame


def evaluate(runs: Sequence[Run], request: Request, tick: Tick = silent) -> Evaluation:
    """Bring the figures of these runs up to date, and the tables of their matrices.

    A run that is not finished or cannot be evaluated does not stop the others.

    Raises:
        LabError: no run at all could be evaluated.
    """
    task = tasks()[request.task]
    busy = [] if request.task == "val" else speed.notes_on_machine()
    came = _measure_all(task, runs, request, tick)
    done = came.measured + came.fresh
    if not done:
        raise _nothing_done(came.troubles)
    tables = {root: task.assemble(root, request) for root in sorted({run.root for run in done})}
    rows = _rows_of(done, tables, request)
    return Evaluation(
        measured=tuple(run.run_id for run in came.measured),
        fresh=tuple(run.run_id for run in came.fresh),
        skipped=tuple(Skipped(run.run_id, trouble.what) for run, trouble in came.troubles),
        notes=(*came.notes, *_notes_on_rows(rows), *busy),
        tables=tuple(tables.values()),
        rows=rows,
    )


@dataclass(frozen=True)
class _Came:
    """What came of each run, in the order asked for."""

    measured: list[Run] = field(default_factory=list)
    fresh: list[Run] = field(default_factory=list)
    troubles: list[tuple[Run, LabError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def _measure_all(task: Task, runs: Sequence[Run], request: Request, tick: Tick) -> _Came:
    came = _Came()
    for number, run in enumerate(runs, 1):
        try:
            dataset = _dataset_for(run, request.data)
            is_new = task.measure(run, dataset, request, _numbered(tick, run, f"{number}/{len(runs)}"))
        except LabError as trouble:
            came.troubles.append((run, trouble))
            continue
        (came.measured if is_new else came.fresh).append(run)
        came.notes.extend(_notes(run, dataset, request))
    return came


def _dataset_for(run: Run, data: Path | None) -> Dataset:
    """The dataset to evaluate a run on, once it is clear that the run can be evaluated.

    Raises:
        LabError: the run is not finished, has lost its weights, or its dataset is not here.
    """
    if not run.is_done:
        raise LabError("not finished", run.folder, "See `labtools status`; train with `labtools train-matrix`.")
    if not run.best.is_file():
        raise LabError("its weights/best.pt is missing", run.best, "Copy it here, or train the run again.")
    try:
        return open_dataset(data or find_data(run))
    except LabError as error:
        if data is not None:
            raise
        raise LabError(
            error.what, error.where, "Name the dataset as it lies on this machine: --data DATASET."
        ) from None


def _numbered(tick: Tick, run: Run, place: str) -> Tick:
    def numbered(step: str, done: int, total: int) -> None:
        tick(f"{place} {run.run_id}: {step}", done, total)

    return numbered


def _notes(run: Run, dataset: Dataset, request: Request) -> list[str]:
    if request.data is not None or not run.spec.fingerprint or run.spec.fingerprint == dataset.fingerprint:
        return []
    return [f"{run.run_id} was trained on an earlier state of the dataset {dataset.root.name}"]


def _notes_on_rows(rows: pd.DataFrame) -> list[str]:
    """Runs evaluated on different data stand in one table: say so."""
    if "fingerprint" not in rows or rows["fingerprint"].nunique() < 2:
        return []
    return [f"these runs were evaluated on {rows['fingerprint'].nunique()} different datasets: do not compare them"]


def _nothing_done(troubles: list[tuple[Run, LabError]]) -> LabError:
    """One trouble is told whole; several are listed."""
    if len({trouble.what for _, trouble in troubles}) == 1:
        first = troubles[0][1]
        ids = ", ".join(run.run_id for run, _ in troubles[:8]) + (", ..." if len(troubles) > 8 else "")
        return LabError(f"no run could be evaluated ({ids}): {first.what}", first.where, first.fix)
    listed = "; ".join(f"{run.run_id}: {trouble.what}" for run, trouble in troubles)
    return LabError(f"no run could be evaluated: {listed}", troubles[0][0].root, troubles[0][1].fix)


def _rows_of(done: list[Run], tables: dict[Path, Path], request: Request) -> pd.DataFrame:
    """The rows of these runs in the main table of each matrix (matrix folder -> table)."""
    columns = results.RESULTS if request.task == "val" else results.MATRIX_TABLES[request.task]
    parts = []
    for root, path in tables.items():
        rows = results.read_table(path, columns)
        parts.append(rows[rows["run_id"].isin([run.run_id for run in done if run.root == root])])
    return pd.concat(parts, ignore_index=True)
