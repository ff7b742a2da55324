"""Tracks of CVAT for video: where a shape is in every frame, and which picture is which frame.

Interpolation follows CVAT's own (`TrackManager.get_interpolated_shapes`): boxes, ellipses and cuboids move linearly
between keyframes, their rotation by the shorter arc; a set of points and a mask stand still; a shape that is
``outside`` is not to be seen until the next keyframe. Polygons with the same number of points move point by point,
others by the boxes around them (CVAT first finds out which point became which).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import NamedTuple

from labtools.core.names import natural_key
from labtools.core.sentences import Sentence
from labtools.prepare.formats._cvat import Shape
from labtools.prepare.formats._shapes import Corners
from labtools.prepare.layout.naming import frame_of
from labtools.prepare.sources.tree import name_of


class Row(NamedTuple):
    """A shape in one frame, as written; ``is_key``: a human set it, it is not interpolated."""

    frame: int
    shape: Shape
    is_outside: bool
    is_key: bool
    line: int


@dataclass
class Track:
    """One object on its way through a video; `rows` in any order until `frames` sorts them."""

    label: str
    task: str
    line: int
    rows: list[Row] = field(default_factory=list)

    def frames(self, wanted: Sequence[int], end: int | None) -> dict[int, tuple[Corners, int]]:
        """Where it is to be seen: frame -> corners and line.

        Args:
            wanted: the frames to tell, ascending.
            end: the frame before which a track that is never said to be outside ends; None: at its last row.
        """
        by_frame = {row.frame: row for row in self.rows}  # of two rows of one frame the last counts
        rows = [by_frame[frame] for frame in sorted(by_frame)]
        found: dict[int, tuple[Corners, int]] = {}
        for row, following in zip_longest(rows, rows[1:]):
            if row.is_outside:
                continue
            until = following.frame if following else max(end or 0, row.frame + 1)
            for frame in wanted[bisect_left(wanted, row.frame) : bisect_left(wanted, until)]:
                corners = between(row, following, frame)
                if corners is not None:
                    found[frame] = corners, row.line
        return found


def between(row: Row, following: Row | None, frame: int) -> Corners | None:
    """The box around a shape in a frame from its row's on, before the following row's."""
    first = row.shape
    if following is None or frame == row.frame or first.kind == "mask":
        return first.corners
    second, share = following.shape, (frame - row.frame) / (following.frame - row.frame)
    if first.kind != second.kind or (first.kind == "points" and len(first.values) + len(second.values) > 4):
        return first.corners
    if len(first.values) == len(second.values):
        values = tuple(a + (b - a) * share for a, b in zip(first.values, second.values, strict=True))
        turned = (first.rotation + angle_between(first.rotation, second.rotation) * share + 360) % 360
        return Shape(first.kind, values, turned).corners
    ends = first.corners, second.corners
    if ends[0] is None or ends[1] is None:
        return ends[0]
    x1, y1, x2, y2 = (a + (b - a) * share for a, b in zip(ends[0], ends[1], strict=True))
    return x1, y1, x2, y2


def angle_between(first: float, second: float) -> float:
    """From one angle to another by the shorter arc, in degrees; a half turn counts as positive."""
    difference = (second - first + 180) % 360 - 180
    return 180.0 if difference == -180 else difference


class Numbering(NamedTuple):
    """Which picture is which frame.

    Attributes:
        frames: picture -> frame; None if that cannot be told.
        how: None if the pictures bear the frames' numbers, else what was assumed.
    """

    frames: Mapping[str, int] | None
    how: Sentence | None = None


def number_pictures(images: Sequence[str], frames: range, seen: set[int]) -> Numbering:
    """Pictures -> frames, by the numbers in their names if these can be the frames', else in order.

    Args:
        images: all pictures of one video.
        frames: what the video holds by the file's header; empty where that is silent.
        seen: frames in which a shape is to be seen by its own row.
    """
    numbers = {image: number for image in images if (number := frame_of(image)) is not None}
    if len(set(numbers.values())) == len(images):
        for how, meaning in _meanings(numbers, frames):
            if frames and all(frame in frames for frame in meaning.values()):
                return Numbering(meaning, how)
            if not frames and seen <= set(meaning.values()):
                return Numbering(meaning, how)
    if frames and len(images) == len(frames):
        ordered = sorted(images, key=lambda image: natural_key(name_of(image)))
        same = ordered == sorted(images, key=name_of)
        how = Sentence("their names do not tell the frames: taken in order")
        if not same:
            how = Sentence("their names do not tell the frames: taken in order of their numbers, not letters")
        return Numbering(dict(zip(ordered, frames, strict=True)), how)
    if len(set(numbers.values())) == len(images) and seen & set(numbers.values()):
        return Numbering(numbers)
    return Numbering(None)


def _meanings(numbers: Mapping[str, int], frames: range) -> list[tuple[Sentence | None, dict[str, int]]]:
    """What the numbers may mean, the likeliest first."""
    one_based = {image: number - 1 for image, number in numbers.items()}
    found: list[tuple[Sentence | None, dict[str, int]]] = [(None, dict(numbers))]
    found.append((Sentence("the pictures count from 1, the frames from 0"), one_based))
    if frames.start or frames.step > 1:
        what = Sentence(
            "the pictures count on, the frames are those from {start} in steps of {step}",
            start=frames.start,
            step=frames.step,
        )
        for base in (numbers, one_based):
            found.append((what, {image: frames.start + n * frames.step for image, n in base.items()}))
    return found


def ends_of(tracks: Sequence[Track], frames: range) -> dict[int, int]:
    """Tracks, by place in the list, that run on after their last row until (and without) a frame.

    A file of CVAT's own lists every frame (``keyframe="0"``), so nothing runs on. One with keyframes alone means
    what CVAT would show: the shape stands still until the video ends. CVAT writes no end behind a shape of one
    frame in the last two frames, hence these do not run on.
    """
    if not frames or any(not row.is_key for track in tracks for row in track.rows):
        return {}
    found: dict[int, int] = {}
    for i, track in enumerate(tracks):
        last = max(track.rows, key=lambda row: row.frame, default=None)
        runs = last is not None and not last.is_outside and last.frame + frames.step <= frames[-1]
        if runs and last is not None and (len(track.rows) > 1 or last.frame + frames.step < frames[-1]):
            found[i] = frames[-1] + 1
    return found


def seen_frames(tracks: Sequence[Track]) -> set[int]:
    """The frames in which something is to be seen by a row of its own."""
    return {row.frame for track in tracks for row in track.rows if not row.is_outside}


def span(wanted: Sequence[int], seen: set[int]) -> list[int]:
    """Of the frames wanted those from the first to the last in which something is seen."""
    return list(wanted[bisect_left(wanted, min(seen)) : bisect_right(wanted, max(seen))]) if seen else []
