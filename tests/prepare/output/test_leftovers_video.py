"""What is said of files that nothing used, beyond their name."""

from __future__ import annotations

from pathlib import Path

from labtools.core.findings import Severity
from labtools.prepare.output.leftovers import leftover_findings
from labtools.prepare.sources.walk import read_tree


def test_a_video_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "rush 1.MP4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(1_500_000))
    tree, _ = read_tree(tmp_path)
    (finding,) = leftover_findings(tree, (), has_annotations=True)
    assert (finding.code, finding.severity) == ("video-not-used", Severity.WARNING)
    assert "a video (1.5 MB)" in finding.message
    assert "ffmpeg -i 'rush 1.MP4' -start_number 0 images/frame_%06d.jpg" in finding.message


def test_boxes_in_a_list_that_are_not_read_are_said(tmp_path: Path) -> None:
    """Kaggle's: a box in one cell, and no class. As `train.csv` it is a list too, and so was used."""
    (tmp_path / "train.csv").write_text('image_id,width,height,bbox\na,64,48,"[1.0, 2.0, 30.0, 20.0]"\n')
    (tmp_path / "val.csv").write_text("image_id,source\nb,[2024] usask\n")
    tree, _ = read_tree(tmp_path)
    (finding,) = leftover_findings(tree, (), has_annotations=False, lists=("train.csv", "val.csv"))
    assert (finding.code, finding.file, finding.severity) == ("format-unsupported", "train.csv", Severity.ERROR)
