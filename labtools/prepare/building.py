"""All parts made or taken over, joined, and written: the dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path

from labtools.core.errors import LabError
from labtools.core.findings import Finding
from labtools.core.progress import Tick
from labtools.prepare.answers import Answers
from labtools.prepare.joining import Joined, join, sign
from labtools.prepare.kept import keep, read_part, recall
from labtools.prepare.labels.classes import ClassTable, course_table, own_table
from labtools.prepare.leakage import Compared
from labtools.prepare.making import Making, Plan, biggest_first, make_part
from labtools.prepare.memory import Kept, Last
from labtools.prepare.output.leftovers import outside_findings
from labtools.prepare.output.summary import summarise
from labtools.prepare.output.writer import DatasetWriter
from labtools.prepare.parts import Part, prefix_of
from labtools.prepare.pictures.hashing import shrink
from labtools.prepare.planning import Survey
from labtools.prepare.result import PrepareResult
from labtools.prepare.sources.scout import Known
from labtools.prepare.sources.workers import Workers
from labtools.prepare.splits.unlisted import nobodys_lines


@dataclass(frozen=True)
class Options:
    """How a dataset is made.

    Attributes:
        answers: what the teacher decided.
        images: ``copy`` or ``link``.
        leakage: look for training pictures that look alike.
        examined: by path on disk, pictures that somebody has looked at, see `pictures.ahead`.
    """

    answers: Answers
    images: str
    leakage: bool
    examined: Mapping[str, Known] = field(default_factory=dict)


def build(
    submissions: Path,
    out: Path,
    seen: Survey,
    options: Options,
    kept: Kept,
    last: Last | None,
    tick: Tick,
) -> tuple[PrepareResult, list[Part]]:
    """Write the dataset.

    Args:
        kept: of earlier runs.
        last: the run that wrote the dataset which lies there now, if nobody touched it since.
    """
    with DatasetWriter(out) as writer:
        # Without a course the classes are the submissions' own, so that all have to be read again.
        known = frozenset(root for root, path in kept.parts.items() if Path(path).is_file() and seen.course)
        was = _was(seen, kept, last) if last and seen.course else {}
        plan = _plan(seen, options, str(writer.aside), str(writer.target), kept, known, was)
        in_place = [root for root in known if last and kept.parts[root] in last.parts]
        table, parts = _make_parts(plan, seen, _parts_in_place(plan, in_place), tick)
        before = recall(kept.compared) if options.leakage else None
        joined = _join(submissions, seen, parts, options.leakage, tick, Compared(*before) if before else None)
        if joined.compared is not None and joined.compared != before:
            keep(kept.compared, tuple(joined.compared))
        fingerprint = writer.tables(parts, table.names, joined)
        _commit(writer, parts, last)
    return _result(out, seen, table, parts, joined, fingerprint), parts


def examine(submissions: Path, seen: Survey, options: Options, tick: Tick) -> PrepareResult:
    """What `build` would find; nothing is written."""
    plan = _plan(seen, options, "", "", Kept({}, {}, ""), frozenset(), {})
    table, parts = _make_parts(plan, seen, {}, tick)
    joined = _join(submissions, seen, parts, options.leakage, tick)
    return _result(Path(), seen, table, parts, joined, "")


def _was(seen: Survey, kept: Kept, last: Last) -> dict[str, str]:
    """By root, the part of before of the submissions that have changed."""
    files = {prefix: file for file, prefix in last.parts.items()}
    prefixes = {root: prefix_of(*place) for root, place in seen.places.items()}
    return {
        root: files[prefix]
        for root, prefix in prefixes.items()
        if prefix in files and files[prefix] != kept.parts[root]
    }


def _plan(
    seen: Survey, options: Options, base: str, before: str, kept: Kept, known: frozenset[str], was: Mapping[str, str]
) -> Plan:
    return Plan(
        seen.tree, seen.course, options.answers, seen.submissions, seen.places, seen.others, options.images,
        shrink if options.leakage else None, options.examined, base, before, kept, known, was,
    )  # fmt: skip


def _commit(writer: DatasetWriter, parts: list[Part], last: Last | None) -> None:
    """All at once; or, where parts of the dataset of before are still good, only the others."""
    stay = [part for part in parts if part.how in {"in place", "mended"}]
    if last is None or not stay:
        writer.commit()
        return
    gone = set(last.parts.values()) - {part.prefix for part in parts}
    writer.commit_parts([part for part in parts if part.how != "in place"], sorted(gone))


def _make_parts(plan: Plan, seen: Survey, there: Mapping[str, Part], tick: Tick) -> tuple[ClassTable, list[Part]]:
    """Every submission's part, in the order of the dataset, and the classes that they are in.

    Args:
        there: by root, the parts for which nothing has to be done.
    """
    table = course_table(seen.course, trusts_ids=not seen.layout.is_cohort) if seen.course else None
    sizes = {root: seen.tree.count(root) for root in plan.submissions if root not in there}
    with Workers(sum(sizes.values()), (plan, table)) as workers:
        if table is None:
            table, parts = _make_without_course(plan, seen, workers, tick)
        else:
            parts = _make_with_course(plan, table, sizes, workers, tick)
    return table, sorted([*there.values(), *parts], key=lambda part: part.prefix)


def _parts_in_place(plan: Plan, roots: Iterable[str]) -> dict[str, Part]:
    """By root, parts that lie in the dataset of before, where nobody touched it; without those that cannot be recalled.

    (Each is sooner read here than handed over by another process.)
    """
    parts = {root: read_part(plan.kept.parts[root]) for root in roots}
    return {root: replace(part, how="in place") for root, part in parts.items() if part is not None}


def _make_with_course(
    plan: Plan, table: ClassTable, sizes: Mapping[str, int], workers: Workers, tick: Tick
) -> list[Part]:
    """Each submission by one process; but one that is most of the work is read here, with the help of all."""
    changed = {root: size for root, size in sizes.items() if root not in plan.unchanged}
    together = not workers.are_processes or max(changed.values(), default=0) > 0.6 * sum(changed.values())
    apart = {root: size for root, size in sizes.items() if not (together and root in changed)}
    futures = {workers.call(_make_in_worker, root): root for root in biggest_first(apart)}
    parts = [_make_with_help(plan, root, workers, tick).write(table, tick) for root in changed] if together else []
    done, total = sum(sizes[part.root] for part in parts), sum(sizes.values())
    for future in as_completed(futures):
        parts.append(future.result())
        done += sizes[futures[future]]
        tick("prepare submissions", done, total)
    return parts


def _make_in_worker(shared: tuple[Plan, ClassTable], root: str) -> Part:
    return make_part(*shared, root)


def _make_with_help(plan: Plan, root: str, workers: Workers, tick: Tick) -> Making:
    """A submission that is read here, while others work on its files."""
    making = Making(plan, root, workers)
    making.read(tick)
    return making


def _make_without_course(plan: Plan, seen: Survey, workers: Workers, tick: Tick) -> tuple[ClassTable, list[Part]]:
    """The classes are what the submissions call them, so all are read before the first can be written."""
    makings = [_make_with_help(plan, root, workers, tick) for root in plan.submissions]
    parsed = [making.reading.parsed for making in makings]
    table = own_table(parsed, is_cohort=seen.layout.is_cohort, answers=plan.answers)
    return table, [making.write(table, tick) for making in makings]


def _join(
    submissions: Path, seen: Survey, parts: list[Part], leakage: bool, tick: Tick, before: Compared | None = None
) -> Joined:
    outside = [*sign(seen.findings, seen.places), *outside_findings(seen.outside), *_nobodys(seen, parts)]
    joined = join(parts, outside, leakage, tick, before)
    if not any(len(part) for part in parts):
        raise LabError("there is no readable picture under this folder", submissions, _advice(joined.findings))
    return joined


def _nobodys(seen: Survey, parts: list[Part]) -> list[Finding]:
    return nobodys_lines(seen.shared_lists, frozenset(line for part in parts for line in part.shared_lines))


def _result(
    out: Path, seen: Survey, table: ClassTable, parts: list[Part], joined: Joined, fingerprint: str
) -> PrepareResult:
    made = sum(part.how in {"made", "mended"} for part in parts)
    return PrepareResult(
        out, table.names, fingerprint, seen.layout.is_cohort, seen.course_file, joined.findings,
        summarise(parts, table.names, joined.findings), seen.language, made, len(parts),
    )  # fmt: skip


def _advice(findings: Sequence[Finding]) -> str:
    refused = next((f for f in sorted(findings) if f.severity.value == "error"), None)
    if refused is None:
        return "Give the folder that holds the class folders, or one dataset with its pictures."
    return f"For instance {refused.file}: {refused.message}."
