"""The door: help at once, mistakes as three lines, bugs with their traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("torch", "ultralytics", "pandas", "matplotlib", "cv2")


def _labtools(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labtools", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_help_lists_the_commands_in_the_order_of_a_lab(tmp_path: Path) -> None:
    shown = _labtools("--help", cwd=tmp_path).stdout
    places = [shown.index(f" {c} ") for c in ("prepare", "train-matrix", "status", "evaluate", "detect", "report")]
    assert places == sorted(places)
    assert "│ lane " not in shown


@pytest.mark.parametrize("command", ["prepare", "train-matrix", "status", "evaluate", "detect", "report", "demo"])
def test_help_of_a_command_has_an_example(command: str, tmp_path: Path) -> None:
    shown = _labtools(command, "--help", cwd=tmp_path)
    assert shown.returncode == 0 and f"labtools {command}" in shown.stdout.split("Example")[-1]


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    """What makes --help instant, said without a clock."""
    code = (
        "import sys\nfrom labtools.cli.main import main\nsys.argv = ['labtools', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(','.join(sorted(set(sys.modules) & set({HEAVY!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert "prepare" in done.stdout and done.stderr == ""


def test_a_mistake_is_three_lines_and_exit_code_2(tmp_path: Path) -> None:
    done = _labtools("prepare", "no [folder] here", cwd=tmp_path)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert [line.split(":")[0].strip() for line in lines[-3:]] == ["error", "where", "fix"]
    assert "no [folder] here" in done.stderr


def test_the_version(tmp_path: Path) -> None:
    assert _labtools("--version", cwd=tmp_path).stdout.startswith("labtools ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one process")
def test_an_interruption_is_a_sentence_and_exit_code_130(shapes_runs: Path) -> None:
    (shapes_runs / "yolov8f_96_freeze" / "done.json").unlink()  # --watch stays while something is to do
    command = [sys.executable, "-m", "labtools", "status", str(shapes_runs), "--watch"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()  # the grid is there: it is at work
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and "interrupted" in errors
