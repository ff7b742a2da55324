"""Detection from end to end on real videos, images, folders and lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

from labtools import yolo
from labtools.artifacts.detections import COLUMNS
from labtools.core.draw import Image
from labtools.core.errors import LabError
from labtools.core.files import hash_file, read_json
from labtools.demo.scales import WEIGHTS
from labtools.detect.frames import VideoReader, write_image
from labtools.detect.pipeline import Request, detect
from labtools.detect.weights import Choice

PRETRAINED = WEIGHTS / "yolov8p.pt"


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., Request]:
    def make(source: Path, **settings: Any) -> Request:
        choice = Choice(PRETRAINED, "", "asked for")
        return Request(source=source, weights=choice, out=tmp_path / "out", name="seen", **settings)

    return make


def test_a_video(
    tmp_path: Path, make_video: Callable[..., Path], shapes_clip: list[Image], request_for: Callable[..., Request]
) -> None:
    source = make_video(tmp_path / "clip.mp4", shapes_clip)
    ticks: list[tuple[str, int, int]] = []
    outcome = detect(request_for(source), lambda step, done, total: ticks.append((step, done, total)))
    assert outcome.folder == tmp_path / "out" / "seen"
    assert sorted(p.name for p in outcome.folder.iterdir()) == ["clip.mp4", "detect.json", "detections.csv"]
    assert ticks[-1] == ("clip.mp4", 10, 10)

    table = pd.read_csv(outcome.folder / "detections.csv")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == outcome.detections > 5
    assert set(table["class_name"]) & {"ball", "box"}
    assert table["frame"].between(0, 9).all()
    np.testing.assert_allclose(table["time_s"], table["frame"] / 30, atol=1e-6)
    assert (table["conf"] >= 0.25).all()
    assert ((table["x1"] < table["x2"]) & (table["y1"] < table["y2"])).all()
    assert table[["x1", "y1", "x2", "y2"]].to_numpy().max() <= 160

    # The same frames one by one: what the table says does not depend on how frames were grouped.
    detector = yolo.Detector(PRETRAINED)
    with VideoReader(source) as reader:
        alone = [box for frame in reader for box in detector.detect([frame.image])[0].xyxy]
    np.testing.assert_allclose(table[["x1", "y1", "x2", "y2"]], alone, atol=0.02)

    with av.open(str(outcome.folder / "clip.mp4")) as container:
        drawn = [f.to_ndarray(format="bgr24") for f in container.decode(video=0)]
    assert len(drawn) == 10
    row = table[table["frame"] == 4].iloc[0]
    x, y1, y2 = int(row["x2"]) - 1, int(row["y1"]), int(row["y2"])
    edge = np.abs(drawn[4][y1:y2, x].astype(int) - shapes_clip[4][y1:y2, x].astype(int))
    assert edge.mean() > 15, "a box was drawn there"

    record = read_json(outcome.folder / "detect.json")
    assert record["weights_hash"] == hash_file(PRETRAINED)
    assert (record["conf"], record["imgsz"], record["frames"], record["skipped"]) == (0.25, 160, 10, [])
    assert record["files"][0]["fps"] == 30
    assert set(record["ms_per_frame"]) == {"decode", "detect", "draw", "encode"}


def test_a_folder_with_broken_files(
    tmp_path: Path, make_video: Callable[..., Path], shapes_clip: list[Image], request_for: Callable[..., Request]
) -> None:
    folder = tmp_path / "mixed"
    write_image(folder / "one" / "a.png", shapes_clip[0])
    write_image(folder / "two" / "a.png", np.full((50, 71, 3), 90, dtype=np.uint8))
    make_video(folder / "clip.avi", shapes_clip[:3])
    (folder / "broken.jpg").write_bytes(b"nonsense")
    (folder / "broken.mp4").write_bytes(b"nonsense")
    outcome = detect(request_for(folder, conf=0.1))
    assert [(s.source, s.output, s.frames, s.width, s.height) for s in outcome.seen] == [
        ("clip.avi", "clip.mp4", 3, 160, 160),
        ("one/a.png", "one/a.png", 1, 160, 160),
        ("two/a.png", "two/a.png", 1, 71, 50),
    ]
    assert [s.name for s in outcome.skipped] == ["broken.jpg", "broken.mp4"]
    assert all((outcome.folder / s.output).is_file() for s in outcome.seen)
    table = pd.read_csv(outcome.folder / "detections.csv")
    assert set(table["source"]) >= {"clip.avi", "one/a.png"}
    assert (table.loc[table["source"] == "one/a.png", ["frame", "time_s"]] == 0).all(axis=None)
    assert outcome.frames == 5


def test_nothing_found_is_an_empty_table(tmp_path: Path, request_for: Callable[..., Request]) -> None:
    write_image(tmp_path / "grey.jpg", np.full((64, 64, 3), 90, dtype=np.uint8))
    outcome = detect(request_for(tmp_path / "grey.jpg", conf=0.99))
    assert outcome.detections == 0
    assert tuple(pd.read_csv(outcome.folder / "detections.csv").columns) == COLUMNS


def test_settings_reach_the_network(
    tmp_path: Path, shapes_clip: list[Image], request_for: Callable[..., Request]
) -> None:
    source = tmp_path / "a.png"
    write_image(source, shapes_clip[0])
    few, many = (detect(request_for(source, conf=conf)).detections for conf in (0.99, 0.01))
    assert few < many
    outcome = detect(request_for(source, imgsz=64))
    assert read_json(outcome.folder / "detect.json")["imgsz"] == 64
    assert outcome.folder.name == "seen-3"


def test_what_cannot_be_read_leaves_no_folder(tmp_path: Path, request_for: Callable[..., Request]) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"nonsense" * 100)
    with pytest.raises(LabError, match="cannot be opened"):
        detect(request_for(tmp_path / "bad.mp4"))
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"nonsense")
    with pytest.raises(LabError, match=r"none of the 2 files could be read; the first: .*decoded"):
        detect(request_for(folder))
    (tmp_path / "bad.pt").write_bytes(b"nonsense")
    not_weights = replace(request_for(folder), weights=Choice(tmp_path / "bad.pt", "", "asked for"))
    with pytest.raises(LabError, match="not a YOLO checkpoint"):
        detect(not_weights)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interrupted_detection_leaves_nothing(
    tmp_path: Path, make_video: Callable[..., Path], shapes_clip: list[Image], request_for: Callable[..., Request]
) -> None:
    source = make_video(tmp_path / "clip.mp4", shapes_clip)

    def interrupt(step: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detect(request_for(source), interrupt)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_video_cut_short_is_noted(
    tmp_path: Path, make_video: Callable[..., Path], request_for: Callable[..., Request]
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (30, 64, 64, 3), dtype=np.uint8)
    whole = make_video(tmp_path / "a.avi", list(noise))
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    seen = detect(request_for(whole)).seen[0]
    assert 3 < seen.frames < 27
    assert "cut short" in seen.note or "stopped after" in seen.note
