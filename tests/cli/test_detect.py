"""`labtools detect` as people and programs call it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labtools.demo.simulate import SHAPES, random_actor, simulate_clip
from labtools.detect.frames import VideoReader, VideoWriter


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "labtools", "detect", *arguments]


def labtools(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, check=False)


def write_clip(path: Path, frames: int) -> None:
    rng = np.random.default_rng(5)
    cast = [random_actor(rng, kind, (160, 160)) for kind in list(SHAPES)[:2]]
    shots = list(simulate_clip(rng, (160, 160), 8, cast))
    with VideoWriter(path, (160, 160), Fraction(25), Fraction(1, 25)) as writer:
        for index in range(frames):
            writer.write(shots[index % len(shots)].image, index)


def test_detect_with_the_best_run(shapes_runs: Path) -> None:
    lab = shapes_runs.parents[1]
    write_clip(lab / "film.mp4", 8)
    done = json.loads((shapes_runs / "yolov8p_160_nofreeze" / "done.json").read_text(encoding="utf-8"))
    (shapes_runs / "yolov8p_160_nofreeze" / "done.json").write_text(json.dumps(done | {"map50_95": 0.7}))
    shown = labtools("film.mp4", "--json", cwd=lab)
    assert shown.returncode == 0, shown.stderr
    assert "weights: yolov8p_160_nofreeze (the best of 2 finished runs, mAP50-95 0.700 on val)" in shown.stderr
    answer = json.loads(shown.stdout.splitlines()[-1])
    folder = Path(answer["folder"])
    assert folder == lab / "runs" / "detect" / "film"
    assert (answer["run_id"], answer["frames"]) == ("yolov8p_160_nofreeze", 8)
    assert answer["detections"] == len(pd.read_csv(folder / "detections.csv")) > 0
    with VideoReader(folder / "film.mp4") as reader:
        assert (len(list(reader)), reader.rate) == (8, 25)


def test_mistakes_are_three_lines(tmp_path: Path) -> None:
    for arguments, message in (
        (("absent.mp4", "--weights", "nowhere.pt"), "nowhere.pt is not here"),
        (("absent.mp4",), "no run matches"),
    ):
        shown = labtools(*arguments, cwd=tmp_path)
        assert shown.returncode == 2
        assert message in shown.stderr.replace("\n", " ")
        assert "Traceback" not in shown.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process on Windows")
def test_ctrl_c_leaves_no_broken_video(shapes_runs: Path) -> None:
    lab = shapes_runs.parents[1]
    write_clip(lab / "film.mp4", 2000)
    process = subprocess.Popen(
        command("film.mp4", "--weights", "yolov8f_96_freeze"),
        cwd=lab,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    part = lab / "runs" / "detect" / ".film.part"
    deadline = time.monotonic() + 60
    while not list(part.glob(".film.mp4.part")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    _, trouble = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in trouble
    assert "weights: yolov8f_96_freeze (asked for)" in trouble
    assert list((lab / "runs" / "detect").iterdir()) == []
