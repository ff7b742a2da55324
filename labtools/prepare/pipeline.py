"""SUBMISSIONS -> DATASET, step by step."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.core.errors import LabError
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding
from labtools.core.progress import Tick, silent
from labtools.prepare.answers import NO_ANSWERS, Answers
from labtools.prepare.joining import Joined, join, sign
from labtools.prepare.kept import Last, Memory
from labtools.prepare.labels.classes import ClassTable, course_table, own_table
from labtools.prepare.making import Making, Plan, biggest_first, make_part
from labtools.prepare.output.leftovers import outside_findings
from labtools.prepare.output.summary import Summary, summarise, summary_from_json
from labtools.prepare.output.swap import check_target
from labtools.prepare.output.writer import DatasetWriter
from labtools.prepare.parts import Part, finding_from_json, finding_to_json
from labtools.prepare.pictures.hashing import look
from labtools.prepare.planning import Survey, survey
from labtools.prepare.sources.workers import Workers


@dataclass(frozen=True)
class PrepareResult:
    """What was written, and where.

    Attributes:
        out: the dataset's folder.
        names: its classes in id order.
        fingerprint: see `labtools.artifacts.dataset.Dataset`; ``""`` if nothing was written.
        is_cohort: submissions of several teams, not one dataset.
        course: where the names come from: the course file, None for the submissions' own names.
        findings: all of them, sorted.
        summary: counts.
        redone: submissions that were read; the others had not changed since the last run.
        submissions: how many there are.
    """

    out: Path
    names: tuple[str, ...]
    fingerprint: str
    is_cohort: bool
    course: Path | None
    findings: tuple[Finding, ...]
    summary: Summary
    redone: int
    submissions: int


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
            return _as_before(out, seen, last.result)
        memory.folder.mkdir(parents=True, exist_ok=True)
        cached = {root: memory.file(root, one) for root, one in made_from.items()}
        with DatasetWriter(out) as writer:
            plan = _plan(seen, answers, images, leakage, writer, cached, last)
            table, parts = _make_parts(plan, seen, tick)
            joined = _join(submissions, seen, parts, leakage, tick)
            fingerprint = writer.tables(parts, table.names, joined)
            _commit(writer, parts, last)
        result = _result(out, seen, table, parts, joined, fingerprint)
        prefixes = {cached[part.root]: part.prefix for part in parts}
        memory.remember(Last(overall, prefixes, _to_json(result)), parts)
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
    """What `prepare` would find, without writing anything."""
    with paused_collector():
        seen = _look(submissions, course, fallback_course, answers, tick)
        none = dict.fromkeys(seen.submissions, "")
        plan = Plan(
            seen.tree, seen.course, answers, seen.submissions, seen.places, seen.others, "link",
            look if leakage else None, "", "", none, frozenset(), frozenset(),
        )  # fmt: skip
        table, parts = _make_parts(plan, seen, tick)
        joined = _join(submissions, seen, parts, leakage, tick)
        return _result(Path(), seen, table, parts, joined, "")


def _look(submissions: Path, course: Path | None, fallback: Path | None, answers: Answers, tick: Tick) -> Survey:
    seen = survey(submissions, course, fallback, answers)
    tick("look at submissions", len(seen.tree), len(seen.tree))
    return seen


def _plan(
    seen: Survey,
    answers: Answers,
    images: str,
    leakage: bool,
    writer: DatasetWriter,
    cached: dict[str, str],
    last: Last | None,
) -> Plan:
    """What can be taken over: parts that lie in the dataset of before stay there, others of the cache come back."""
    known = frozenset(root for root, path in cached.items() if Path(path).is_file()) if seen.course else frozenset()
    in_place = frozenset(root for root in known if last and cached[root] in last.parts)
    return Plan(
        seen.tree, seen.course, answers, seen.submissions, seen.places, seen.others, images,
        look if leakage else None, str(writer.aside), str(writer.target), cached, known, in_place,
    )  # fmt: skip


def _commit(writer: DatasetWriter, parts: list[Part], last: Last | None) -> None:
    """All at once; or, where parts of the dataset of before are still good, only the others."""
    stay = [part for part in parts if part.how == "in place"]
    if last is None or not stay:
        writer.commit()
        return
    gone = set(last.parts.values()) - {part.prefix for part in parts}
    writer.commit_parts([part for part in parts if part.how != "in place"], sorted(gone))


def _make_parts(plan: Plan, seen: Survey, tick: Tick) -> tuple[ClassTable, list[Part]]:
    """Every submission's part, in the order of the dataset, and the classes that they are in."""
    table = course_table(seen.course, trusts_ids=not seen.layout.is_cohort) if seen.course else None
    sizes = {root: len(seen.tree.under(root)) for root in plan.submissions}
    total = sum(sizes.values())
    with Workers(total, (plan, table)) as workers:
        if table is None:
            table, parts = _make_without_course(plan, seen, workers, tick)
        elif not workers.are_processes or max(sizes.values(), default=0) > 0.6 * total:
            parts = [_make_with_help(plan, table, root, workers, tick) for root in sizes]
        else:
            futures = {workers.call(_make_in_worker, root): root for root in biggest_first(sizes)}
            parts, done = [], 0
            for future in as_completed(futures):
                parts.append(future.result())
                done += sizes[futures[future]]
                tick("prepare submissions", done, total)
    return table, sorted(parts, key=lambda part: part.prefix)


def _make_in_worker(shared: tuple[Plan, ClassTable], root: str) -> Part:
    return make_part(*shared, root)


def _make_with_help(plan: Plan, table: ClassTable, root: str, workers: Workers, tick: Tick) -> Part:
    """A submission that is most of the cohort: read here, while others work on its files."""
    if root in plan.unchanged:
        return make_part(plan, table, root)
    making = Making(plan, root, workers)
    making.read(tick)
    return making.write(table, tick)


def _make_without_course(plan: Plan, seen: Survey, workers: Workers, tick: Tick) -> tuple[ClassTable, list[Part]]:
    """The classes are what the submissions call them, so all are read before the first can be written."""
    makings = [Making(plan, root, workers) for root in plan.submissions]
    for making in makings:
        making.read(tick)
    table = own_table([making.reading.parsed for making in makings], is_cohort=seen.layout.is_cohort)
    return table, [making.write(table, tick) for making in makings]


def _join(submissions: Path, seen: Survey, parts: list[Part], leakage: bool, tick: Tick) -> Joined:
    joined = join(parts, [*sign(seen.findings, seen.places), *outside_findings(seen.outside)], leakage, tick)
    if not any(len(part) for part in parts):
        raise LabError("there is no readable picture under this folder", submissions, _advice(joined.findings))
    return joined


def _result(
    out: Path, seen: Survey, table: ClassTable, parts: list[Part], joined: Joined, fingerprint: str
) -> PrepareResult:
    return PrepareResult(
        out, table.names, fingerprint, seen.layout.is_cohort, seen.course_file, joined.findings,
        summarise(parts, table.names, joined.findings), sum(part.how == "made" for part in parts), len(parts),
    )  # fmt: skip


def _to_json(result: PrepareResult) -> dict[str, Any]:
    return {
        "fingerprint": result.fingerprint,
        "names": list(result.names),
        "findings": [finding_to_json(one) for one in result.findings],
        "summary": result.summary.to_json(),
        "submissions": result.submissions,
    }


def _as_before(out: Path, seen: Survey, known: dict[str, Any]) -> PrepareResult:
    """Nothing has changed since the last run, and its dataset lies there untouched."""
    findings = tuple(finding_from_json(one) for one in known["findings"])
    return PrepareResult(
        out, tuple(known["names"]), known["fingerprint"], seen.layout.is_cohort, seen.course_file, findings,
        summary_from_json(known["summary"], findings), 0, known["submissions"],
    )  # fmt: skip


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


def _advice(findings: Sequence[Finding]) -> str:
    refused = next((f for f in sorted(findings) if f.severity.value == "error"), None)
    if refused is None:
        return "Give the folder that holds the class folders, or one dataset with its pictures."
    return f"For instance {refused.file}: {refused.message}."
