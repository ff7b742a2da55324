"""The door: help at once, mistakes as three lines, bugs with their traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
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


def _prepare_odd_names(environment: dict[str, str], tmp_path: Path) -> subprocess.CompletedProcess[bytes]:
    folder = tmp_path / "équipe 🎈"
    folder.mkdir()
    (folder / "été 😀.jpg").write_bytes(cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes())
    (folder / "été 😀.txt").write_text("balle 0.5 0,5 0.5 0.5", encoding="utf-8")
    command = [sys.executable, "-m", "labtools", "prepare", folder.name, "--out", "données 🎈", "--json"]
    return subprocess.run(command, capture_output=True, check=False, cwd=tmp_path, env=os.environ | environment)


def test_letters_that_a_terminal_lacks_do_no_harm(tmp_path: Path) -> None:
    """What is sent to a file has the letters of the country on Windows."""
    done = _prepare_odd_names({"PYTHONIOENCODING": "cp1252"}, tmp_path)
    said = json.loads(done.stdout.decode("cp1252").splitlines()[-1])
    assert done.returncode == 0 and b"balle" in done.stdout
    assert os.fsencode(Path(said["out"]).name) == "données 🎈".encode()


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="their names of files have all letters")
def test_letters_that_names_of_files_lack_are_a_sentence(tmp_path: Path) -> None:
    """Python itself takes UTF-8 where there is no locale, unless it was told not to."""
    done = _prepare_odd_names({"LC_ALL": "C", "PYTHONUTF8": "0"}, tmp_path)
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert b"export PYTHONUTF8=1" in done.stderr


def _windows_error(number: int, code: int) -> OSError:
    error = OSError(code, "in the words of Windows", "C:\\lab\\ds")
    error.winerror = number  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (_windows_error(32, errno.EACCES), "another program has this open"),
        (OSError(errno.EPERM, "Operation not permitted", "/Users/z/Documents/a"), "the system does not permit this"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
    ],
)
def test_what_a_machine_can_suffer_is_a_sentence(error: OSError, sentence: str) -> None:
    trouble = main._disk_trouble(error)
    assert trouble is not None and trouble.what == sentence and trouble.fix


def test_a_path_that_is_too_long_for_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """There it is said of a folder that exists that it does not."""
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "C:\\" + "long\\" * 60)
    assert main._disk_trouble(error) is None, "a bug, elsewhere"
    monkeypatch.setattr(sys, "platform", "win32")
    trouble = main._disk_trouble(error)
    assert trouble is not None and "longer than Windows takes" in trouble.what
