"""Pictures that programs left among the data: of a training or detection run, and masks beside their pictures.

In a submission whose split is made for it they would all be taken for frames; and ``runs/detect/train`` for a folder of
training pictures, beside which everything else is unlisted.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.layout.references import stem_key
from labtools.prepare.sources.tree import READ_ERRORS, Tree, folder_of, name_of, stem_of

# Ultralytics' runs/detect/predict2 and YOLOv5's runs/train/exp3; detections have no args.yaml.
_RUN = re.compile(
    r"(?:^|/)runs/(?:(?:detect|segment|classify|pose|obb)/[^/]+|(?:train|val)/exp\d*)(?=/)", re.IGNORECASE
)
_MASK_FOLDERS = frozenset({"segmentationclass", "segmentationobject", "segmentationclassraw", "masks", "mask"})
_MASK_END = re.compile(r"[ _-]masks?$")
_MAYBE_MASK = re.compile("mask|segmentation", re.IGNORECASE)


def find_byproducts(tree: Tree) -> tuple[frozenset[str], list[Finding]]:
    """The files of runs and the masks of one submission, and a finding for each folder of them."""
    runs = _files_of_runs(tree)
    masks = _masks(path for path in tree.images if path not in runs)
    return frozenset(runs) | masks, [*_said_of_runs(runs.values()), *_said_of_masks(masks)]


def _files_of_runs(tree: Tree) -> dict[str, str]:
    """Every file of a training or detection -> the folder of the run."""
    found = {folder_of(path) for path in tree.ending(".yaml") if _is_record(tree, path)}
    found |= {match.string[: match.end()] for folder in _folders(tree) if (match := _RUN.search(f"{folder}/"))}
    outer = {one for one in found if not any(one.startswith(f"{other}/") for other in found)} - {""}
    return {path: run for run in outer for path in tree.under(run)}


def _folders(tree: Tree) -> set[str]:
    return {path.rpartition("/")[0] for path in tree}


def _is_record(tree: Tree, path: str) -> bool:
    """Is this the ``args.yaml`` of Ultralytics or the ``opt.yaml`` of YOLOv5, with what it was called with?"""
    if name_of(path) not in {"args.yaml", "opt.yaml"}:
        return False
    try:
        data = tree.read(path)[: 1 << 14]
    except READ_ERRORS:
        return False
    return b"imgsz:" in data or (b"task:" in data and b"mode:" in data)


def _masks(images: Iterable[str]) -> frozenset[str]:
    """PNGs in folders for masks, or called ``<picture>_mask``, where the picture is there too."""
    paths = list(images)
    maybe = [path for path in paths if path[-4:].lower() == ".png" and _MAYBE_MASK.search(path) and _named(path)]
    if not maybe:
        return frozenset()
    pictures = {stem_key(stem_of(path)) for path in set(paths).difference(maybe)}
    return frozenset(path for path in maybe if _MASK_END.sub("", stem_key(stem_of(path))) in pictures)


def _named(path: str) -> bool:
    """Do its name or its folder say mask?"""
    return name_of(folder_of(path)).lower() in _MASK_FOLDERS or _MASK_END.search(stem_key(stem_of(path))) is not None


def _said_of_runs(runs: Iterable[str]) -> list[Finding]:
    counts: dict[str, int] = defaultdict(int)
    for run in runs:
        counts[run] += 1
    found = []
    for run, n in sorted(counts.items()):
        what = Sentence("what a training or a detection wrote ({n} {n:file|files}), not data", n=n)
        found.append(Finding("", run, 0, "run-not-used", Severity.WARNING, what, Action.LEFT_OUT))
    return found


def _said_of_masks(masks: Iterable[str]) -> list[Finding]:
    counts: dict[str, int] = defaultdict(int)
    for path in masks:
        counts[folder_of(path)] += 1
    found = []
    for folder, n in sorted(counts.items()):
        what = Sentence(
            "{n} {n:mask|masks} of pictures that are used: no {n:picture|pictures} of {n:its|their} own", n=n
        )
        found.append(Finding("", folder, 0, "mask-not-used", Severity.INFO, what, Action.LEFT_OUT))
    return found
