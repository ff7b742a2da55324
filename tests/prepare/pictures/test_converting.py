"""The dataset's picture is what a viewer shows, and Ultralytics reads it at the size that labtools believes."""

from __future__ import annotations

import io
import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from labtools.prepare.pictures import jpeg, png
from labtools.prepare.pictures.converting import to_trainable
from labtools.prepare.pictures.hashing import Seen, seen_in, shrink
from labtools.prepare.pictures.headers import Header, read_header
from labtools.prepare.pictures.opening import ImageError
from labtools.prepare.pictures.pixels import to_bytes

KEPT = {
    "plain.jpg", "progressive.jpg", "grey.jpg", "turned.jpg", "two.mpo", "plain.png", "clear.png", "grey.png",
    "grey_alpha.png", "palette.png", "one_bit.png", "lossy.webp", "clear.webp", "plain.bmp", "palette.bmp",
    "one_bit.bmp", "plain.tif", "lzw.tiff", "jpeg.tif",
}  # fmt: skip


def look(data: bytes, header: Header) -> Seen:
    return seen_in([shrink(data, header)])[0]


def read_as_trained(data: bytes, header: Header, folder: Path) -> np.ndarray:
    """(H, W, 3) RGB through Ultralytics' own check and loader, which write nothing."""
    from ultralytics.data.utils import check_image
    from ultralytics.utils.patches import imread

    path = folder / f"picture{header.written_suffix}"
    path.write_bytes(data)
    message, shape = check_image(str(path))
    assert message == ""
    assert path.read_bytes() == data
    pixels = imread(str(path))
    assert pixels is not None
    assert pixels.shape[:2] == shape
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels[:, :, ::-1]


def test_every_coding_is_trained_on_as_it_is_shown(
    codings: dict[str, bytes], shown: Callable[[str], np.ndarray], tmp_path: Path
) -> None:
    for name, data in codings.items():
        header = read_header(data)
        written = to_trainable(data, header)
        assert (written == data) == (name in KEPT) == (not header.needs_conversion), name
        pixels = read_as_trained(written, header, tmp_path)
        expected = shown(name)
        assert pixels.shape == expected.shape, name
        assert pixels.shape[1::-1] == header.wh, name
        difference = np.abs(pixels.astype(int) - expected).mean()
        exact = header.written_suffix == ".png" and name != "cmyk.tif"
        assert difference == 0 if exact else difference < 6, (name, difference)


def test_everything_that_was_converted_is_plain(codings: dict[str, bytes]) -> None:
    """Converting again changes nothing: there is nothing left to disagree about."""
    for name, data in codings.items():
        written = to_trainable(data, read_header(data))
        again = read_header(written)
        assert not again.needs_conversion, name
        assert again.wh == read_header(data).wh, name


def test_the_twelve_bits_of_a_camera_are_not_black() -> None:
    values = np.array([[0, 2048, 4095]], np.uint16)
    assert to_bytes(values).tolist() == [[0, 128, 255]]
    assert to_bytes(values * 16).tolist() == [[0, 128, 255]]
    assert to_bytes(np.array([[0, 200]], np.uint16)).tolist() == [[0, 200]]
    assert to_bytes(np.array([[0, 70_000]], np.int32)).tolist() == [[0, 136]]


def test_floats_of_any_range_are_seen() -> None:
    assert to_bytes(np.array([[0.0, 0.5, 1.0, np.nan]])).tolist() == [[0, 128, 255, 0]]
    assert to_bytes(np.array([[-100.0, 155.0, 100.0]])).tolist() == [[0, 255, 200]]
    assert to_bytes(np.array([[0.0, 100.0, 200.0]])).tolist() == [[0, 100, 200]]
    assert to_bytes(np.array([[0.0, 500.0, np.inf]])).tolist() == [[0, 255, 0]]


def test_cmyk_goes_through_its_profile(photo: Image.Image) -> None:
    """A profile that says nonsense about four channels is passed over; none is needed either."""
    buffer = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    photo.convert("CMYK").save(buffer, "JPEG", quality=95, icc_profile=profile)
    data = buffer.getvalue()
    written = Image.open(io.BytesIO(to_trainable(data, read_header(data))))
    assert np.abs(np.asarray(written).astype(int) - np.asarray(photo)).mean() < 3


@pytest.mark.parametrize("behind", [b"\0", b"SEFH and more", b"\xff\xd9 a second end mark \xff\xd9 x", b"\n"])
def test_what_follows_a_jpeg_is_cut_off(codings: dict[str, bytes], behind: bytes, tmp_path: Path) -> None:
    """So Ultralytics has nothing to encode again."""
    for name in ("plain.jpg", "progressive.jpg", "turned.jpg"):
        data = codings[name] + behind
        header = read_header(data)
        assert look(data, header).damage == ""
        assert header.change == "end"
        assert to_trainable(data, header) == codings[name]
        read_as_trained(codings[name], header, tmp_path)


def test_a_missing_end_mark_is_added(codings: dict[str, bytes]) -> None:
    data = codings["plain.jpg"]
    header = read_header(data[:-2])
    assert look(data[:-2], header).phash == look(data, read_header(data)).phash
    assert to_trainable(data[:-2], header) == data


@pytest.mark.parametrize("name", ["plain.jpg", "progressive.jpg", "cmyk.jpg", "plain.png", "plain.tif", "lzw.tiff",
                                  "lossy.webp", "plain.bmp", "still.gif", "plain.jp2", "plain.ppm", "plain.avif",
                                  "phone.heic"])  # fmt: skip
@pytest.mark.parametrize("part", [0.5, 0.9])
def test_half_a_picture_is_refused(codings: dict[str, bytes], name: str, part: float) -> None:
    data = codings[name][: int(len(codings[name]) * part)]
    with pytest.raises(ImageError) as caught:
        look(data, read_header(data))
    assert caught.value.code in {"image-truncated", "image-unreadable"}


def _with_wrong_sum(data: bytes, kind: bytes) -> bytes:
    start = data.index(kind) - 4
    stop = start + 8 + int.from_bytes(data[start : start + 4], "big")
    return data[:stop] + bytes(b ^ 0xFF for b in data[stop : stop + 4]) + data[stop + 4 :]


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT", b"IEND"])
def test_wrong_check_sums_are_mended(codings: dict[str, bytes], kind: bytes, tmp_path: Path) -> None:
    data = _with_wrong_sum(codings["plain.png"], kind)
    header = read_header(data)
    assert header.change == "sums"
    assert to_trainable(data, header) == codings["plain.png"]
    read_as_trained(codings["plain.png"], header, tmp_path)


def test_a_png_without_its_end_chunk_is_mended(codings: dict[str, bytes]) -> None:
    data = codings["plain.png"][:-12]
    assert to_trainable(data, read_header(data)) == codings["plain.png"]


def test_a_png_whose_pixels_are_damaged_is_refused(codings: dict[str, bytes]) -> None:
    data = bytearray(codings["plain.png"])
    data[data.index(b"IDAT") + 40] ^= 0x55
    with pytest.raises(ImageError, match="check sums"):
        read_header(bytes(data))


def test_a_header_that_lies_is_refused(codings: dict[str, bytes]) -> None:
    """A PNG that claims to be wider than its pixels, and a bomb that claims to be a thumbnail."""
    data = codings["plain.png"]
    wide = data[:16] + struct.pack(">I", 5000) + data[20:]
    bomb = data[:33] + b"".join(
        len(body).to_bytes(4, "big") + kind + body + b"\0\0\0\0"
        for kind, body in ((b"IDAT", zlib.compress(bytes(50_000_000))), (b"IEND", b""))
    )
    for content in (wide, bomb):
        with pytest.raises(ImageError, match="check sums"):
            read_header(content)


def test_too_many_pixels_are_refused(codings: dict[str, bytes]) -> None:
    data = codings["plain.png"]
    chunk = b"IHDR" + struct.pack(">II", 40_000, 40_000) + data[24:29]
    huge = data[:8] + b"\0\0\0\x0d" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[33:]
    with pytest.raises(ImageError) as caught:
        read_header(huge)
    assert caught.value.code == "image-huge"


def test_garbage_between_the_segments_of_a_jpeg(codings: dict[str, bytes], tmp_path: Path) -> None:
    data = codings["plain.jpg"]
    garbled = data[:20] + b"garbage" + data[20:]
    header = read_header(garbled)
    assert header.wh == (96, 64)
    assert (look(garbled, header).phash ^ look(data, read_header(data)).phash).bit_count() <= 10
    read_as_trained(to_trainable(garbled, header), header, tmp_path)


def test_damage_inside_a_jpeg_is_told_and_kept() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 128, 3), dtype=np.uint8))
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG")
    data = buffer.getvalue()
    cut = data[: len(data) // 2] + jpeg.END
    header = read_header(cut)
    assert not header.needs_conversion
    assert "end" in look(cut, header).damage
    assert look(cut, header).phash
    harmless = data[:-2] + b"abcdef" + data[-2:]
    assert look(harmless, read_header(harmless)).damage == ""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        (b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41" + bytes(99), "a video"),
        (b"%PDF-1.7 " + bytes(99), "PDF"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "Git LFS"),
        (bytes(4000), "zeros"),
        (b"no idea", "no picture that can be read"),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        read_header(data)
    assert caught.value.code == "image-unreadable"


def test_the_end_of_a_jpeg_is_the_first_one_outside_its_segments(codings: dict[str, bytes]) -> None:
    data = codings["plain.jpg"]
    comment = b"\xff\xfe\0\x08ab\xff\xd9cd"
    assert jpeg.find_end(data[:2] + comment + data[2:] + data) == len(data) + len(comment)
    assert jpeg.find_end(data[:-2]) is None
    assert all(jpeg.find_end(data[:n]) is None for n in range(0, 200, 7))


def test_a_jpeg_that_is_painted_a_thousand_times_is_not_decoded(codings: dict[str, bytes]) -> None:
    data = codings["progressive.jpg"]
    last = data.rfind(b"\xff\xda")
    with pytest.raises(ImageError, match="more than 200 times") as caught:
        read_header(data[:-2] + 300 * data[last : last + 30] + jpeg.END)
    assert caught.value.code == "image-unreadable"


def test_a_jpeg_of_fill_bytes_takes_no_seconds(codings: dict[str, bytes]) -> None:
    data = codings["plain.jpg"]
    filled = data[:2] + b"\xff" * (4 << 20) + data[2:]
    start = time.process_time()
    assert read_header(filled).wh == read_header(data).wh
    assert jpeg.find_end(filled) == len(filled)
    assert jpeg.find_end(b"\xff\xd8" + b"\xff" * 100) is None
    assert time.process_time() - start < 0.5  # 1.6 s, byte by byte


def test_the_pages_of_a_tiff_are_not_counted() -> None:
    tags = ((256, 100), (257, 100), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 100), (279, 10_000))
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    size, pages = len(entries) + 6, 5_000
    made = [struct.pack("<H", len(tags)) + entries + struct.pack("<I", 8 + size * (i + 1)) for i in range(pages)]
    data = b"II*\0" + struct.pack("<I", 8) + b"".join(made)[:-4] + bytes(10_004)
    start = time.process_time()
    header = read_header(data)
    assert header.change == "frames" and header.wh == (100, 100)
    assert time.process_time() - start < 0.5


def test_mending_a_sound_png_changes_nothing(codings: dict[str, bytes]) -> None:
    for name in ("plain.png", "palette.png", "deep.png", "one_bit.png"):
        assert png.mended(codings[name]) == codings[name]
        assert png.has_all_pixels(codings[name])


def spoiled(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, most of them near the beginning; lost; put in; or the end lost."""
    content = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        place = rng.randrange(min(len(content), rng.choice([300, len(content)])))
        kind = rng.randrange(8)
        if kind < 5:
            content[place] = rng.choice([0, 255, rng.randrange(256)])
        elif kind == 5:
            del content[place : place + rng.randrange(1, 60)]
        elif kind == 6:
            content[place:place] = rng.randbytes(rng.randrange(1, 20))
        else:
            del content[max(place, 1) :]
        content = content or bytearray(b"\0")
    return bytes(content)


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("seed", range(12))
def test_spoiled_pictures_are_converted_or_refused(codings: dict[str, bytes], seed: int) -> None:
    """Never another exception; and what is converted has the size that was promised."""
    for name, data in codings.items():
        content = spoiled(data, random.Random(f"{seed} {name}"))
        try:
            header = read_header(content)
            look(content, header)
        except ImageError as error:
            assert error.code in {"image-unreadable", "image-truncated", "image-tiny", "image-huge", "image-format"}
            continue
        assert read_header(to_trainable(content, header)).wh == header.wh


def test_nothing_is_written_to_the_terminal(codings: dict[str, bytes], capfd: pytest.CaptureFixture[str]) -> None:
    """But by libtiff, which cannot be told not to."""
    for name, data in codings.items():
        noise = random.Random(name).randbytes(38)
        for part in (data, data[: len(data) // 2], data[:-40] + noise + data[-2:]):
            try:
                header = read_header(part)
                look(part, header)
            except ImageError:
                continue
            to_trainable(part, header)
    said = capfd.readouterr()
    assert said.out == ""
    assert not [line for line in said.err.splitlines() if not line.startswith(("TIFF", "LZW", "JPEG", "tempfile.tif"))]


def test_a_head_that_was_seen_before_leads_to_the_same_frame(codings: dict[str, bytes]) -> None:
    """A thumbnail in the EXIF block has a frame header too, which must not be taken for the picture's."""
    inner = codings["plain.jpg"]
    exif = b"Exif\0\0" + inner
    outer = io.BytesIO()
    Image.new("RGB", (320, 200)).save(outer, "JPEG")
    whole = outer.getvalue()[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + outer.getvalue()[2:]
    for _ in range(2):
        assert jpeg.read_frame(inner) == jpeg._read_frame(inner)
        assert jpeg.read_frame(whole) == jpeg._read_frame(whole)
        assert jpeg.read_frame(whole).wh == (320, 200)
        assert [jpeg.read_frame(whole[:n]) for n in range(0, len(whole), 7)] == [
            jpeg._read_frame(whole[:n]) for n in range(0, len(whole), 7)
        ]
