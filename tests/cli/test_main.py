"""The door: help at once, mistakes as three lines, bugs with their traceback."""

from __future__ import annotations

import errno
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer

from labtools.cli import main

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


def _imported(arguments: list[str], among: Sequence[str], cwd: Path) -> tuple[str, list[str]]:
    """What that command prints, and which of these modules it imports."""
    code = (
        f"import sys\nfrom labtools.cli.main import main\nsys.argv = ['labtools', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"sys.stderr.write(' '.join(sorted(set(sys.modules) & set({among!r}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd)
    return done.stdout, done.stderr.split()


@pytest.mark.parametrize("command", [[], ["train-matrix"]])
def test_help_imports_nothing_heavy(command: list[str], tmp_path: Path) -> None:
    """What makes --help instant, said without a clock."""
    shown, imported = _imported([*command, "--help"], HEAVY, tmp_path)
    assert "Usage: labtools" in shown and imported == []


def test_a_command_does_not_import_the_others(tmp_path: Path) -> None:
    own, *others = (f"labtools.cli.{name}" for name in ("status", "evaluate", "detect"))
    shown, imported = _imported(["status", "--help"], [own, *others, "rich.progress"], tmp_path)
    assert "labtools status --watch" in shown and imported == [own]


def test_a_mistake_is_three_lines_and_exit_code_2(tmp_path: Path) -> None:
    done = _labtools("prepare", "no [folder] here", cwd=tmp_path)
    lines = done.stderr.strip().splitlines()
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert [line.split(":")[0].strip() for line in lines[-3:]] == ["error", "where", "fix"]
    assert "no [folder] here" in done.stderr


def test_the_version(tmp_path: Path) -> None:
    assert _labtools("--version", cwd=tmp_path).stdout.startswith("labtools ")


def test_an_interruption_is_a_sentence_and_exit_code_130(capsys: pytest.CaptureFixture[str]) -> None:
    """In this process; with a real Ctrl-C in test_status.py."""

    def command() -> None:
        raise KeyboardInterrupt

    with pytest.raises(typer.Exit) as stopped:
        main._interruptible(command)()
    assert stopped.value.exit_code == 130
    assert "interrupted: run the same command again" in capsys.readouterr().err


def test_a_half_that_cannot_be_written_is_told_by_its_folder() -> None:
    half = str(Path("runs") / ".beat.1.json.x1y2.tmp")
    assert main._where(PermissionError(errno.EACCES, "no", half)) == "runs"
    assert main._where(PermissionError(errno.EACCES, "no", "runs/run.json")) == "runs/run.json"
