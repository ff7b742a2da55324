"""The results, all of them: runs, classes, curves, confusions, speed, and pictures of what went right and wrong."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from labtools.artifacts.results import BACKGROUND, OVERALL
from labtools.report.cells import DASH, Format, count, decimal, linked, make_table, metric, text
from labtools.report.content import INFERENCE, LOOKS, NUMBERS, Block, Fold, Missing, Note, Page, Plot, Prose, Section
from labtools.report.figures.inference import (
    draw_class_curves,
    draw_confusion,
    draw_heat_matrix,
    draw_run_curves,
)
from labtools.report.figures.speed import draw_speed, draw_study
from labtools.report.figures.training import draw_pairs
from labtools.report.load import Results
from labtools.report.pages import Plan
from labtools.report.pages._common import (
    colours,
    confusion_table,
    example_galleries,
    missing_results,
    split_notes,
)
from labtools.report.tables import inference as rows
from labtools.report.tables.training import ordered

title = "Inference"
order = 30


def build(plan: Plan) -> Sequence[Page]:
    results = plan.results
    if not results.has_runs:
        return []
    if results.split is None:
        return [_page(results, (), (missing_results(results),))]
    sections = (
        Section("results", "All configurations", INFERENCE, NUMBERS, _results(results)),
        Section("per-class", "Class by class", INFERENCE, NUMBERS, _per_class(plan)),
        Section("pr-curves", "Precision against recall", INFERENCE, NUMBERS, _pr_curves(results)),
        Section("confidence", "Precision, recall and F1 against confidence", INFERENCE, NUMBERS, _confidence(results)),
        Section("confusion", "Who is taken for whom", INFERENCE, NUMBERS, _confusion(results)),
        Section("speed", "Speed against mAP", INFERENCE, NUMBERS, _speed(results)),
        Section("gap", "Val beside test", INFERENCE, NUMBERS, _gap(results)),
        Section("examples", "Right, wrong and missed", INFERENCE, LOOKS, example_galleries(results, "example", 9)),
    )
    return [_page(results, sections, split_notes(results))]


def _page(results: Results, sections: tuple[Section, ...], opening: tuple[Block, ...]) -> Page:
    where = f"on the {results.split} split" if results.split else "not yet evaluated"
    lead = (
        f"What the trained networks see, {where}. Values live in 0..1; a dash means that there was nothing to measure."
    )
    return Page("pages/inference.html", "Inference of every configuration", title, "macro", lead, sections, opening)


def metric_columns() -> list[tuple[str, str, Format]]:
    """Precision, recall, F1 and the three mAPs."""
    return [(column, label, metric) for column, label in rows.METRICS.items()]


def _results(results: Results) -> tuple[Block, ...]:
    table = ordered(results.table("results"))
    columns: list[tuple[str, str, Format]] = [
        ("run_id", "run", text),
        *metric_columns(),
        ("inference_ms", "inference, ms", decimal(1)),
        ("images", "images", count),
        ("instances", "instances", count),
    ]
    caption = (
        f"Every run on {results.split}; the best is marked ({results.best_why}). Precision, recall and F1 are read at "
        "the confidence where mean F1 is best. Times are those of the evaluation pass."
    )
    best = {"run_id": str(results.best)}
    return (make_table(caption, table, columns, name="inference-results", best=best),)


def _per_class(plan: Plan) -> tuple[Block, ...]:
    results = plan.results
    table = results.table("per_class")
    if table.empty:
        return (Missing("There are no per-class results.", (f"labtools evaluate --split {results.split}",)),)
    mine = table[table["run_id"] == results.best].sort_values("class_id", ignore_index=True)
    columns: list[tuple[str, str, Format]] = [
        ("class_name", "class", linked(plan.class_paths)),
        ("images", "images", count),
        ("instances", "instances", count),
        *metric_columns(),
    ]
    order = rows.run_order(results.table("results"))
    heat = table[["run_id", "class_name", "map50_95"]].rename(columns={"map50_95": "value"})
    heat = heat.set_index("run_id").loc[[r for r in order if r in set(heat["run_id"])]].reset_index()
    names = [c for c in results.classes if c in set(heat["class_name"])]
    blocks: list[Block] = [
        make_table(f"{results.best} on {results.split}, class by class.", mine, columns, name="inference-per-class"),
        Plot(
            "inference-class-heat",
            "Matrix: mAP50-95 of every class in every run",
            f"mAP50-95 of every class in every run. A pale column is a hard class, a pale line a weak run. {DASH}: no "
            f"instance in {results.split}.",
            heat,
            partial(draw_heat_matrix, key="class_name", order=names, unit="mAP50-95"),
        ),
    ]
    absent = mine.loc[~(mine["instances"] > 0), "class_name"].tolist()
    absent += [c for c in results.classes if c not in set(mine["class_name"])]
    if absent:
        blocks.insert(0, Note(f"No instance in {results.split}, hence nothing to measure: {', '.join(absent)}."))
    return tuple(blocks)


def _pr_curves(results: Results) -> tuple[Block, ...]:
    curves = results.table("curves")
    recall = curves[curves["kind"] == "recall"]
    if recall.empty:
        return (_no_curves(results),)
    mine = recall.loc[recall["run_id"] == results.best, ["class_name", "x", "precision"]]
    axes = ordered(results.table("results"))[["run_id", "model", "freeze_label", "imgsz"]]
    everyone = axes.merge(recall[recall["class_name"] == OVERALL], on="run_id")
    blocks: list[Block] = [
        Plot(
            "inference-pr",
            f"Lines: precision against recall of every class, {results.best}",
            f"{results.best} at IoU 0.5, class by class. The nearer to the upper right corner, the better; in "
            "grey, where classes have panels of their own, all the others.",
            mine,
            partial(draw_class_curves, colours=colours(results), axis=("recall", "precision"), values=("precision",)),
        )
    ]
    if len(everyone) and axes["run_id"].nunique() > 1:
        blocks.append(
            Plot(
                "inference-pr-runs",
                "Lines: precision against recall over all classes, for every run",
                "Every run, mean over classes.",
                everyone[["run_id", "model", "freeze_label", "imgsz", "x", "precision"]],
                draw_run_curves,
            )
        )
    return tuple(blocks)


def _no_curves(results: Results) -> Missing:
    return Missing("There are no curves of these runs.", (f"labtools evaluate --split {results.split}",))


def _confidence(results: Results) -> tuple[Block, ...]:
    curves = results.table("curves")
    mine = curves[(curves["kind"] == "conf") & (curves["run_id"] == results.best)]
    if mine.empty:
        return (_no_curves(results),)
    return (
        Plot(
            "inference-confidence",
            f"Lines: precision, recall and F1 against the confidence threshold, {results.best}",
            f"{results.best}: what happens when only predictions above a confidence are kept. Where F1 peaks is a fair "
            "threshold for labtools detect --conf.",
            mine[["class_name", "x", "precision", "recall", "f1"]],
            partial(
                draw_class_curves,
                colours=colours(results),
                axis=("confidence", ""),
                values=("precision", "recall", "f1"),
            ),
        ),
    )


def _confusion(results: Results) -> tuple[Block, ...]:
    table = results.table("confusion")
    if table.empty:
        return (Missing("There are no confusions on disk.", (f"labtools evaluate --split {results.split}",)),)
    names = [*results.classes, BACKGROUND]
    order = [r for r in rows.run_order(results.table("results")) if r in set(table["run_id"])]
    best = str(results.best)
    others = tuple(
        Fold(run, (confusion_table(rows.confusion_matrix(table, run, names), f"{run}: boxes, shaded by row."),))
        for run in order
        if run != best
    )
    blocks: list[Block] = [
        Prose("Rows are what is there, columns what was said, at confidence 0.25 and IoU 0.45."),
        Plot(
            "inference-confusion",
            f"Confusion matrix of {best}",
            f"{best}: the diagonal is right; the last column counts missed objects, the last row false alarms.",
            table.loc[table["run_id"] == best, ["true", "predicted", "count"]],
            partial(draw_confusion, names=names),
        ),
    ]
    if others:
        blocks.append(Fold(f"The other {len(others)} runs", others))
    return tuple(blocks)


def _speed(results: Results) -> tuple[Block, ...]:
    frame, measured = rows.speed_and_map(results.table("results"), results.speed)
    timing = "labtools evaluate --task speed"
    blocks: list[Block] = []
    if not measured:
        blocks.append(
            Missing(
                "Speed has not been timed apart for every run: these times come from the evaluation pass, which also "
                "worked on other things.",
                (f"{timing} --runs {results.name_typed}",),
            )
        )
    if frame.empty:
        return tuple(blocks)
    device = ", ".join(sorted(set(results.speed["device"]))) if measured else "evaluation pass"
    blocks.append(
        Plot(
            "inference-speed",
            "Points: mAP50-95 against milliseconds per image, one per run",
            "Up and to the left is better. The dashed line joins the runs that no other beats in both.",
            frame,
            partial(draw_speed, unit=f"ms per image, preparation and NMS included ({device})"),
        )
    )
    blocks.extend(_study(results))
    return tuple(blocks)


def _study(results: Results) -> list[Block]:
    if results.study.empty:
        return []
    study = results.study.assign(
        ms=results.study[["preprocess_ms", "inference_ms", "postprocess_ms"]].sum(axis=1, min_count=3)
    )
    # `ordered` sorts by imgsz within a model, so lines run from left to right and keep the colours of other figures.
    study = ordered(study)
    return [
        Plot(
            "inference-study",
            "Lines: mAP50-95 and time against the image size of the evaluation",
            "The same networks evaluated at other image sizes than the one they were trained at (dotted).",
            study[["run_id", "model", "freeze_label", "trained_imgsz", "imgsz", "map50_95", "ms"]],
            draw_study,
        )
    ]


def _gap(results: Results) -> tuple[Block, ...]:
    absent = [split for split in ("val", "test") if split not in results.splits]
    if absent:
        return (missing_results(results, absent[0]),)
    pairs = rows.two_splits(results.splits["val"]["results"], results.splits["test"]["results"], "map50_95")
    if pairs.empty:
        return (Missing("No run has been evaluated on both val and test.", ("labtools evaluate --split test",)),)
    return (
        Plot(
            "inference-gap",
            "Pairs of points: mAP50-95 on val and on test for every run",
            "A run much better on val than on test has learned what val shares with train: neighbouring frames of one "
            "video on both sides of the split do just that.",
            pairs,
            partial(
                draw_pairs,
                left=("left", "val"),
                right=("right", "test"),
                label="run_id",
                unit="mAP50-95",
            ),
        ),
    )
