"""The look of a picture: what keeps it, what changes it, and what nothing has to do with it."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from labtools.artifacts.leakage import NEAR_BITS
from labtools.prepare.leakage.nearest import nearest_in_look
from labtools.prepare.pictures.hashing import MIRROR, Seen, Thumbnail, hash_of, prove, seen_in, shrink, tone_of
from labtools.prepare.pictures.headers import read_header
from labtools.prepare.pictures.pixels import upright

SIZES = ((640, 360), (320, 240), (200, 150), (90, 120))
MANY = 40


def scene(seed: int, wh: tuple[int, int]) -> Image.Image:
    """Coloured shapes on a shaded ground: what a still of a student's video has, in large."""
    rng = random.Random(seed)
    w, h = wh
    image = Image.new("RGB", wh, tuple(rng.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(14):
        x, y, size = rng.randrange(w), rng.randrange(h), rng.randrange(w // 12, w // 3)
        colour = tuple(rng.randrange(256) for _ in range(3))
        shape = rng.choice([draw.ellipse, draw.rectangle])
        shape((x - size, y - size // 2, x + size // 2, y + size), fill=colour)
    return image.filter(ImageFilter.GaussianBlur(1))


def seen(image: Image.Image, kind: str = "JPEG", **options: object) -> Seen:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return seen_in([shrink(buffer.getvalue(), read_header(buffer.getvalue()))])[0]


def cropped(image: Image.Image, seed: int) -> Image.Image:
    """2 % less in each direction, somewhere, and enlarged again."""
    rng = random.Random(seed)
    w, h = image.size
    x, y = rng.uniform(0, 0.02 * w), rng.uniform(0, 0.02 * h)
    return image.resize((w, h), box=(x, y, x + 0.98 * w, y + 0.98 * h))


SCENES = [scene(seed, SIZES[seed % len(SIZES)]) for seed in range(MANY)]


@pytest.fixture(scope="module")
def hashes() -> list[int]:
    return [seen(image, quality=90).phash for image in SCENES]


@pytest.mark.parametrize(
    "change",
    [
        lambda image, seed: cropped(image, seed),
        lambda image, _: image.reduce(2),
        lambda image, _: ImageEnhance.Brightness(image).enhance(1.15),
        lambda image, _: image.filter(ImageFilter.GaussianBlur(2)),
    ],
    ids=["crop", "half", "bright", "blurred"],
)
def test_the_same_picture_stays_near(hashes: list[int], change: Callable[[Image.Image, int], Image.Image]) -> None:
    bits = [(seen(change(image, i), quality=70).phash ^ hashes[i]).bit_count() for i, image in enumerate(SCENES)]
    assert sum(b <= NEAR_BITS for b in bits) >= 0.97 * MANY, sorted(bits)


def test_a_mirrored_picture_is_the_mirrored_hash(hashes: list[int]) -> None:
    for i, image in enumerate(SCENES):
        found = seen(ImageOps.mirror(image), quality=90)
        assert (found.phash ^ hashes[i] ^ MIRROR).bit_count() <= NEAR_BITS


def test_different_pictures_are_far(hashes: list[int]) -> None:
    pairs = [
        min((a ^ b).bit_count(), (a ^ b ^ MIRROR).bit_count()) for i, a in enumerate(hashes) for b in hashes[i + 1 :]
    ]
    assert min(pairs) > NEAR_BITS


def test_the_coding_does_not_matter(hashes: list[int]) -> None:
    for kind in ("PNG", "WEBP", "BMP", "TIFF", "GIF"):
        assert (seen(SCENES[0], kind).phash ^ hashes[0]).bit_count() <= 4, kind


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_picture_is_seen_as_displayed(hashes: list[int], orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    undo = {5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM}  # fmt: skip
    stored = SCENES[0].transpose(undo[orientation]) if orientation > 1 else SCENES[0]
    assert (seen(stored, exif=exif).phash ^ hashes[0]).bit_count() <= 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_is_what_pillow_does(orientation: int) -> None:
    pixels = np.arange(35, dtype=np.uint8).reshape(5, 7)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = orientation
    assert np.array_equal(upright(pixels, orientation), np.asarray(ImageOps.exif_transpose(image)))


def test_tone_is_the_brightness_of_sixteen_parts() -> None:
    grey = np.zeros((40, 52), np.uint8)
    grey[:10, :13] = 255
    grey[30:, 39:] = 100
    assert tone_of(grey) == 0xF000_0000_0000_0006
    assert tone_of(np.full((10, 10), 255, np.uint8)) == 2**64 - 1


def test_a_blank_picture_has_a_hash() -> None:
    assert seen(Image.new("RGB", (64, 64))).phash >> 63 == 1
    assert seen(Image.new("RGB", (10, 10), (255, 255, 255))).phash >> 63 == 1


def test_proving_decodes_only_what_is_doubtful() -> None:
    for kind, is_doubtful in (("JPEG", False), ("PNG", False), ("GIF", True), ("TIFF", True)):
        buffer = io.BytesIO()
        SCENES[3].save(buffer, kind)
        header = read_header(buffer.getvalue())
        assert header.is_doubtful == is_doubtful
        assert (prove(buffer.getvalue(), header).grey is not None) == is_doubtful


def test_a_picture_looks_the_same_alone_and_among_others() -> None:
    """Else what a second run decodes again would differ from what it has kept."""
    rng = np.random.default_rng(5)
    greys = [rng.integers(0, 256, shape, np.uint8) for shape in ((45, 80), (33, 50), (45, 80), (10, 10)) * 30]
    greys += [np.full((45, 80), level, np.uint8) for level in range(0, 256, 3)]  # rounding decides all of their signs
    greys += [np.repeat(np.repeat(rng.integers(0, 2, (5, 8), np.uint8) * 240, 9, 0), 10, 1) for _ in range(40)]
    together = seen_in([*(Thumbnail(grey, "odd") for grey in greys), Thumbnail()])
    assert together == [*(Seen(hash_of(grey), tone_of(grey), "odd") for grey in greys), Seen()]


def test_real_photos_are_found_again(wild: Path) -> None:
    """Sixty photos from the web against their 2 % crops and mirrored copies, and against each other."""
    photos = [Image.open(path).convert("RGB") for path in sorted((wild / "raccoon" / "images").glob("*.jpg"))]
    own = [seen(photo, quality=92) for photo in photos]
    crops = [seen(cropped(photo, i), quality=85) for i, photo in enumerate(photos)]
    mirrored = [seen(ImageOps.mirror(photo), quality=85) for photo in photos]
    count = len(photos)
    columns = [*own, *crops, *mirrored]
    phash = np.array([one.phash for one in columns], np.uint64)
    tone = np.array([one.tone for one in columns], np.uint64)
    found = nearest_in_look(phash, tone, np.arange(count, 3 * count), np.arange(count))
    twice = {a for a in range(count) for b in range(count) if a != b and own[a].phash == own[b].phash}
    right = [int(which) == i % count or i % count in twice for i, which in enumerate(found.which)]
    near = found.distance <= NEAR_BITS
    assert (near & right)[:count].mean() >= 0.98
    assert (near & right)[count:].all()
    assert not (near & ~np.array(right)).any()
    assert found.mirrored[count:].mean() > 0.95
    others = nearest_in_look(phash, tone, np.arange(0, count, 2), np.arange(1, count, 2))
    false = [i for i, bits in zip(range(0, count, 2), others.distance, strict=True) if bits <= NEAR_BITS]
    assert set(false) <= twice
