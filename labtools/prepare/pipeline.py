"""SUBMISSIONS -> DATASET, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labtools.core.collector import paused_collector
from labtools.core.progress import Tick, silent
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.handed_in import HandedIn, Request, gather, listed_signature, read_request
from labtools.prepare.memory import Last, Memory
from labtools.prepare.output.swap import check_target
from labtools.prepare.result import PrepareResult, result_from_json
from labtools.prepare.sources.scout import Scout

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
    scout: Scout | None = None,
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
        scout: who was sent to the submissions already.

    Raises:
        LabError: nothing to read, a course file that does not fit, or ``out`` is somebody else's.
    """
    check_target(out, submissions)
    memory = Memory(out.resolve())
    with paused_collector(), memory.lock(), scout or Scout(str(submissions)) as scout:
        request = read_request(submissions, course, fallback_course)
        context = request.context(answers, (images, leakage))
        last = memory.last()
        if last is None:
            _import_the_rest()  # while the scout is on its way
        listed = listed_signature(context, scout)
        if last is not None and listed and last.made_from == listed:
            tick("look at submissions", *[scout.seen[0]] * 2)
            return result_from_json(last.result, out, request.course_file)
        with gathered(request, scout, tick) as given:
            made_from = listed if listed and given.is_as_listed else given.signature(context)
            if last is not None and last.made_from == made_from:
                return result_from_json(last.result, out, request.course_file)
            from labtools.prepare.building import Options, build
            from labtools.prepare.planning import survey

            seen = survey(given, answers)
            kept = memory.kept(seen.signatures(answers, (images, leakage)))
            options = Options(answers, images, leakage, scout.known)
            result, parts = build(submissions, out, seen, options, kept, last, tick)
            prefixes = {kept.parts[part.root]: part.prefix for part in parts}
            memory.remember(Last(made_from, prefixes, result.to_json()), parts)
            return result


def check(
    submissions: Path,
    course: Path | None = None,
    tick: Tick = silent,
    *,
    fallback_course: Path | None = None,
    answers: Answers = NO_ANSWERS,
    leakage: bool = False,
    scout: Scout | None = None,
) -> PrepareResult:
    """What `prepare` would find, without writing anything; of a team's folder too, as it lies in its class's."""
    request = read_request(submissions, course, fallback_course)
    from labtools.prepare.building import Options, examine
    from labtools.prepare.planning import survey

    with paused_collector(), scout or Scout(str(submissions)) as scout, gathered(request, scout, tick) as given:
        seen = survey(given, answers, in_place=True)
        return examine(submissions, seen, Options(answers, "link", leakage, scout.known), tick)


def _import_the_rest() -> None:
    """With numpy and the decoders this takes as long as to see that nothing has changed."""
    import labtools.prepare.building
    import labtools.prepare.planning  # noqa: F401
    from labtools.artifacts.wording import LANGUAGES, catalogue
    from labtools.core.registry import members
    from labtools.prepare import formats

    members(formats)  # which workers would import one by one
    for language in LANGUAGES:
        catalogue(language)


@contextmanager
def gathered(request: Request, scout: Scout, tick: Tick) -> Iterator[HandedIn]:
    """What was handed in; what had to be unpacked for it goes again."""
    given = gather(request, scout)
    tick("look at submissions", len(given.tree), len(given.tree))
    try:
        yield given
    finally:
        given.tree.archives.close()
