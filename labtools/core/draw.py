"""Boxes drawn on pixels: one colour per class, the same in every picture, video and figure."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from labtools.core.boxes import as_boxes

Image = NDArray[np.uint8]
"""``(height, width, 3)`` uint8, BGR as OpenCV reads it."""


def class_colour(class_id: int) -> tuple[int, int, int]:
    """The RGB colour (0..255) of a class: hues a golden angle apart, so that any first n classes differ."""
    hue = (0.58 + class_id * 0.618034) % 1.0
    lightness = (0.50, 0.40, 0.60)[class_id // 5 % 3]
    r, g, b = colorsys.hls_to_rgb(hue, lightness, 0.75)
    return round(r * 255), round(g * 255), round(b * 255)


def class_colour_hex(class_id: int) -> str:
    """`class_colour` as ``#rrggbb``, for HTML and matplotlib."""
    return "#{:02x}{:02x}{:02x}".format(*class_colour(class_id))


def draw_boxes(
    image: Image, xyxy: ArrayLike, class_ids: Sequence[int], labels: Sequence[str], *, dashed: bool = False
) -> Image:
    """A copy of ``image`` with one labelled rectangle per box.

    Args:
        image: see `Image`.
        xyxy: ``(N, 4)`` corner pixels of that image.
        class_ids: N ids that choose the colours.
        labels: N texts, ``""`` for none; accents are written without them (OpenCV's fonts are ASCII).
        dashed: thin outline instead of a thick one, for truth beside predictions.
    """
    canvas = image.copy()
    height, width = canvas.shape[:2]
    scale = max(0.35, min(height, width) / 900)
    thickness = 1 if dashed else max(1, round(min(height, width) / 320))
    for box, class_id, label in zip(as_boxes(xyxy), class_ids, labels, strict=True):
        r, g, b = class_colour(class_id)
        x1, y1, x2, y2 = (round(float(v)) for v in box)
        cv2.rectangle(canvas, (x1, y1), (x2, y2), (b, g, r), thickness, cv2.LINE_AA)
        if label:
            _write_label(canvas, label, (x1, y1), (b, g, r), scale)
    return canvas


def _write_label(
    canvas: Image, label: str, corner: tuple[int, int], colour: tuple[int, int, int], scale: float
) -> None:
    """A filled tag above the box, moved inside the picture where it would leave it."""
    text = label.encode("ascii", "replace").decode("ascii")
    (w, h), base = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 1)
    x = max(0, min(corner[0], canvas.shape[1] - w - 2))
    y = max(h + base + 1, corner[1])
    cv2.rectangle(canvas, (x, y - h - base - 1), (x + w + 2, y), colour, -1)
    bright = 0.114 * colour[0] + 0.587 * colour[1] + 0.299 * colour[2] > 140
    ink = (0, 0, 0) if bright else (255, 255, 255)
    cv2.putText(canvas, text, (x + 1, y - base), cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 1, cv2.LINE_AA)
