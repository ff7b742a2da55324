"""Read and write frames with index and time; no windows, no progress bar.

OpenCV's wheel has no H.264 encoder, and the mp4v files that it writes do not play in browsers; PyAV brings libx264.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from labtools.core.draw import Image
from labtools.core.errors import LabError

_BT709 = 1  # in H.264's tables: the colours of HD video, and what a browser assumes
_DEFAULT_RATE = Fraction(30)


@dataclass(frozen=True)
class Frame:
    """One picture of a video, upright.

    Attributes:
        index: 0-based.
        pts: presentation time in units of the video's time base.
        time_s: seconds after the first frame.
        image: see `labtools.core.draw.Image`.
    """

    index: int
    pts: int
    time_s: float
    image: Image


class VideoReader:
    """An open video; iterating gives its frames once, in order of presentation.

    Attributes:
        wh: size of a frame as it is shown (a phone's rotation applied), pixels.
        rate: frames per second, on average.
        time_base: seconds per unit of `Frame.pts`.
        declared: how many frames the file says that it has; 0 where it does not say.
        damage: why reading stopped before the end; "" if it did not.

    Raises:
        LabError: the file does not exist, is not a video, or has no frame that can be decoded.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise LabError("this video does not exist", path, "Check the path.")
        if path.stat().st_size == 0:
            raise LabError("this video is empty (0 bytes)", path, "Copy it again.")
        self.path = path
        self.damage = ""
        try:
            self._container = av.open(str(path))
        except av.FFmpegError as error:
            raise LabError(f"this video cannot be opened ({error.strerror})", path, _COPY_AGAIN) from None
        try:
            self._open_stream()
        except BaseException:
            self._container.close()
            raise

    def _open_stream(self) -> None:
        if not self._container.streams.video:
            raise LabError("there is no picture in this file, only other streams", self.path, "Give a video.")
        stream = self._container.streams.video[0]
        stream.thread_type = "AUTO"
        self._decoded = self._container.decode(stream)
        self._first = self._next_picture()
        if self._first is None:
            raise LabError("no frame of this video can be decoded", self.path, _COPY_AGAIN)
        self.rate = Fraction(stream.average_rate or stream.guessed_rate or _DEFAULT_RATE)
        self.time_base = Fraction(stream.time_base or 1 / self.rate)
        self.declared = int(stream.frames)
        height, width = _upright(self._first).shape[:2]
        self.wh = (width, height)

    def _next_picture(self) -> Any | None:
        """The next decoded picture; None at the end, and where the file is too damaged to go on."""
        try:
            return next(self._decoded, None)
        except av.FFmpegError as error:
            self.damage = str(error.strerror)
            return None

    def __iter__(self) -> Iterator[Frame]:
        step = max(1, round(1 / (self.rate * self.time_base)))
        picture, self._first = self._first, None
        start = last = None if picture is None else picture.pts
        index = 0
        while picture is not None:
            # Some files carry no times, or times that stand still or go back; players then count on.
            pts = (last or 0) + (step if index else 0) if picture.pts is None else int(picture.pts)
            pts = pts if index == 0 else max(pts, (last or 0) + 1)
            since = pts - (start or 0)
            yield Frame(index, since, float(since * self.time_base), _upright(picture))
            last, index = pts, index + 1
            picture = self._next_picture()

    def close(self) -> None:
        self._container.close()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_COPY_AGAIN = "Copy it again from where it was filmed, or convert it: ffmpeg -i IN OUT.mp4"


def _upright(picture: Any) -> Image:
    """A decoded picture as BGR, turned as its file asks (phones film sideways and note the angle)."""
    image = picture.to_ndarray(format="bgr24")
    turns = round(picture.rotation / 90) % 4  # counterclockwise, as np.rot90
    return np.ascontiguousarray(np.rot90(image, turns))


class VideoWriter:
    """An H.264 mp4 that browsers play: yuv420p, even sizes, index at the front.

    Use it as a context manager: the file gets its name when all went well, and leaves nothing otherwise.

    Args:
        path: the mp4 to write.
        wh: size of the frames; an odd size is padded by a copy of its last column or row.
        rate: frames per second.
        time_base: seconds per unit of the times given to `write`.
    """

    def __init__(self, path: Path, wh: tuple[int, int], rate: Fraction, time_base: Fraction) -> None:
        self._path = path
        self._aside = path.with_name(f".{path.name}.part")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._wh = wh
        self._pad = (wh[0] % 2, wh[1] % 2)
        self._time_base = time_base
        # faststart moves the index to the front, so that a browser can play before it has the whole file.
        self._container = av.open(str(self._aside), "w", format="mp4", options={"movflags": "+faststart"})
        stream: Any = self._container.add_stream("libx264", rate=rate, options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height = wh[0] + self._pad[0], wh[1] + self._pad[1]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = time_base
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = int(ColorRange.MPEG)
        self._stream = stream

    def write(self, image: Image, pts: int) -> None:
        """Append one frame shown at ``pts`` (ascending)."""
        if (image.shape[1], image.shape[0]) != self._wh:  # a stream may change its size on the way; a file may not
            image = np.asarray(cv2.resize(image, self._wh), dtype=np.uint8)
        padded = cv2.copyMakeBorder(image, 0, self._pad[1], 0, self._pad[0], cv2.BORDER_REPLICATE)
        picture: Any = av.VideoFrame.from_ndarray(np.asarray(padded, dtype=np.uint8), format="bgr24")
        picture = picture.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        picture.pts, picture.time_base = pts, self._time_base
        self._container.mux(self._stream.encode(picture))

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
            if kind is None:
                self._aside.replace(self._path)
        finally:
            self._aside.unlink(missing_ok=True)


def read_image(path: Path) -> Image:
    """Read an image upright (EXIF applied).

    Raises:
        LabError: it does not exist or cannot be decoded.
    """
    try:
        data = np.fromfile(path, dtype=np.uint8)  # not cv2.imread: on Windows it cannot open a path with accents
    except OSError as error:
        raise LabError(f"this image cannot be read ({error.strerror})", path, "Check the path.") from None
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise LabError("this file cannot be decoded as an image", path, "Copy it again, or save it as JPEG.")
    return np.asarray(image, dtype=np.uint8)


def write_image(path: Path, image: Image) -> None:
    """Write a JPEG or PNG, by the path's suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(path.suffix, image)
    path.write_bytes(data.tobytes())
