"""Run folders -> the grid of the course. Reads the matrix's folder alone, so it works from wherever that is seen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from labtools.artifacts.lanes import read_lane_states
from labtools.artifacts.record import Record, State
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import NOT_RUNS, RUN_FILE, Run, course_order, model_order, read_run
from labtools.core.errors import LabError
from labtools.train.cluster import glance
from labtools.train.disk import why_full
from labtools.train.estimates import read_workload
from labtools.train.status.forecast import Asked, Forecast, expect, forecast, in_turn, learn_pace
from labtools.train.status.lane_status import LaneStatus, describe_lanes
from labtools.train.status.queued import with_queued
from labtools.train.status.run_status import RunStatus, describe
from labtools.train.status.silence import Silence, by_stamps
from labtools.train.status.troubles import Level, Trouble, list_troubles
from labtools.train.status.variants import label_variants

__all__ = ["Grid", "RunStatus", "Totals", "read_grid"]


@dataclass(frozen=True)
class Totals:
    """Sums over the whole matrix.

    Attributes:
        epochs_done: kept in checkpoints, or finished by a training under way; of runs that are asked for.
        epochs: asked for; cancelled runs are left out.
        spent_s: seconds of training, of runs that are done and of attempts that run.
        left_s: seconds of training that are still to come, on one lane; None: not known.
    """

    epochs_done: int
    epochs: int
    spent_s: float
    left_s: float | None


@dataclass(frozen=True)
class Grid:
    """The matrix as people kept it in a spreadsheet: rows imgsz, columns model x freeze.

    Attributes:
        name: of the matrix.
        root: its folder.
        runs: in the course's order.
        lanes: by machine and number.
        troubles: the worst first.
        forecast: None where nothing is left, or nobody can tell.
        at: when all this was read, UTC.
        variants: labels of the sub-cells, from top to bottom; ``("",)`` where each cell holds one run.
    """

    name: str
    root: Path
    runs: tuple[RunStatus, ...]
    lanes: tuple[LaneStatus, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    forecast: Forecast | None = None
    at: datetime | None = None
    variants: tuple[str, ...] = ("",)

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """Image sizes, ascending."""
        return tuple(sorted({run.imgsz for run in self.runs}))

    @cached_property
    def columns(self) -> tuple[tuple[str, int | None], ...]:
        """(model, freeze): models by size, and in each the frozen before the free."""
        pairs = {(run.model, run.freeze) for run in self.runs}
        return tuple(sorted(pairs, key=lambda pair: (model_order(pair[0]), pair[1] is None, -(pair[1] or 0))))

    def cell(self, imgsz: int, model: str, freeze: int | None) -> tuple[RunStatus, ...]:
        """The runs of a cell, several where there are several batches or seeds."""
        wanted = (imgsz, model, freeze)
        return tuple(run for run in self.runs if (run.imgsz, run.model, run.freeze) == wanted)

    def count(self, state: State) -> int:
        return sum(run.state is state for run in self.runs)

    @property
    def is_over(self) -> bool:
        """Nothing is left to do or running (failures included)."""
        return not any(run.state.is_open for run in self.runs)

    @property
    def totals(self) -> Totals:
        asked = [run for run in self.runs if run.state is not State.CANCELLED]
        left = [run.expected_s for run in asked]
        return Totals(
            epochs_done=sum(int(run.progress * run.epochs) for run in asked),
            epochs=sum(run.epochs for run in asked),
            spent_s=round(sum(run.seconds or 0.0 for run in self.runs), 1),
            left_s=None if None in left else round(sum(seconds or 0.0 for seconds in left), 1),
        )

    def with_trouble(self, what: str) -> Grid:
        """The same with something more that stands in the way of looking at it."""
        return replace(self, troubles=(Trouble(Level.ERROR, (), what), *self.troubles))

    def to_json(self) -> dict[str, Any]:
        """The answer of ``labtools status --json``; its fields are told in ``docs/status.md``."""
        return {
            "matrix": self.name,
            "folder": str(self.root),
            "time": self.at.isoformat(timespec="seconds") if self.at else None,
            "counts": {state.value: self.count(state) for state in State},
            "totals": dict(self.totals.__dict__),
            "forecast": self.forecast.to_json() if self.forecast else None,
            "runs": [run.to_json() for run in self.runs],
            "lanes": [lane.to_json() for lane in self.lanes],
            "troubles": [trouble.to_json() for trouble in self.troubles],
        }


def read_grid(root: Path, silence: Silence | None = None) -> Grid:
    """The state of every run and lane of a matrix folder at this moment. Files that vanish meanwhile do no harm.

    Args:
        root: the matrix's folder.
        silence: tells how long another machine has been silent; None: the stamps of its files do.
    """
    at = datetime.now(timezone.utc)
    found, unreadable = _scan(root)
    found.sort(key=lambda item: course_order(item[0].spec))
    return _assemble(root, found, unreadable, at, silence or by_stamps(root))


def _scan(root: Path) -> tuple[list[tuple[Run, Record]], list[tuple[str, str]]]:
    """Every run folder and its record; and the folders that should be runs but cannot be read, with the reason."""
    found, unreadable = [], []
    for name in _folders(root):
        try:
            run = read_run(root / name)
            if run.is_in_place:
                found.append((run, read_record(root / name)))
            else:
                unreadable.append((name, f"its run.json is that of {run.run_id}, so it is a copy, or was renamed"))
        except (FileNotFoundError, NotADirectoryError):
            continue  # moved away between two looks
        except LabError as error:
            if (root / name / RUN_FILE).exists():
                unreadable.append((name, error.what))
        except (OSError, ValueError, TypeError, KeyError) as error:
            unreadable.append((name, f"{type(error).__name__}: {error}"))
    return found, unreadable


def _folders(root: Path) -> list[str]:
    try:
        with os.scandir(root) as entries:
            return sorted(
                e.name for e in entries if e.name not in NOT_RUNS and not e.name.startswith(".") and e.is_dir()
            )
    except (FileNotFoundError, NotADirectoryError):
        return []


def _assemble(
    root: Path,
    found: Sequence[tuple[Run, Record]],
    unreadable: Iterable[tuple[str, str]],
    at: datetime,
    silence: Silence,
) -> Grid:
    labels = label_variants([run.spec for run, _ in found])
    runs = [describe(run.spec, record, at, labels[run.run_id], silence) for run, record in found]
    asked = {run.run_id: Asked(run.spec, read_workload(run.folder), record) for run, record in found}
    pace = learn_pace(runs, asked)
    runs = [expect(run, asked[run.run_id], pace) for run in runs]
    left = in_turn([run for run in runs if run.state.is_open], asked, pace)
    states = read_lane_states(root)
    lanes = with_queued(describe_lanes(states, runs, at, silence), glance(root), states)
    return Grid(
        name=root.name,
        root=root,
        runs=tuple(runs),
        lanes=lanes,
        troubles=list_troubles(root, runs, lanes, unreadable, _full(root)),
        forecast=forecast(left, lanes, at, is_measured=pace.runs > 0),
        at=at,
        variants=_distinct(labels),
    )


def _full(root: Path) -> str:
    try:
        return why_full(root)
    except OSError:  # the folder is away for a moment: its runs could not be read either
        return ""


def _distinct(labels: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(labels.values())) or ("",)
