"""This dataset beside another one, last year's say: how much, where, how large, of which shape."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labtools.report.cells import Format, count, linked, make_table, percent
from labtools.report.content import DATASET, LOOKS, NUMBERS, Block, Note, Page, Plot, Prose, Section
from labtools.report.data import Data
from labtools.report.figures.compare import draw_counts_beside
from labtools.report.pages import Plan
from labtools.report.pages._common import portrait_gallery
from labtools.report.pages._compare import heat_pair_plot, owners, totals_table
from labtools.report.pages._leakage import leakage_table
from labtools.report.pages._shapes import image_sizes_text, paired_shapes
from labtools.report.tables.compare import (
    Pair,
    beside,
    class_pairs,
    counts_beside,
    match_classes,
    totals,
)

_NUMBERS = "Both datasets in numbers. Centre, size and area are shares of the image; wider than high is in pixels."

title = "Beside"
order = 12


def build(plan: Plan) -> Sequence[Page]:
    data, other = plan.results.data, plan.results.compared
    if data is None or other is None:
        return []
    whose = owners(data, other)
    pairs = class_pairs(data.boxes, other.boxes, match_classes(data.classes, other.classes))
    sections = (
        Section("amounts", "How much", DATASET, NUMBERS, _amounts(plan, data, other, whose)),
        Section("where", "Where the objects are", DATASET, NUMBERS, _heat(pairs, whose, "centre")),
        Section("extent", "How wide and how high", DATASET, NUMBERS, _heat(pairs, whose, "size")),
        Section("shapes", "Sizes and shapes", DATASET, NUMBERS, _shapes(plan, pairs, whose)),
        *_leakage(plan, data, other, whose),
        Section("looks", "What the objects look like", DATASET, LOOKS, _looks(data, other, whose)),
    )
    lead = f"{whose[0]} on the left or above, {whose[1]} on the right or below, on the same scales."
    opening = _unmatched(data, other, whose)
    return [Page("pages/compare.html", f"{whose[0]} beside {whose[1]}", title, "macro", lead, sections, opening)]


def _unmatched(data: Data, other: Data, whose: tuple[str, str]) -> tuple[Block, ...]:
    """Which classes stand alone: maps of all classes compare different objects then."""
    matched = match_classes(data.classes, other.classes)
    ours, theirs = {a for a, _ in matched}, {b for _, b in matched}
    alone = [f"only in {whose[0]}: {', '.join(n)}" for n in [[c for c in data.classes if c not in ours]] if n]
    alone += [f"only in {whose[1]}: {', '.join(n)}" for n in [[c for c in other.classes if c not in theirs]] if n]
    if not alone:
        return ()
    named = f"{len(matched)} classes have the same name in both" if matched else "No class has the same name in both"
    return (Note(f"{named}; {'; '.join(alone)}."),)


def _amounts(plan: Plan, data: Data, other: Data, whose: tuple[str, str]) -> tuple[Block, ...]:
    numbers = (totals(data.manifest, data.boxes), totals(other.manifest, other.boxes))
    frame = counts_beside(data.boxes, other.boxes, data.classes, other.classes)
    columns: list[tuple[str, str, Format]] = [
        ("class", "class", linked(plan.class_paths)),
        ("boxes", whose[0], count),
        ("pct", "%", percent),
        ("other_boxes", whose[1], count),
        ("other_pct", "%", percent),
    ]
    return (
        totals_table((data.boxes, other.boxes), whose, _NUMBERS, "compare-totals", numbers),
        make_table("Boxes of each class, and their share of all boxes.", frame, columns, name="compare-boxes"),
        Plot(
            "compare-instances",
            f"Pairs of bars: share of each class among the boxes of {whose[0]} and of {whose[1]}",
            "How the boxes are spread over the classes.",
            frame,
            partial(draw_counts_beside, whose=whose),
        ),
    )


def _heat(pairs: Sequence[Pair], whose: tuple[str, str], what: str) -> tuple[Block, ...]:
    """A large pair for all classes, a small one for each class that both datasets have."""
    everyone = heat_pair_plot(pairs[:1], whose, what, f"compare-{what}s-all", "all classes")
    by_class = heat_pair_plot(pairs[1:], whose, what, f"compare-{what}s-classes", "each class of both")
    return tuple(p for p in (everyone, by_class) if p is not None) or (Prose("Neither dataset has a box."),)


def _shapes(plan: Plan, pairs: Sequence[Pair], whose: tuple[str, str]) -> tuple[Block, ...]:
    mine = [(label, one) for label, one, _ in pairs]
    theirs = [(label, two) for label, _, two in pairs]
    return (Prose(image_sizes_text(plan.results)), *paired_shapes(mine, theirs, whose, plan.results, "compare"))


def _leakage(plan: Plan, data: Data, other: Data, whose: tuple[str, str]) -> tuple[Section, ...]:
    """Both verdicts, where both were looked at: last year's split, or another split of the same pictures."""
    if data.leakage_summary.empty or other.leakage_summary.empty:
        return ()
    summary = beside(data.leakage_summary, other.leakage_summary, whose)
    everyone = summary[summary["level"] == "all"]
    table = leakage_table(plan, everyone, "Leakage of both.", "compare-leakage", "whose", "split")
    return (Section("leakage", "Leakage between splits", DATASET, NUMBERS, (table,)),)


def _looks(data: Data, other: Data, whose: tuple[str, str]) -> tuple[Block, ...]:
    return (
        portrait_gallery(data, "compare-this", f"{whose[0]}: one box of each class."),
        portrait_gallery(other, "compare-other", f"{whose[1]}: one box of each class."),
    )
