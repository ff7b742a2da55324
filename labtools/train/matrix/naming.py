"""Names of runs: the course's, unique, safe as folders everywhere, and never given up once a run has one. Pure."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from labtools.artifacts.runs import RunSpec
from labtools.core.files import hash_bytes

_SHORT = {"batch": "b", "epochs": "e", "seed": "s", "lr0": "lr"}
_LONGEST = 120  # of a folder's name; Windows allows 255 for the whole path to what lies in it


def settings(spec: RunSpec, usual: Mapping[str, Any]) -> dict[str, Any]:
    """What makes a training this one and no other, but for its data and what it starts from: equal ones are one run.

    A checkpoint counts by its file's name here: a lab may be moved to another disk, and a run keeps its name when its
    dataset or its checkpoint is made anew. An argument that is given the value
    that it has anyway (``usual``) is as if it were not given.
    """
    asked = spec.to_json()
    for name in ("run_id", "data", "fingerprint", "weights_digest"):
        del asked[name]
    asked["weights"] = Path(spec.weights).name
    asked["args"] = {name: value for name, value in spec.args.items() if name not in usual or usual[name] != value}
    return asked


def _text(spec: RunSpec, usual: Mapping[str, Any]) -> str:
    return json.dumps(settings(spec, usual), sort_keys=True, default=str)


def name_runs(
    specs: Sequence[RunSpec], plain: Mapping[str, Any], known: Iterable[RunSpec], usual: Mapping[str, Any]
) -> tuple[RunSpec, ...]:
    """Give each run its id, in the order given.

    A run that is known already keeps its name, so that a matrix that grows renames nothing; of several, the one with
    the same data. Others are called after what they are (see `course_name`).

    Args:
        specs: without ids, all different.
        plain: settings that go without saying in this matrix.
        known: runs that have names already.
        usual: training argument -> the value that it has where none is given.
    """
    there: dict[str, str] = {}
    for spec in known:
        there[_text(spec, usual)] = there[_text(spec, usual) + spec.fingerprint] = spec.run_id
    kept = [there.get(_text(spec, usual) + spec.fingerprint) or there.get(_text(spec, usual)) for spec in specs]
    names = [old or course_name(spec, plain) for old, spec in zip(kept, specs, strict=True)]
    # Windows and macOS do not tell A from a in the name of a folder.
    count = Counter(name.casefold() for name in names)
    return tuple(
        replace(spec, run_id=name if old or count[name.casefold()] == 1 else f"{name}_{_digest(spec)}")
        for spec, name, old in zip(specs, names, kept, strict=True)
    )


def course_name(spec: RunSpec, plain: Mapping[str, Any]) -> str:
    """The course's name of a run, e.g. ``yolov8s_640_freeze``, ``yolov8m_320_nofreeze_b32_lr0.001``.

    A suffix only for what does not go without saying: where the matrix has one value, that one is plain.
    """
    words = [spec.model, str(spec.imgsz), _frozen(spec.freeze, plain.get("freeze"))]
    told = {"batch": spec.batch, "epochs": spec.epochs, **spec.args, "seed": spec.seed}
    words += [_suffix(name, value) for name, value in told.items() if name not in plain or plain[name] != value]
    name = "_".join(words)
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST].rstrip('._-')}_{_digest(spec)}"


def _frozen(freeze: int | None, plain: Any) -> str:
    """``freeze`` alone where only one number of frozen layers can be meant."""
    if freeze is None:
        return "nofreeze"
    return "freeze" if freeze == plain else f"freeze{freeze}"


def _suffix(name: str, value: Any) -> str:
    """``b32``, ``lr0.001``, ``optimizer-AdamW``, ``cos_lr``, ``no-cos_lr``."""
    if isinstance(value, bool):
        return _safe(name if value else f"no-{name}")
    short = _SHORT.get(name, name)
    is_number = isinstance(value, (int, float)) and value >= 0 and not short[-1].isdigit()
    return _safe(f"{short}{value}" if is_number else f"{short}-{'none' if value is None else value}")


def _safe(words: str) -> str:
    """Only what any file system, shell and page takes as it is."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "-", words).strip("-.")


def _digest(spec: RunSpec) -> str:
    return hash_bytes(_text(spec, {}).encode("utf-8"))[:6]
