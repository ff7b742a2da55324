"""Reading the record of a run: the files beside ``run.json``, whole, damaged, foreign or of a version apart.

What they are and who writes them is told in `labtools.artifacts.record`.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from labtools.artifacts.record import Beat, Cause, Claim, End, Order, ProcessId, Record
from labtools.core.fields import from_fields, is_absurd
from labtools.core.files import read_json

_T = TypeVar("_T")

_FIGURES = frozenset({"epochs", "seconds", "batch", "nominal_batch", "gpu_bytes", "map50", "map50_95", "best_epoch"})

_NAME = re.compile(r"(claim|end|order)\.(\d{1,9})(\.json)?")


def read_record(folder: Path) -> Record:
    """Read the record of a run folder. Files that vanish or are foreign are as if absent."""
    names = os.listdir(folder)  # names as one call gives them: over NFS the fastest to be true
    at = f"{folder}{os.sep}"  # texts, not paths: status reads thousands of files, and building a path takes as long
    claims, ends, orders = _numbers(names)
    attempt = max(claims, default=0)
    done = _result(_read(f"{at}done.json")) if "done.json" in names else None
    its_own = done.get("attempt") if done else None  # done.json is a second name of this one
    words = {n: _read(f"{at}end.{n}.json") for n in ends if n != its_own}
    record = Record(
        attempt=attempt,
        ends=tuple((n, _end(content)) for n, content in words.items() if not _is_result(content)),
        done=done,
        orders=tuple(order for n in orders if (order := _order(_read(f"{at}order.{n}.json")))),
        stale=_stale(_read(f"{at}stale.json")) if "stale.json" in names else "",
        priority=_priority(_read(f"{at}priority.json")) if "priority.json" in names else 0,
    )
    if record.done is None and any(_is_result(content) for content in words.values()):
        # Killed between the two names of its result: finished all the same.
        record = replace(record, done=_result(next(content for content in words.values() if _is_result(content))))
    if record.is_taken:
        record = replace(record, claim=read_claim(folder, attempt), beat=read_beat(folder, attempt))
    return record


def read_claim(folder: Path, attempt: int) -> Claim | None:
    """Who took an attempt, also one that is over; None where nobody has, as far as one can read."""
    return _with_process(Claim, _read(f"{folder}{os.sep}claim.{attempt}"))


def read_beat(folder: Path, attempt: int) -> Beat | None:
    """The last sign of life of an attempt, also of one that is over."""
    return _with_process(Beat, _read(f"{folder}{os.sep}beat.{attempt}.json"))


def _numbers(names: list[str]) -> tuple[list[int], list[int], list[int]]:
    """The numbers in ``claim.3``, ``end.3.json`` and ``order.3.json``, each ascending."""
    found: dict[str, list[int]] = {"claim": [], "end": [], "order": []}
    for name in names:
        match = _NAME.fullmatch(name) if name[0] in "ceo" else None
        if match and (match[1] == "claim") == (match[3] is None):
            found[match[1]].append(int(match[2]))
    return sorted(found["claim"]), sorted(found["end"]), sorted(found["order"])


def _is_result(content: dict[str, Any] | None) -> bool:
    """Did this closing word finish the run?"""
    return content is not None and "cause" not in content and "attempt" in content


def _result(content: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of a finished run, without figures that are none."""
    if content is None:
        return None
    return {k: v for k, v in content.items() if k not in _FIGURES or v is None or _is_figure(v)}


def _is_figure(value: object) -> bool:
    return isinstance(value, (int, float)) and not is_absurd(value)


def _end(content: dict[str, Any] | None) -> End:
    """A damaged word (a power cut, a full disk) closes its attempt too: nobody else could."""
    try:
        return from_fields(End, {**(content or {}), "cause": Cause((content or {})["cause"])})
    except (KeyError, TypeError, ValueError):
        return End(Cause.LANE, "the record of its end is damaged", True, "")


def _order(content: dict[str, Any] | None) -> Order | None:
    try:
        return from_fields(Order, content) if content else None
    except TypeError:
        return None


def _with_process(kind: type[_T], content: dict[str, Any] | None) -> _T | None:
    """A `Claim` or a `Beat`, from the keys that this version knows: servers may be a version apart for a day."""
    try:
        return (
            from_fields(kind, {**content, "process": from_fields(ProcessId, content["process"])}) if content else None
        )
    except (KeyError, TypeError, AttributeError):
        return None


def _stale(content: dict[str, Any] | None) -> str:
    return str((content or {}).get("reason") or "no reason was given")


def _priority(content: dict[str, Any] | None) -> int:
    value = (content or {}).get("priority", 0)
    return value if isinstance(value, int) else 0


def _read(path: str) -> dict[str, Any] | None:
    try:
        value = read_json(path)
    except (FileNotFoundError, ValueError):  # gone, or half written on a disk without hard links
        return None
    return value if isinstance(value, dict) else None
