"""The folder of a demo: gone on with where it is one, left alone where it is not. (Apart from the tests that wait for a
whole demo, which come last.)"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from labtools.core.progress import silent
from labtools.demo.pipeline import DemoFolder, simulate


def test_a_demo_that_was_interrupted_goes_on_with_the_same_cohort(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path / "lab")
    simulate(folder, silent)
    before = {p: p.stat().st_mtime_ns for p in folder.submissions.rglob("*") if p.is_file()}
    (folder.root / "submissions.partial").mkdir()
    folder.matrix.write_text("epochs: 100\n", encoding="utf-8")
    simulate(folder, silent)
    assert folder.matrix.read_text(encoding="utf-8") == "epochs: 100\n", "somebody wants to see more"
    assert len(before) > 300
    assert {p: p.stat().st_mtime_ns for p in folder.submissions.rglob("*") if p.is_file()} == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("my thesis")
    command = [sys.executable, "-m", "labtools", "demo", "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "holds something else" in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]
