"""SUBMISSIONS -> DATASET, step by step."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labtools.core.files import hash_bytes
from labtools.core.progress import Tick, silent
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.memory import Last, Memory
from labtools.prepare.output.swap import check_target
from labtools.prepare.planning import Survey, survey
from labtools.prepare.result import PrepareResult, result_from_json

__all__ = ["PrepareResult", "check", "prepare"]


def prepare(
    submissions: Path,
    out: Path,
    course: Path | None = None,
    images: str = "link",
    tick: Tick = silent,
    *,
    fallback_course: Path | None = None,
    answers: Answers = NO_ANSWERS,
    leakage: bool = False,
) -> PrepareResult:
    """Turn what teams handed in into one dataset; see the modules in the order of the steps.

    Args:
        submissions: a cohort or a single dataset; only read.
        out: the dataset's folder, replaced if labtools wrote it.
        course: the classes, whatever the folders look like.
        fallback_course: the classes, if the first-level folders bear their names; else not used.
        images: ``copy`` or ``link``.
        answers: what the teacher decided, see `labtools.prepare.answers`.
        leakage: look at every picture for training pictures that look alike.

    Raises:
        LabError: nothing to read, a course file that does not fit, or ``out`` is somebody else's.
    """
    check_target(out, submissions)
    with paused_collector():
        seen = _look(submissions, course, fallback_course, answers, tick)
        made_from = seen.signatures(answers, (images, leakage))
        overall = hash_bytes(repr((sorted(made_from.items()), list(seen.outside), seen.findings)).encode("utf-8"))
        memory = Memory(out.resolve())
        last = memory.last()
        if last is not None and last.made_from == overall:
            return result_from_json(last.result, out, seen.layout.is_cohort, seen.course_file, seen.language)
        from labtools.prepare.building import Options, build

        cached = memory.files(made_from)
        options = Options(answers, images, leakage)
        result, parts = build(submissions, out, seen, options, cached, last, tick)
        prefixes = {cached[part.root]: part.prefix for part in parts}
        memory.remember(Last(overall, prefixes, result.to_json()), parts)
        return result


def check(
    submissions: Path,
    course: Path | None = None,
    tick: Tick = silent,
    *,
    fallback_course: Path | None = None,
    answers: Answers = NO_ANSWERS,
    leakage: bool = False,
) -> PrepareResult:
    """What `prepare` would find, without writing anything; of a team's folder too, as it lies in its class's."""
    with paused_collector():
        from labtools.prepare.building import Options, examine

        seen = _look(submissions, course, fallback_course, answers, tick, in_place=True)
        return examine(submissions, seen, Options(answers, "link", leakage), tick)


def _look(
    submissions: Path, course: Path | None, fallback: Path | None, answers: Answers, tick: Tick, in_place: bool = False
) -> Survey:
    seen = survey(submissions, course, fallback, answers, in_place=in_place)
    tick("look at submissions", len(seen.tree), len(seen.tree))
    return seen


@contextmanager
def paused_collector() -> Iterator[None]:
    """No garbage collection meanwhile: a cohort's records are a million small objects without cycles, and looking
    through them again and again took a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
