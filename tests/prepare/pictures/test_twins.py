"""Pictures that are the same to the byte."""

from __future__ import annotations

from labtools.core.findings import Severity
from labtools.prepare.pictures.twins import twin_findings

A, B, C = "velo/a/1/f.jpg", "velo/b/1/f.jpg", "velo/b/2/g.jpg"


def test_what_differs_is_said() -> None:
    boxes = {A: ["0 1"], B: ["0 1"], C: ["0 2"]}
    splits = {A: "train", B: "train", C: "test"}
    teams = {A: "a", B: "b", C: "b"}
    second, third = twin_findings([(A, B, C)], boxes, splits, teams)
    assert (second.file, second.team, second.code) == (B, "b", "image-twice")
    assert second.message == f"the same bytes as {A}, of another team (a)"
    assert (third.file, third.code, third.severity) == (C, "image-twice-across-splits", Severity.ERROR)
    assert "with different boxes, which is in train, this one in test" in third.message


def test_pictures_outside_the_dataset_do_not_count() -> None:
    assert twin_findings([(A, B)], {A: []}, {A: "train"}, {A: "a"}) == []
    assert twin_findings([(A, B)], {}, {}, {}) == []


def test_a_copied_video_is_one_finding() -> None:
    groups = [(f"velo/a/1/{n:03d}.jpg", f"velo/b/4/{n:03d}.jpg") for n in range(300)]
    paths = [path for group in groups for path in group]
    splits, boxes = dict.fromkeys(paths, "val"), {path: [] for path in paths}
    (finding,) = twin_findings(groups, boxes, splits, {path: path.split("/")[1] for path in paths})
    assert finding.file == "velo/b/4/000.jpg"
    assert finding.message.endswith("of another team (a) (and 299 more pictures of these two folders)")
