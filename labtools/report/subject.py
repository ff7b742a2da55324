"""What a report is about: a matrix of trainings, or a dataset that nothing was trained on yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from labtools.artifacts.dataset import Dataset, open_dataset
from labtools.artifacts.lab import DATASET
from labtools.artifacts.runs import Run, find_matrix, list_runs
from labtools.core.errors import LabError
from labtools.report.plain import is_prepared


@dataclass(frozen=True)
class Subject:
    """Attributes:
    matrix: absolute folder of the runs, None for a dataset alone.
    data: the dataset asked for, None for the one that the runs name.
    out: folder to write.
    """

    matrix: Path | None
    data: Path | None
    out: Path


def find_subject(matrix: Path | None, data: Path | None, out: Path | None, runs_root: Path) -> Subject:
    """What is meant by what was typed.

    With neither a matrix nor a dataset: the only matrix below ``runs_root``, else the lab's own dataset. With a
    dataset alone: the matrix whose runs were planned on it, else the dataset alone. Its report lies in ``runs_root``,
    not in the dataset, which the next `labtools prepare` replaces as a whole.

    Raises:
        LabError: there is nothing to report, or it is not clear what.
    """
    if matrix is None and data is None and not _matrices(runs_root) and is_prepared(DATASET):
        data = DATASET
    if matrix is not None or data is None:
        folder = find_matrix(matrix, runs_root)
        return Subject(folder, data, out or folder / "report")
    dataset = open_dataset(data)
    about = [root for root, runs in _matrices(runs_root) if _uses(runs, dataset)]
    if len(about) > 1:
        listed = ", ".join(root.name for root in about)
        raise LabError(f"several matrices were planned on this dataset: {listed}", runs_root, f"Name one: {about[0]}.")
    if about:
        return Subject(about[0], data, out or about[0] / "report")
    return Subject(None, data, out or runs_root / dataset.root.name / "report")


def _matrices(runs_root: Path) -> list[tuple[Path, Sequence[Run]]]:
    folders = sorted(p for p in runs_root.iterdir() if p.is_dir()) if runs_root.is_dir() else []
    return [(folder.absolute(), runs) for folder in folders if (runs := list_runs(folder))]


def _uses(runs: Sequence[Run], dataset: Dataset) -> bool:
    """Whether some of the runs were planned on this dataset: where it lies now, or the same one elsewhere."""
    roots = {Path(run.spec.data).parent.resolve() for run in runs}
    return dataset.root.resolve() in roots or dataset.fingerprint in {run.spec.fingerprint for run in runs}
