"""Frames keep their number, their time, their size and their colours; what is broken is said in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.core.draw import Image
from labtools.core.errors import LabError
from labtools.detect.frames import VideoReader, VideoWriter, read_image, write_image

MakeVideo = Callable[..., Path]


def brightness(image: Image) -> float:
    """Of the lower right quarter, where the grey is."""
    return float(image[image.shape[0] // 2 :, image.shape[1] // 2 :].mean())


def decode(path: Path) -> tuple[Any, list[Any]]:
    """Codec context and frames, by PyAV alone."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream, list(container.decode(stream))


def test_reads_every_frame_with_its_time(tmp_path: Path, make_video: MakeVideo, corner_images: list[Image]) -> None:
    path = make_video(tmp_path / "a.mp4", corner_images, rate=Fraction(30000, 1001))
    with VideoReader(path) as reader:
        assert (reader.wh, reader.rate, reader.declared) == ((96, 64), Fraction(30000, 1001), 6)
        frames = list(reader)
        assert reader.damage == ""
    assert [f.index for f in frames] == list(range(6))
    assert [f.time_s for f in frames] == pytest.approx([i * 1001 / 30000 for i in range(6)])
    assert [brightness(f.image) for f in frames] == pytest.approx([40 + 20 * i for i in range(6)], abs=8)
    assert frames[0].image[4, 4].min() > 240


def test_keeps_uneven_times(tmp_path: Path, make_video: MakeVideo, corner_images: list[Image]) -> None:
    """Phones film at a rate that varies; the copy shows each frame when the source does."""
    times = [1000, 1030, 1100, 1133, 1180, 1500]  # thousandths; starts late
    source = make_video(tmp_path / "a.mkv", corner_images, times=times, time_base=Fraction(1, 1000))
    copy = tmp_path / "copy.mp4"
    with VideoReader(source) as reader:
        frames = list(reader)
        with VideoWriter(copy, reader.wh, reader.rate, reader.time_base) as writer:
            for frame in frames:
                writer.write(frame.image, frame.pts)
    since = [(t - 1000) / 1000 for t in times]
    assert [f.time_s for f in frames] == pytest.approx(since)
    assert [float(f.time) for f in decode(copy)[1]] == pytest.approx(since)


@pytest.mark.parametrize("rotation", [0, 90, -90, 180])
def test_phones_film_sideways(tmp_path: Path, make_video: MakeVideo, corner_images: list[Image], rotation: int) -> None:
    path = make_video(tmp_path / "a.mp4", corner_images, rotation=rotation)
    with VideoReader(path) as reader:
        image = next(iter(reader)).image
        assert reader.wh == (image.shape[1], image.shape[0]) == ((96, 64) if rotation in {0, 180} else (64, 96))
    # The white corner goes counterclockwise: upper left, lower left, lower right, upper right.
    white = {0: (4, 4), 90: (-4, 4), 180: (-4, -4), -90: (4, -4)}[rotation]
    assert image[white].min() > 240
    assert sum(image[y, x].min() > 240 for y in (4, -4) for x in (4, -4)) == 1


def test_writes_what_browsers_play(tmp_path: Path) -> None:
    """H.264, yuv420p, even size, index before the pictures, and the right number of frames at the right times."""
    path = tmp_path / "out.mp4"
    with VideoWriter(path, (61, 33), Fraction(25), Fraction(1, 25)) as writer:
        for index in range(7):
            writer.write(np.full((33, 61, 3), (200, 40, 90), dtype=np.uint8), index)
        assert not path.exists(), "it has no name before it is whole"
    stream, frames = decode(path)
    assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert (frames[0].width, frames[0].height) == (62, 34)
    assert stream.average_rate == 25
    assert [float(f.time) for f in frames] == pytest.approx([i / 25 for i in range(7)])
    data = path.read_bytes()
    assert 0 < data.find(b"moov") < data.find(b"mdat")
    np.testing.assert_allclose(frames[3].to_ndarray(format="bgr24")[10, 10], (200, 40, 90), atol=4)
    assert [p.name for p in tmp_path.iterdir()] == ["out.mp4"]


@settings(max_examples=12, deadline=None)
@given(width=st.integers(16, 70), height=st.integers(16, 70), count=st.integers(1, 5))
def test_any_size_survives(tmp_path_factory: pytest.TempPathFactory, width: int, height: int, count: int) -> None:
    path = tmp_path_factory.mktemp("any") / "a.mp4"
    with VideoWriter(path, (width, height), Fraction(30), Fraction(1, 30)) as writer:
        for index in range(count):
            writer.write(np.full((height, width, 3), 30 + 40 * index, dtype=np.uint8), index)
    with VideoReader(path) as reader:
        frames = list(reader)
    assert reader.wh == (width + width % 2, height + height % 2)
    assert [round((brightness(f.image) - 30) / 40) for f in frames] == list(range(count))


def test_a_frame_of_another_size_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with VideoWriter(path, (64, 48), Fraction(30), Fraction(1, 30)) as writer:
        writer.write(np.zeros((48, 64, 3), dtype=np.uint8), 0)
        writer.write(np.full((24, 32, 3), 200, dtype=np.uint8), 1)
    frames = decode(path)[1]
    assert [(f.width, f.height) for f in frames] == [(64, 48)] * 2


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_writer_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with (
        pytest.raises(error),
        VideoWriter(tmp_path / "a.mp4", (64, 48), Fraction(30), Fraction(1, 30)) as writer,
    ):
        writer.write(np.zeros((48, 64, 3), dtype=np.uint8), 0)
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_video_cut_short_gives_the_frames_that_are_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "a.mp4"
    with VideoWriter(path, (64, 48), Fraction(30), Fraction(1, 30)) as writer:
        for index in range(40):
            writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8), index)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with VideoReader(path) as reader:
        assert 5 < len(list(reader)) < 35
        assert reader.declared == 40


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"", "empty"), (b"this is not a video at all" * 50, "cannot be opened")],
)
def test_broken_videos_are_a_sentence(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LabError, match=message) as caught:
        VideoReader(path)
    assert caught.value.where == str(path)
    assert caught.value.fix


def test_sound_without_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 4096), dtype=np.float32), format="fltp", layout="mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(LabError, match="no picture"):
        VideoReader(path)


def test_images(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    path = tmp_path / "dossier é" / "ä.png"
    write_image(path, image)
    np.testing.assert_array_equal(read_image(path), image)
    (tmp_path / "bad.jpg").write_bytes(b"nonsense")
    (tmp_path / "none.jpg").write_bytes(b"")
    for name, message in {"bad.jpg": "decoded", "none.jpg": "decoded", "absent.jpg": "cannot be read"}.items():
        with pytest.raises(LabError, match=message):
            read_image(tmp_path / name)


def test_images_are_upright(tmp_path: Path) -> None:
    from PIL import Image as Pillow

    exif = Pillow.Exif()
    exif[0x0112] = 6  # turn clockwise to show
    Pillow.new("RGB", (40, 20)).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (40, 20, 3)
    assert cv2.imread(str(tmp_path / "a.jpg")).shape == (40, 20, 3)
