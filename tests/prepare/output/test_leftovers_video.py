"""A video among the pictures is named, with the command that makes frames of it."""

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
