"""One team's submission on disk: five sequences of four frames, three for training, one each for val and test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from labtools.prepare.config import SplitPolicy
from labtools.prepare.layout.naming import sequences_of
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree
from labtools.prepare.sources.walk import read_tree
from labtools.prepare.splits.plan import Splits, plan_splits

ROOT = "velo/tic_et_tac"
SPLIT = {1: "train", 2: "train", 3: "train", 4: "val", 5: "test"}


def true_split() -> dict[str, str]:
    return {f"{ROOT}/{s}/images/frame_{i:06d}.jpg": SPLIT[s] for s in SPLIT for i in range(4)}


@pytest.fixture(scope="session")
def truth() -> dict[str, str]:
    """Picture -> split."""
    return true_split()


def plan(tree: Tree, root: str = ROOT, **options: Any) -> Splits:
    """`plan_splits` of what lies under a root, called as the pipeline does."""
    own = tree.under(root)
    images = own.images
    policy = options.pop("policy", SplitPolicy())
    return plan_splits(own, ImageIndex(images, root), images, sequences_of(images, root), root, policy, **options)


@pytest.fixture
def submit(tmp_path: Path) -> Callable[..., Splits]:
    """``submit({"train.txt": ...}, images=[...], root="velo/tic_et_tac", answers=...)``: the split of a submission.

    Files are given below the root, with ``/`` in front from the top.
    """

    runs = itertools.count()

    def call(
        files: Mapping[str, str | bytes], images: list[str] | None = None, root: str = ROOT, **options: Any
    ) -> Splits:
        top = tmp_path / str(next(runs))
        for path in images if images is not None else true_split():
            target = top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.encode())
        for path, content in files.items():
            target = top / (path[1:] if path[0] == "/" else f"{root}/{path}" if root else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        tree, _ = read_tree(top)
        return plan(tree, root, **options)

    return call
