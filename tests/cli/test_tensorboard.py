"""A real TensorBoard over the runs of a matrix, asked as a browser asks it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from torch.utils.tensorboard import SummaryWriter

from labtools.artifacts.runs import RunSpec
from labtools.core.files import write_json
from labtools.train.attempt import events


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs that differ in their image size."""
    lab = tmp_path_factory.mktemp("L'été")
    for imgsz, map50 in ((320, 0.5), (640, 0.75)):
        folder = lab / "runs" / "dlcv" / f"yolov8n_{imgsz}_freeze"
        asked = {"model": "yolov8n", "freeze": 10, "imgsz": imgsz, "batch": 8, "epochs": 2, "seed": 0}
        rest = {"run_id": folder.name, "weights": "/w/yolov8n.pt", "data": "/d/dlcv.yaml", "fingerprint": "f"}
        write_json(folder / "run.json", RunSpec(**asked, **rest).to_json())
        events.write_hyperparameters(folder, asked)
        with SummaryWriter(str(folder)) as writer:
            for tag in events.METRICS:
                writer.add_scalar(tag, map50, 2)
    return lab


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "labtools", "tensorboard", *arguments]


@pytest.fixture(scope="module")
def address(lab: Path) -> Iterator[str]:
    board = subprocess.Popen(command("--port", "0"), cwd=lab, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert board.stdout is not None
    told = board.stdout.readline()
    found = re.fullmatch(r"TensorBoard of dlcv: (http://localhost:\d+/)\n", told)
    assert found is not None, board.stderr.read() if board.stderr and board.poll() is not None else told
    yield found[1]
    board.send_signal(signal.SIGINT)
    _, said = board.communicate(timeout=30)
    assert board.returncode == 130
    port = found[1].rsplit(":", 1)[1].strip("/")
    assert f"ssh -L {port}:localhost:{port} {socket.gethostname()}" in said
    assert "Traceback" not in said


def ask(url: str, question: dict[str, Any] | None = None) -> Any:
    body = json.dumps(question).encode() if question is not None else None
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - our own server
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def test_runs_are_compared_by_their_hyperparameters(address: str) -> None:
    end = time.monotonic() + 60
    while len(ask(f"{address}data/runs")) < 2:
        assert time.monotonic() < end, "the runs never appeared"
        time.sleep(0.2)
    question = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_RUNNING"],
        "colParams": [],
        "startIndex": 0,
        "sliceSize": 10,
    }
    groups = ask(f"{address}data/plugin/hparams/session_groups", question)["sessionGroups"]
    table = {group["name"]: (group["hparams"]["imgsz"], group["metricValues"][0]["value"]) for group in groups}
    assert table == {"yolov8n_320_freeze": (320, 0.5), "yolov8n_640_freeze": (640, 0.75)}


def test_a_taken_port_is_a_sentence(lab: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = subprocess.run(
            command("--port", str(port), "--host", "127.0.0.1"),
            cwd=lab,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "COLUMNS": "200"},
        )
    assert said.returncode == 2
    assert f"error: port {port} of 127.0.0.1 is taken" in said.stderr
    assert f"--port {port + 1}" in said.stderr and "Traceback" not in said.stderr
