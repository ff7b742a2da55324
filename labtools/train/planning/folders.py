"""What the matrix means now, against what its run folders were asked for before: nothing is ever silently mixed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labtools.artifacts.record import UNWANTED, Record
from labtools.artifacts.record_files import read_record
from labtools.artifacts.runs import OLD_FOLDER, RUN_FILE, Run, RunSpec, list_runs, read_run
from labtools.core.errors import LabError
from labtools.core.files import read_json, write_json
from labtools.train.estimates import Workload, read_workload, write_workload
from labtools.train.matrix.naming import settings
from labtools.train.runqueue.claims import mark_stale, mend_done, now
from labtools.train.runqueue.news import announce
from labtools.train.runqueue.orders import requeue

_US = "matrix"  # who wrote a priority: not a person, whose word holds


def known_specs(root: Path) -> list[RunSpec]:
    """Every spec that has a name in this folder, those put aside first."""
    return [run.spec for run in (*runs_aside(root), *list_runs(root))]


def runs_aside(root: Path) -> list[Run]:
    """Runs that were put aside, by `requeue`; those that cannot be read are of no use to anybody."""
    found = []
    for path in sorted((root / OLD_FOLDER).glob(f"*/{RUN_FILE}")):
        try:
            found.append(read_run(path.parent))
        except LabError:
            continue
    return found


def difference(asked: RunSpec, there: RunSpec, usual: Mapping[str, Any]) -> str:
    """What a folder's run was asked for that is not what is asked now, as sentences; ``""``: it is the same training.

    A lab may be moved to another disk: paths do not count, while the data's fingerprint and the name and content of the
    weights do. Nor does it count whether an argument is given the value that it has anyway, see `settings`.
    """
    want, was = ({**settings(spec, usual), "fingerprint": spec.fingerprint} for spec in (asked, there))
    said = [_difference(key, was[key], want[key]) for key in want if want[key] != was[key]]
    # Runs of older versions did not look at the content: they are taken for what their weights' name says.
    is_known = bool(asked.weights_digest and there.weights_digest) and want["weights"] == was["weights"]
    if is_known and asked.weights_digest != there.weights_digest:
        said.append(f"the weights {want['weights']} have changed since")
    return "; ".join(said)


def _difference(key: str, before: Any, now: Any) -> str:
    if key == "fingerprint":
        return "the dataset has changed since"
    if key == "args":
        names = sorted(k for k in {*before, *now} if before.get(k) != now.get(k))
        return ", ".join(f"{k} was {before.get(k, 'not set')}, now {now.get(k, 'not set')}" for k in names)
    return f"{key} was {before}, now {now}"


def is_untouched(record: Record) -> bool:
    """Nothing of this run would be lost: it may be asked for anew without a word (what it printed goes to ``old/``).

    Nobody trains it, not one epoch is in a checkpoint, and no person has cancelled it.
    """
    kept = max((end.epoch for _, end in record.ends), default=0)
    return record.done is None and not record.is_taken and not record.cancelled and kept == 0


def write_run(root: Path, spec: RunSpec, workload: Workload, priority: int, usual: Mapping[str, Any]) -> Run:
    """Bring the folder of a run in line with what is asked: written, moved with its lab, or marked as stale."""
    folder = root / spec.run_id
    if (folder / RUN_FILE).is_file():
        there, record = read_run(folder).spec, read_record(folder)
        if record.done is not None:
            mend_done(folder, record.done)  # no lane is started, and so none looks, where everything is done
        reason = difference(spec, there, usual)
        if reason and is_untouched(record):
            mark_stale(folder, reason)  # from here on nobody claims it
            requeue(folder)
        elif reason:
            _mark(folder, record, reason)
            return read_run(folder)
        else:
            _welcome(folder, record, spec, there)
    if read_workload(folder) != workload:
        write_workload(folder, workload)
    _write_priority(folder, priority)
    if not (folder / RUN_FILE).is_file():
        write_json(folder / RUN_FILE, spec.to_json())  # last: with it the folder is a run, which lanes may take
    return read_run(folder)


def _mark(folder: Path, record: Record, reason: str) -> None:
    if record.stale != reason:
        mark_stale(folder, reason)


def _welcome(folder: Path, record: Record, asked: RunSpec, there: RunSpec) -> None:
    """The same training as before: it is not stale, and finds its data and weights where they are now."""
    if record.stale:
        (folder / "stale.json").unlink(missing_ok=True)
    if asked != there and record.done is None:
        write_json(folder / RUN_FILE, asked.to_json())


def _write_priority(folder: Path, priority: int) -> None:
    path = folder / "priority.json"
    try:
        written = read_json(path)
    except (OSError, ValueError):
        written = {"priority": 0, "who": _US}
    if written.get("who") == _US and written.get("priority") != priority:
        write_json(path, {"priority": priority, "who": _US, "time": now()})


def leave_out(folder: Path) -> None:
    """A run that the matrix no longer asks for is not begun or gone on with; a finished one stays as it is."""
    record = read_record(folder)
    if record.done is None and not record.stale:
        mark_stale(folder, UNWANTED)


def write_runs(
    root: Path,
    specs: tuple[RunSpec, ...],
    workloads: Mapping[str, Workload],
    priorities: Mapping[str, int],
    others: tuple[str, ...],
    usual: Mapping[str, Any],
) -> tuple[Run, ...]:
    """`write_run` for each, in the order given; lanes at work are told.

    Raises:
        LabError: a folder is in the way that is no run.
    """
    for spec in specs:
        if (root / spec.run_id).exists() and not (root / spec.run_id).is_dir():
            raise LabError("a file is where a run's folder belongs", root / spec.run_id, "Move it away.")
    runs = tuple(write_run(root, s, workloads[s.run_id], priorities.get(s.run_id, 0), usual) for s in specs)
    for run_id in others:
        leave_out(root / run_id)
    announce(root)
    return runs
