"""Which checkpoint looks: the one that was named, or the best one there is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from labtools import yolo
from labtools.artifacts.results import read_split_table
from labtools.artifacts.runs import RUN_FILE, Run, find_runs, read_run
from labtools.core.errors import LabError
from labtools.core.files import read_json


@dataclass(frozen=True)
class Choice:
    """A checkpoint, and why it was taken.

    Attributes:
        path: absolute.
        run_id: "" for a checkpoint that belongs to no run.
        why: a phrase for people.
    """

    path: Path
    run_id: str
    why: str


def choose_weights(asked: str | None, runs_root: Path) -> Choice:
    """The checkpoint that ``--weights`` means: a file, a run folder, a run id, a published name; or the best run's.

    Raises:
        LabError: there is none, or a run id is borne by several runs.
    """
    if asked is None:
        return _best_choice(runs_root)
    path = Path(asked).expanduser()
    if path.is_file():
        if path.suffix != ".pt":
            raise LabError("weights are a .pt file, and this is another kind", path, "Give e.g. RUN/weights/best.pt.")
        return Choice(path.absolute(), "", "asked for")
    if (path / RUN_FILE).is_file():
        return _of_run(read_run(path), "asked for")
    if path.suffix == ".pt":
        return Choice(yolo.find_weights(asked), "", "asked for")
    named = [run for run in find_runs(_literal(asked), runs_root) if run.run_id == asked]
    if len(named) > 1:
        places = ", ".join(str(run.folder) for run in named)
        raise LabError(f"{asked} is in several matrices: {places}", runs_root, f"Name one: --weights {named[0].folder}")
    return _of_run(named[0], "asked for")


def _literal(run_id: str) -> str:
    """A run id as a pattern that matches only itself."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in run_id)


def _of_run(run: Run, why: str) -> Choice:
    if not run.best.is_file():
        raise LabError(f"{run.run_id} has no trained weights yet", run.best, "See `labtools status`.")
    return Choice(run.best, run.run_id, why)


def _best_choice(runs_root: Path) -> Choice:
    """The finished run with the highest mAP50-95 on val, of all matrices."""
    finished = [run for run in find_runs("*", runs_root) if run.is_done and run.best.is_file()]
    if not finished:
        raise LabError(
            "there is no finished run to take weights from",
            runs_root,
            "Train first, or name a checkpoint: --weights FILE.",
        )
    evaluated = {root: _evaluated_scores(root) for root in {run.root for run in finished}}
    scores = {run.folder: evaluated[run.root].get(run.run_id, _trained_score(run)) for run in finished}
    best = max(finished, key=lambda run: scores[run.folder])
    score = scores[best.folder]
    known = f"mAP50-95 {score:.3f} on val" if score >= 0 else "nothing is known about how good it is"
    return _of_run(
        best,
        f"the best of {len(finished)} finished runs, {known}"
        if len(finished) > 1
        else f"the only finished run, {known}",
    )


def _evaluated_scores(root: Path) -> dict[str, float]:
    table = read_split_table(root, "val", "results")
    scores = zip(table["run_id"], table["map50_95"], strict=True)
    return {str(run_id): float(score) for run_id, score in scores if not math.isnan(score)}


def _trained_score(run: Run) -> float:
    """mAP50-95 at the end of the training; -1 where it was not noted (worse than any)."""
    try:
        score = float(read_json(run.folder / "done.json")["map50_95"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1.0
    return -1.0 if math.isnan(score) else score
