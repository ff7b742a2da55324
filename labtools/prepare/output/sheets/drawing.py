"""The pictures of the sheets: small, with the boxes that are in the dataset."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from labtools.core.boxes import xywhn_to_xyxy
from labtools.core.draw import Image, draw_boxes
from labtools.prepare.output.sheets.gallery import Drawing, Panel

MOST_BYTES = 40_000
_ALONE_WH = (400, 400)
_BESIDE_WH = (280, 280)
_GAP = 6
_MARK = (40, 80, 230)  # BGR: the frame around the picture that is meant, where others stand beside it
_REDUCED = ((8, cv2.IMREAD_REDUCED_COLOR_8), (4, cv2.IMREAD_REDUCED_COLOR_4), (2, cv2.IMREAD_REDUCED_COLOR_2))


def draw_all(drawings: Sequence[Drawing], target: Path, datasets: Sequence[Path], names: Sequence[str]) -> set[str]:
    """Write each drawing.

    Args:
        drawings: no two of one name.
        target: the folder for them.
        datasets: a picture is taken from the first that has it: of teams that did not change it is in the dataset of
            the last run.
        names: the dataset's classes in id order.

    Returns:
        The names of those that are there; a picture that OpenCV can't decode gives none.
    """

    def one(drawing: Drawing) -> str:
        data = draw(drawing, datasets, names)
        if data:
            (target / drawing.name).write_bytes(data)
        return drawing.name if data else ""

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # decoding lets other threads run
        return set(pool.map(one, drawings)) - {""}


def _first_of(folders: Sequence[Path], name: str) -> bytes:
    """A file of the first folder that has it; empty if none has."""
    for folder in folders:
        try:
            return (folder / name).read_bytes()
        except OSError:
            continue
    return b""


def draw(drawing: Drawing, folders: Sequence[Path], names: Sequence[str]) -> bytes:
    """The JPEG of one drawing, `MOST_BYTES` at most; empty if a picture cannot be decoded.

    Args:
        folders: datasets; a picture is taken from the first that has it.
    """
    several = len(drawing.panels) > 1
    tiles = []
    for panel in drawing.panels:
        tile = _tile(panel, folders, names, _BESIDE_WH if several else _ALONE_WH)
        if tile is None:
            return b""
        if several and panel.is_meant:
            cv2.rectangle(tile, (0, 0), (tile.shape[1] - 1, tile.shape[0] - 1), _MARK, 3)
        tiles.append(tile)
    return _jpeg(_side_by_side(tiles))


def _tile(panel: Panel, folders: Sequence[Path], names: Sequence[str], most_wh: tuple[int, int]) -> Image | None:
    """One picture, as displayed, made to fit, with its boxes."""
    image = _thumbnail(_first_of(folders, panel.image), panel.wh, most_wh)
    if image is None:
        return None
    boxes = np.array([line.split() for line in panel.label.splitlines()], dtype=np.float64).reshape(-1, 5)
    ids = boxes[:, 0].astype(int).tolist()
    xyxy = xywhn_to_xyxy(boxes[:, 1:], (image.shape[1], image.shape[0]))
    return draw_boxes(image, xyxy, ids, [names[i] for i in ids])


def _thumbnail(data: bytes, wh: tuple[int, int], most_wh: tuple[int, int]) -> Image | None:
    scale = min(most_wh[0] / wh[0], most_wh[1] / wh[1])
    # A JPEG decodes at an eighth of its size in a fifth of the time.
    flag = next((flag for factor, flag in _REDUCED if scale * factor <= 1), cv2.IMREAD_COLOR)
    try:
        image = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flag) if data else None
    except cv2.error:  # some formats raise where others give nothing: either way there is nothing to show
        image = None
    if image is None:
        return None
    small = max(1, round(wh[0] * scale)), max(1, round(wh[1] * scale))
    method = cv2.INTER_AREA if image.shape[1] > small[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, small, interpolation=method), dtype=np.uint8)


def _side_by_side(tiles: Sequence[Image]) -> Image:
    """In one row on white."""
    height = max(tile.shape[0] for tile in tiles)
    width = sum(tile.shape[1] for tile in tiles) + _GAP * (len(tiles) - 1)
    row = np.full((height, width, 3), 255, dtype=np.uint8)
    x = 0
    for tile in tiles:
        row[: tile.shape[0], x : x + tile.shape[1]] = tile
        x += tile.shape[1] + _GAP
    return row


def _jpeg(image: Image) -> bytes:
    """As good as fits into `MOST_BYTES`: lower quality first, then half the size."""
    for quality in (85, 70, 55, 40):
        done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done and len(data) <= MOST_BYTES:
            return data.tobytes()
    smaller = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return _jpeg(np.asarray(smaller, dtype=np.uint8))
