"""Crops and annotated pictures from the dataset's images, which are only read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from labtools.core.boxes import Boxes, as_boxes
from labtools.core.draw import Image, draw_boxes

JPEG_QUALITY = 88
CROP_MARGIN = 0.35
"""Share of a box's longer side that a crop shows on each side of it."""
_BLANK = (244, 241, 238)
_MARK = (0, 159, 230)  # BGR of the report's orange


_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


def read_image(path: Path, reduce: int = 1) -> Image | None:
    """The pixels of an image file, BGR, as displayed (turned by EXIF, as Ultralytics trains on it and as boxes are
    meant); None where it cannot be read. Goes through bytes, since OpenCV opens no path with accents on Windows.

    ``reduce``: 2, 4 or 8 for an image so many times smaller, which a JPEG gives in a fraction of the time.
    """
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError:
        return None
    if not data.size:
        return None
    decoded = cv2.imdecode(data, _REDUCED[reduce])
    return None if decoded is None else np.asarray(decoded, dtype=np.uint8)


def write_jpeg(path: Path, image: Image) -> tuple[int, int]:
    """Write a JPEG; returns (width, height) in pixels."""
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise OSError(f"this picture cannot be encoded: {path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
    return image.shape[1], image.shape[0]


def draw_crop(
    path: Path, xyxy: Sequence[float], class_id: int, side: int = 220, margin: float = CROP_MARGIN
) -> Image | None:
    """A square of ``side`` pixels around one box with some of what surrounds it, the box drawn.

    Args:
        path: image file.
        xyxy: the box, pixels.
        class_id: chooses the colour.
        side: pixels of the result.
        margin: share of the box's longer side that is added on each side.
    """
    image = read_image(path)
    if image is None:
        return None
    x1, y1, x2, y2 = xyxy
    longer = max(x2 - x1, y2 - y1, 8)
    # No wider than the image allows, which would show blank stripes, and no narrower than the box.
    half = max(longer / 2, min(longer * (0.5 + margin), min(image.shape[:2]) / 2))
    centre_x, centre_y = _inside((x1 + x2) / 2, half, image.shape[1]), _inside((y1 + y2) / 2, half, image.shape[0])
    scale = side / (2 * half)
    move = np.array([[scale, 0, side / 2 - scale * centre_x], [0, scale, side / 2 - scale * centre_y]])
    shrinking = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    if scale < 0.5:  # warpAffine does not average, so shrink first or the crop sparkles
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=shrinking).astype(np.uint8)
        move[:, :2] /= scale
    crop = cv2.warpAffine(image, move, (side, side), flags=cv2.INTER_LINEAR, borderValue=_BLANK)
    box = (as_boxes(xyxy) - [centre_x - half, centre_y - half] * 2) * scale
    return draw_boxes(np.asarray(crop, dtype=np.uint8), box, [class_id], [""])


def _inside(centre: float, half: float, length: int) -> float:
    """The centre of a window, moved so that the window does not leave the image where it can be helped."""
    return min(max(centre, half), length - half) if 2 * half <= length else centre


def draw_example(
    path: Path,
    focus: Sequence[float],
    truth: tuple[Boxes, Sequence[int]],
    predicted: tuple[Boxes, Sequence[int], Sequence[str]],
    width: int = 640,
) -> Image | None:
    """A whole picture with the true boxes (thin), the predicted ones (thick, named) and a white frame at the one meant.

    Args:
        path: image file.
        focus: the box that this example is about, pixels.
        truth: boxes in pixels and class ids.
        predicted: boxes in pixels, class ids and labels.
        width: pixels of the result.
    """
    image = read_image(path)
    if image is None:
        return None
    scale = width / image.shape[1]
    size = (width, max(1, round(image.shape[0] * scale)))
    canvas = np.asarray(
        cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), dtype=np.uint8
    )
    canvas = draw_boxes(canvas, truth[0] * scale, list(truth[1]), [""] * len(truth[1]), dashed=True)
    canvas = _frame(canvas, as_boxes(focus)[0] * scale)  # below the names of the predictions
    return draw_boxes(canvas, predicted[0] * scale, list(predicted[1]), list(predicted[2]))


def _frame(image: Image, box: np.ndarray) -> Image:
    """A white frame with a dark edge a few pixels outside the box."""
    x1, y1, x2, y2 = (round(float(v)) for v in (box[0] - 5, box[1] - 5, box[2] + 5, box[3] + 5))
    high, wide = image.shape[:2]
    corner, opposite = (max(1, x1), max(1, y1)), (min(wide - 2, x2), min(high - 2, y2))
    framed = image.copy()
    cv2.rectangle(framed, corner, opposite, (40, 40, 40), 3, cv2.LINE_AA)
    cv2.rectangle(framed, corner, opposite, (255, 255, 255), 1, cv2.LINE_AA)
    return framed


def placeholder(width: int, height: int) -> Image:
    """A plain light picture for an image that could not be read."""
    return np.full((height, width, 3), _BLANK, dtype=np.uint8)


@dataclass(frozen=True)
class Frame:
    """One of several pictures side by side: its file, its boxes in pixels, their class ids and names."""

    path: Path
    boxes: Boxes
    class_ids: Sequence[int]
    names: Sequence[str]


def draw_strip(frames: Sequence[Frame], focus: int | None = None, height: int = 240) -> Image:
    """Pictures of one height side by side with their boxes; the one at ``focus``, of several, has an orange frame."""
    marked = focus if len(frames) > 1 else None
    parts: list[Image] = []
    for i, frame in enumerate(frames):
        if i:
            parts.append(np.full((height, 6, 3), 255, dtype=np.uint8))
        parts.append(_one_of_strip(frame, height, i == marked))
    return np.hstack(parts)


def _one_of_strip(frame: Frame, height: int, marked: bool) -> Image:
    image = read_image(frame.path)
    if image is None:
        return placeholder(height * 4 // 3, height)
    scale = height / image.shape[0]
    size = (max(1, round(image.shape[1] * scale)), height)
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas = np.asarray(cv2.resize(image, size, interpolation=smooth), dtype=np.uint8)
    canvas = draw_boxes(canvas, frame.boxes * scale, list(frame.class_ids), list(frame.names))
    if marked:
        cv2.rectangle(canvas, (1, 1), (size[0] - 2, height - 2), _MARK, 3)
    return canvas
