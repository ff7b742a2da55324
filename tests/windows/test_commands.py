"""What students run, on Windows in miniature: see `like_windows/sitecustomize.py`."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from labtools.artifacts.runs import read_run
from labtools.prepare import pipeline

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; on Windows, all tests do this"),
    pytest.mark.skipif(not hasattr(pathlib, "_posix_flavour"), reason="Python 3.12 has another pathlib beneath"),
]

Run = Callable[..., subprocess.CompletedProcess[str]]

# Commands in one process, as importing torch takes longer than they do. argv: one command each, in JSON.
_COMMANDS = """
import json, sys
from labtools.cli.main import main
for command in json.loads(sys.argv[1]):
    sys.argv = ["labtools", *command]
    try:
        main()
    except SystemExit as end:
        if end.code:
            sys.exit(f"{command}: {end.code}")
"""

_MODULES = """
import importlib, pkgutil, sys
import labtools
names = [module.name for module in pkgutil.walk_packages(labtools.__path__, "labtools.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""

# What the miniature is there for; compiled as a module of labtools.
_REFUSALS = """
import os, sys
from pathlib import Path
os.mkdir("folder")
path = Path("folder", "a.json")
path.write_bytes(b"1")
def refused(act):
    try:
        act()
    except (OSError, AttributeError, ImportError) as error:
        return True
    print("not refused", act.__code__.co_firstlineno)
def lacks():
    import fcntl
with open(path, "rb") as file:
    assert refused(lambda: os.replace(__file__, path))
    assert refused(lambda: path.unlink())
    assert refused(lambda: os.rename("folder", "other"))
assert refused(lambda: os.rename(__file__, path)) and refused(lambda: Path("folder", "A.json").write_bytes(b""))
for name in ("a:b", "aux.txt", "a.", "b ", "what?"):
    assert refused(lambda: os.mkdir(name))
assert refused(lambda: os.fork) and refused(lacks) and refused(lambda: os.open("folder", os.O_RDONLY))
assert refused(lambda: os.read(os.open(path, os.O_RDONLY), 1)) and refused(lambda: path.read_text())
path.write_text("a\\n", encoding="utf-8")
assert path.read_bytes() == b"a\\r\\n" and str(path) == "folder\\\\a.json" and sys.platform == "win32"
assert os.read(os.open(str(path), os.O_RDONLY | os.O_BINARY), 9) == b"a\\r\\n"
path.chmod(0o444)
assert refused(lambda: path.unlink()) and refused(lambda: os.symlink(path, "link"))
"""


@pytest.fixture
def on_windows(tmp_path: Path) -> Run:
    """``on_windows(code, *arguments)``: run by a Python that takes this for Windows, in a folder of its own."""

    def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).with_name("like_windows")),
            "LIKE_WINDOWS": os.path.realpath(tmp_path),
            "LABTOOLS_CACHE": str(tmp_path / "cache"),
            "PYTHONIOENCODING": "cp1252",
        }
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, encoding="cp1252", check=False, timeout=120
        )

    return run


def _labtools(on_windows: Run, *commands: list[str]) -> str:
    done = on_windows(_COMMANDS, json.dumps(commands))
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_the_miniature_refuses_what_windows_refuses(on_windows: Run, tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(_REFUSALS, encoding="utf-8")
    done = on_windows("import runpy; runpy.run_path('one.py', run_name='labtools.one')")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_can_be_imported(on_windows: Run) -> None:
    done = on_windows(_MODULES)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 300


def _submission(folder: Path) -> None:
    rng = np.random.default_rng(5)
    for number in range(12):
        path = folder / str(number % 3) / "images" / f"été {number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".jpg", rng.integers(0, 255, (48, 64, 3), np.uint8))[1].tobytes())
        label = folder / str(number % 3) / "labels" / f"été {number}.txt"
        label.parent.mkdir(exist_ok=True)
        label.write_text("0 0,5 0.5 0.5 0.5\r\n", encoding="utf-16")
    path.chmod(0o444)


def _dataset(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_prepare_writes_the_same_bytes(on_windows: Run, tmp_path: Path) -> None:
    """First, again, after one team's fix, beside it in another split, and over a dataset with a read-only picture."""
    for team in ("équipe 🎈", "CON", "les bleus"):
        _submission(tmp_path / "in" / "ballon" / team)
    shutil.make_archive(str(tmp_path / "in" / "ballon" / "zippés"), "gztar", tmp_path / "in" / "ballon" / "CON")
    course = tmp_path / "course.yaml"
    course.write_text("names: [ballon]\n", encoding="utf-8")
    prepare = ["prepare", "in", "--course", "course.yaml", "--out"]
    shown = _labtools(on_windows, [*prepare, "out"], [*prepare, "out"], [*prepare, "out", "--resplit", "random"])
    assert "équipe ?" in shown, "Windows' own letters have no balloon"
    first = _dataset(tmp_path / "out")
    (tmp_path / "in" / "ballon" / "les bleus" / "1" / "labels" / "été 1.txt").write_bytes(b"0 .2 .2 .1 .1")
    _labtools(on_windows, [*prepare, "out"], [*prepare, "fresh"], [*prepare, "fresh", "--images", "copy"])
    assert first != _dataset(tmp_path / "out") == _dataset(tmp_path / "fresh")

    pipeline.prepare(tmp_path / "in", tmp_path / "here", course, leakage=True)
    assert _dataset(tmp_path / "here") == _dataset(tmp_path / "out")
    assert not any(b"\\" in content or b"\r" in content for name, content in first.items() if name.endswith("yaml"))


def test_runs_are_looked_at_and_measured(on_windows: Run, shapes_runs: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "à voir"
    pictures.mkdir()
    dataset = Path(read_run(shapes_runs / "yolov8f_96_freeze").spec.data).parent
    shutil.copyfile(next((dataset / "images").rglob("*.jpg")), pictures / "ça.jpg")
    shown = _labtools(
        on_windows,
        ["status", "--json"],
        ["evaluate", "--split", "test", "--runs", "*_96_*"],
        ["detect", "à voir", "--weights", "yolov8f_96_freeze"],
    )
    assert r"written: runs\shapes\results\test\results.csv" in shown
    assert (tmp_path / "runs" / "detect" / "a_voir" / "detections.csv").is_file(), shown
