"""Pictures that are broken, disguised, turned, of rare kinds; and pictures that are there more than once."""

from __future__ import annotations

import io
import random
import shutil

import numpy as np
from defects import writers
from defects.cohort import Box, Shot, Team, draw, encoded, yolo_text
from PIL import Image

Rng = random.Random


def truncated_in_the_middle(team: Team, rng: Rng) -> None:
    """Half of a JPEG: it cannot be used, and it is named."""
    shot = team[1, 1]
    shot.path.write_bytes(shot.path.read_bytes()[: shot.path.stat().st_size // 2])
    team.lose(shot)


def truncated_after_the_header(team: Team, rng: Rng) -> None:
    """Only the first 300 bytes came through."""
    shot = team[1, 1]
    shot.path.write_bytes(shot.path.read_bytes()[:300])
    team.lose(shot)


def truncated_png(team: Team, rng: Rng) -> None:
    """Half of a PNG."""
    shot = team[1, 1]
    data = encoded(draw(shot.number, shot.boxes), "PNG")
    team.redraw(shot, data[: len(data) // 2], "frame_000001.png")
    team.lose(shot)


def zero_bytes(team: Team, rng: Rng) -> None:
    """A picture of zero bytes: the disk was full."""
    shot = team[1, 1]
    shot.path.write_bytes(b"")
    team.lose(shot)


def a_web_page_named_jpg(team: Team, rng: Rng) -> None:
    """The download wanted a login: HTML called frame_000001.jpg."""
    shot = team[1, 1]
    shot.path.write_bytes(b"<!DOCTYPE html><html><body>Sign in</body></html>" * 20)
    team.lose(shot)


def filled_with_zeros(team: Team, rng: Rng) -> None:
    """As long as it should be, and nothing but zeros."""
    shot = team[1, 1]
    shot.path.write_bytes(bytes(shot.path.stat().st_size))
    team.lose(shot)


def _as(team: Team, shot: Shot, kind: str, name: str = "", mode: str = "RGB", **options: object) -> None:
    team.redraw(shot, encoded(draw(shot.number, shot.boxes).convert(mode), kind, **options), name)


def png_named_jpg(team: Team, rng: Rng) -> None:
    """PNG bytes under .jpg."""
    for shot in team.sequences[0]:
        _as(team, shot, "PNG")


def jpg_named_png(team: Team, rng: Rng) -> None:
    """JPEG bytes under .png."""
    for shot in team.sequences[0]:
        team.move(shot, shot.path.with_suffix(".png"))
    team.rewrite_lists()


def webp_named_jpg(team: Team, rng: Rng) -> None:
    """WEBP bytes under .jpg, as browsers save them."""
    for shot in team.sequences[0]:
        _as(team, shot, "WEBP")


def webp(team: Team, rng: Rng) -> None:
    """.webp"""
    for shot in team.sequences[0]:
        _as(team, shot, "WEBP", f"{shot.path.stem}.webp")
    team.rewrite_lists()


def bmp(team: Team, rng: Rng) -> None:
    """.bmp"""
    for shot in team.sequences[0]:
        _as(team, shot, "BMP", f"{shot.path.stem}.bmp")
    team.rewrite_lists()


def tiff(team: Team, rng: Rng) -> None:
    """.tiff"""
    for shot in team.sequences[0]:
        _as(team, shot, "TIFF", f"{shot.path.stem}.tiff")
    team.rewrite_lists()


def gif(team: Team, rng: Rng) -> None:
    """.gif: no trainer reads it; converted, or left out and named."""
    for shot in team.sequences[0]:
        _as(team, shot, "GIF", f"{shot.path.stem}.gif", "P")
        shot.fate = "either"
    team.rewrite_lists()
    team.expect(file="frame_000000.gif")


def avif_of_a_phone(team: Team, rng: Rng) -> None:
    """.avif: converted, or left out and named."""
    for shot in team.sequences[0]:
        _as(team, shot, "AVIF", f"{shot.path.stem}.avif")
        shot.fate = "either"
    team.rewrite_lists()
    team.expect(file="frame_000000.avif")


def heic_that_is_broken(team: Team, rng: Rng) -> None:
    """An iPhone's HEIC, cut short: named."""
    shot = team[1, 1]
    head = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic\x00\x00\x01\x00meta"
    team.redraw(shot, head + bytes(900), "frame_000001.heic")
    team.rewrite_lists()
    team.lose(shot)


def grey_jpeg(team: Team, rng: Rng) -> None:
    """One channel."""
    for shot in team.sequences[0]:
        _as(team, shot, "JPEG", mode="L")


def cmyk_jpeg(team: Team, rng: Rng) -> None:
    """Four channels, out of a print shop."""
    for shot in team.sequences[0]:
        _as(team, shot, "JPEG", mode="CMYK")


def png_with_alpha(team: Team, rng: Rng) -> None:
    """RGBA."""
    for shot in team.sequences[0]:
        _as(team, shot, "PNG", f"{shot.path.stem}.png", "RGBA")
    team.rewrite_lists()


def png_with_a_palette(team: Team, rng: Rng) -> None:
    """256 colours, one of them transparent."""
    for shot in team.sequences[0]:
        _as(team, shot, "PNG", f"{shot.path.stem}.png", "P", transparency=3)
    team.rewrite_lists()


def png_of_16_bits(team: Team, rng: Rng) -> None:
    """Grey with 16 bits, out of a microscope."""
    for shot in team.sequences[0]:
        grey = np.asarray(draw(shot.number, shot.boxes).convert("L")).astype(np.uint16) << 8
        team.redraw(shot, encoded(Image.fromarray(grey), "PNG"), f"{shot.path.stem}.png")
    team.rewrite_lists()


def tiff_of_two_pages(team: Team, rng: Rng) -> None:
    """A TIFF with a second page: the first counts."""
    shot = team[1, 1]
    second = draw(0, [])
    _as(team, shot, "TIFF", f"{shot.path.stem}.tif", save_all=True, append_images=[second])
    team.rewrite_lists()


def progressive_jpeg(team: Team, rng: Rng) -> None:
    """A progressive JPEG with a comment."""
    for shot in team.sequences[0]:
        _as(team, shot, "JPEG", progressive=True, comment=b"dlcv")


def jpeg_with_a_tail(team: Team, rng: Rng) -> None:
    """Bytes behind the end mark, as some cameras leave them."""
    for shot in team.sequences[0]:
        shot.path.write_bytes(shot.path.read_bytes() + b"\x00\x00SEFH" + bytes(30))


def _exif(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


_UNDO = {
    3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
}  # fmt: skip


def turned_by_exif(team: Team, rng: Rng) -> None:
    """Phones turn by EXIF: 3, 6 and 8. CVAT shows them upright, and so the boxes are meant."""
    for shot in team.sequences[0]:
        orientation = (3, 6, 8)[shot.index % 3]
        stored = draw(shot.number, shot.boxes).transpose(_UNDO[orientation])
        team.redraw(shot, encoded(stored, exif=_exif(orientation)))


def turned_by_exif_annotated_as_stored(team: Team, rng: Rng) -> None:
    """The tool ignored EXIF and wrote the stored size (VOC): boxes are turned with the picture."""
    team.drop_labels()
    for shot in team.shots:
        stored = shot
        if shot.sequence == 1:
            picture = draw(shot.number, shot.boxes).transpose(_UNDO[6])
            team.redraw(shot, encoded(picture, exif=_exif(6)))
            w, h = shot.wh
            # Displayed (x, y) lies at (y, w - x) of the stored picture, which is turned clockwise to be shown.
            boxes = [Box(b.name, b.y1, w - b.x2, b.y2, w - b.x1) for b in shot.boxes]
            stored = Shot(shot.sequence, shot.index, shot.number, shot.path, shot.split, boxes, wh=(h, w))
        team.write(f"{shot.sequence}/annotations/{shot.path.stem}.xml", writers.voc_xml(stored))


def mirrored_by_exif(team: Team, rng: Rng) -> None:
    """Orientation 2: a selfie camera; boxes as displayed."""
    for shot in team.sequences[0]:
        team.redraw(shot, encoded(draw(shot.number, shot.boxes).transpose(_UNDO[2]), exif=_exif(2)))


def broken_exif(team: Team, rng: Rng) -> None:
    """An EXIF block of nonsense: the picture is fine."""
    for shot in team.sequences[0]:
        data = shot.path.read_bytes()
        block = b"Exif\x00\x00II*\x00\xff\xff\xff\x7f" + bytes(8)
        shot.path.write_bytes(data[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + data[2:])


def tiny(team: Team, rng: Rng) -> None:
    """A picture of 4 by 3 pixels: nothing to train on, and named."""
    shot = team[1, 1]
    team.redraw(shot, encoded(Image.new("RGB", (4, 3), (9, 9, 9))))
    team.lose(shot)


def huge(team: Team, rng: Rng) -> None:
    """A picture of 24 million pixels among small ones: kept."""
    shot = team[1, 1]
    wh = (6016, 4000)
    scale = 40
    shot.boxes = [Box(b.name, *(v * scale for v in b[1:])) for b in shot.boxes]
    shot.wh = wh
    team.redraw(shot, encoded(Image.new("L", wh, shot.number % 251), "JPEG"))
    team.write(team.label(shot), yolo_text(shot))


def a_bomb_of_pixels(team: Team, rng: Rng) -> None:
    """A PNG header that promises 60,000 by 60,000 pixels: refused and named, memory is left alone."""
    shot = team[1, 1]
    buffer = io.BytesIO()
    draw(shot.number, []).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    team.redraw(shot, bytes(data), "frame_000001.png")
    team.lose(shot)


def other_sizes(team: Team, rng: Rng) -> None:
    """Every picture has a size of its own, upright and flat."""
    for shot in team.sequences[0]:
        shot.wh = (160 + 16 * shot.index, 100 + 30 * shot.index)
        team.redraw(shot, encoded(draw(shot.number, shot.boxes, shot.wh)))
        team.write(team.label(shot), yolo_text(shot))


def _twin(team: Team, original: Shot, path: str, split: str) -> Shot:
    twin = Shot(9, 0, original.number, team.folder / path, split, list(original.boxes))
    team.write(twin.path, original.path.read_bytes())
    team.shots.append(twin)
    return twin


def copy_across_splits(team: Team, rng: Rng) -> None:
    """A training frame is in the test sequence once more, to the byte: both are kept, and it is said loudly."""
    original = team[1, 2]
    twin = _twin(team, original, "3/images/frame_000099.jpg", "test")
    team.write("3/labels/frame_000099.txt", yolo_text(twin))
    team.rewrite_lists()
    team.expect("same|identical|copy|twice", "frame_000099.jpg")


def copy_with_other_boxes(team: Team, rng: Rng) -> None:
    """One picture under two names with different boxes: each keeps its own, and it is said."""
    original = team[1, 2]
    twin = _twin(team, original, "1/images/frame_000098.jpg", "train")
    twin.boxes = [Box(team.class_name, 60, 50, 90, 80)]
    team.write("1/labels/frame_000098.txt", yolo_text(twin))
    team.rewrite_lists()
    team.expect("different boxes|other boxes|differ")


def copy_of_another_team(team: Team, rng: Rng) -> None:
    """Sequence 1 of the careful team was handed in once more by this one: said, and nobody loses anything."""
    careful = team.root / "velo/les_soigneux/1/images"
    for shot in team.sequences[0]:
        source = careful / shot.path.name
        shot.path.write_bytes(source.read_bytes())
        shot.number = shot.index + 1
    team.expect("same bytes|identical|same picture|copy")


def near_copies(team: Team, rng: Rng) -> None:
    """Frames saved again with another quality: other bytes, the same picture; nothing is lost by it."""
    for index in range(3):
        original = team[1, index]
        twin = Shot(9, index, original.number, team.folder / f"3/images/again_{index:06d}.jpg", "test", original.boxes)
        team.shots.append(twin)
        picture = draw(original.number, original.boxes)
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=70)
        team.write(twin.path, buffer.getvalue())
        team.write(f"3/labels/again_{index:06d}.txt", yolo_text(twin))
    team.rewrite_lists()


def turned_png(team: Team, rng: Rng) -> None:
    """A PNG with an EXIF orientation: shown turned, and so the boxes are meant."""
    for shot in team.sequences[0]:
        stored = draw(shot.number, shot.boxes).transpose(_UNDO[6])
        team.redraw(shot, encoded(stored, "PNG", exif=_exif(6)), f"{shot.path.stem}.png")
    team.rewrite_lists()


def turned_by_exif_coco_as_displayed(team: Team, rng: Rng) -> None:
    """COCO with the size as displayed: boxes are not turned a second time."""
    team.drop_labels()
    for shot in team.sequences[0]:
        team.redraw(shot, encoded(draw(shot.number, shot.boxes).transpose(_UNDO[8]), exif=_exif(8)))
    for number, shots in enumerate(team.sequences, 1):
        team.write(f"{number}/instances.json", writers.coco_json(shots))


def square_and_turned_by_half(team: Team, rng: Rng) -> None:
    """Orientation 3 with a VOC size that fits both ways: as displayed."""
    team.drop_labels()
    for shot in team.sequences[0]:
        team.redraw(shot, encoded(draw(shot.number, shot.boxes).transpose(_UNDO[3]), exif=_exif(3)))
    for shot in team.shots:
        team.write(f"{shot.sequence}/annotations/{shot.path.stem}.xml", writers.voc_xml(shot))


def jpeg_without_its_end_mark(team: Team, rng: Rng) -> None:
    """The last two bytes are missing, the picture is whole: kept, or named."""
    shot = team[1, 1]
    shot.path.write_bytes(shot.path.read_bytes()[:-2])
    shot.fate = "either"
    team.expect(file="1/images/frame_000001.jpg")


def a_live_photo(team: Team, rng: Rng) -> None:
    """A short video called .jpg.mov beside a picture: named, nothing else."""
    team.write("1/images/frame_000001.jpg.mov", b"\x00\x00\x00\x14ftypqt  " + bytes(200))
    team.expect(file="frame_000001.jpg.mov")


def interlaced_png_and_grey_alpha(team: Team, rng: Rng) -> None:
    """Grey with alpha: two channels."""
    for shot in team.sequences[0]:
        _as(team, shot, "PNG", f"{shot.path.stem}.png", "LA")
    team.rewrite_lists()


def black_and_white_fax(team: Team, rng: Rng) -> None:
    """One bit per pixel, as a TIFF and as a PNG."""
    for shot in team.sequences[0]:
        kind, suffix = (("TIFF", ".tif"), ("PNG", ".png"))[shot.index % 2]
        grey = draw(shot.number, shot.boxes).convert("L")
        team.redraw(
            shot, encoded(grey.point(lambda v: 255 * (v > 127)).convert("1"), kind), f"{shot.path.stem}{suffix}"
        )
    team.rewrite_lists()


def cmyk_tiff(team: Team, rng: Rng) -> None:
    """Four channels and LZW."""
    for shot in team.sequences[0]:
        _as(team, shot, "TIFF", f"{shot.path.stem}.tif", "CMYK", compression="tiff_lzw")
    team.rewrite_lists()


def animated_webp(team: Team, rng: Rng) -> None:
    """A WEBP of two frames: the first counts, or it is named."""
    shot = team[1, 1]
    _as(team, shot, "WEBP", f"{shot.path.stem}.webp", save_all=True, append_images=[draw(0, [])], duration=100)
    team.rewrite_lists()
    shot.fate = "either"


def the_team_twice(team: Team, rng: Rng) -> None:
    """The folder was uploaded twice, as `... (1)`: it is said that all of it is the same."""
    shutil.copytree(team.folder, team.folder.with_name(f"{team.folder.name} (1)"))
    team.expect("same bytes|identical|same picture|twice|copy")
    for shot in list(team.shots):
        twin = Shot(shot.sequence, shot.index, shot.number, shot.path, "", list(shot.boxes), fate="either")
        twin.path = team.folder.with_name(f"{team.folder.name} (1)") / shot.path.relative_to(team.folder)
        team.shots.append(twin)
