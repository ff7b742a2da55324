"""What a video says about its own annotation: frames between labelled ones were forgotten, boxes do not teleport.

One picture tells nothing about a missing label; its neighbours do. An object leaves a picture by its border: where
boxes end in the middle of the picture, the annotator stopped, not the object. Boxes are never changed here; a picture
without label becomes background only where the object is seen to leave before it or to enter after it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats._yolo_plain import label_numbers
from labtools.prepare.labels.motion import Tracks
from labtools.prepare.labels.told import Told

BOXES, EMPTY, UNLABELLED = "boxes", "empty", "unlabelled"

_FEWEST = 5  # pictures of a film
_REGULAR = 0.8  # share of the steps between frames that are the usual one
_MANY_RANGES = 5

_ABOUT = {
    "sequence-unlabelled": Sentence("nothing in this video is annotated"),
    "image-unlabelled": Sentence("no annotation, while the pictures before and after have boxes: forgotten"),
    "label-empty-in-track": Sentence(
        "an empty label, while the boxes before and after are in the middle of the picture"
    ),
    "image-background": Sentence("no annotation, and the object is seen to leave before or to enter after: background"),
    "annotation-stops": Sentence(
        "the boxes end in the middle of the picture and none follow: was it annotated to its end?"
    ),
    "annotation-starts-late": Sentence("no boxes before the first ones, which begin in the middle of the picture"),
    "box-jumps": Sentence("the box jumps away and is back in the next picture"),
    "box-missing": Sentence("a box is missing that the pictures before and after have in the same place"),
    "box-frozen": Sentence("a box stays the same to the last digit while the pictures change and other boxes move"),
    "box-still": Sentence(
        "a box stays the same to the last digit while the pictures change; so do most boxes of this video"
    ),
}
_HARMLESS = frozenset({"image-background", "box-still"})


@dataclass(frozen=True)
class Frames:
    """The pictures of one submission, in columns of equal length.

    Attributes:
        path: of the picture in the submissions; findings point to it.
        sequence: the video, ``""`` where there is none.
        frame: its number in the video, None where the name has none.
        state: ``boxes``, ``empty`` or ``unlabelled``.
        label: the text of its label file.
        lost: somebody annotated it, but no box could be used: not a gap, and told elsewhere.
        hash: of its bytes.
    """

    path: Sequence[str]
    sequence: Sequence[str]
    frame: Sequence[int | None]
    state: Sequence[str]
    label: Sequence[str]
    lost: Sequence[bool]
    hash: Sequence[str]


def look_at_sequences(frames: Frames) -> tuple[list[str], list[Finding]]:
    """The states with what the videos add to them, and findings: one per range of frames."""
    states = list(frames.state)
    told = Told()
    boxes, starts = _boxes_of(frames.label)
    loose: list[int] = []
    for members in _sequences(frames):
        numbers = [frames.frame[i] for i in members]
        if None in numbers:
            loose += members
            continue
        order = [i for _, i in sorted(zip(numbers, members, strict=True))]
        step = _usual_step([frames.frame[i] for i in order])
        if step == 0:
            loose += members
            continue
        film = _Film(frames, order, step, states, told)
        film.gaps(boxes, starts)
        film.motion(boxes, starts)
    for i in sorted(loose):
        if frames.state[i] == UNLABELLED:
            what = Sentence("no annotation was found")
            told.add(Finding("", frames.path[i], 0, "image-unlabelled", Severity.WARNING, what, Action.NOTED))
    if EMPTY in frames.state and BOXES not in frames.state and not any(frames.lost):
        _never_a_box(frames, told)
    return states, told.findings()


def _never_a_box(frames: Frames, told: Told) -> None:
    """One empty video is background; a submission that shows nothing at all is an export that went wrong."""
    empty = [path for path, state in zip(frames.path, frames.state, strict=True) if state == EMPTY]
    what = Sentence(
        "not one of {n} {n:picture|pictures} has a box, {empty} {empty:has|have} an empty label: "
        "was anything exported?",
        n=len(frames.path),
        empty=len(empty),
    )
    told.add(Finding("", empty[0], 0, "labels-all-empty", Severity.WARNING, what, Action.NOTED))


def _boxes_of(labels: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(N, 5) class, x, y, w, h of all pictures, and where each picture's begin: (pictures + 1,)."""
    counts = np.fromiter((text.count("\n") for text in labels), np.int64, len(labels))
    return label_numbers("".join(labels)), np.concatenate([[0], np.cumsum(counts)])


def _sequences(frames: Frames) -> list[list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for i, (name, is_lost) in enumerate(zip(frames.sequence, frames.lost, strict=True)):
        if not is_lost:
            found[name].append(i)
    return list(found.values())


def _usual_step(numbers: Sequence[int | None]) -> int:
    """Frames from one picture of a video to the next; 0 if these pictures are no video."""
    known = [n for n in numbers if n is not None]
    if len(known) < max(_FEWEST, len(numbers)):
        return 0
    steps = Counter(b - a for a, b in pairwise(known))
    step, count = steps.most_common(1)[0]
    return step if step > 0 and 0 not in steps and count >= _REGULAR * steps.total() else 0


class _Film:
    """The pictures of one video in order; tells what its labels leave open and sets states."""

    def __init__(self, frames: Frames, order: list[int], step: int, states: list[str], told: Told) -> None:
        self._frames = frames
        self._order = order
        self._step = step
        self._states = states
        self._told = told
        self._gaps: dict[str, list[tuple[int, int]]] = defaultdict(list)

    def gaps(self, boxes: NDArray[np.float64], starts: NDArray[np.int64]) -> None:
        """Every run of pictures without boxes, and what surrounds it."""
        state = [self._frames.state[i] for i in self._order]
        if all(s == BOXES for s in state):
            return
        if BOXES not in state:
            self._never_annotated(state)
            return
        edges = _Edges(boxes, starts, self._order)
        first = 0
        while first < len(state):
            last = first
            while last < len(state) and (state[last] == BOXES) == (state[first] == BOXES):
                last += 1
            if state[first] != BOXES:
                self._gap(first, last, edges)
            first = last
        self._tell(self._gaps)

    def _never_annotated(self, state: Sequence[str]) -> None:
        missing = [n for n, s in enumerate(state) if s == UNLABELLED]
        if missing:
            code = "sequence-unlabelled"
            self._say(missing[0], missing[-1] + 1, code, _ABOUT[code], len(missing))

    def _gap(self, first: int, last: int, edges: _Edges) -> None:
        """Pictures ``first`` to ``last`` (excluded) have no boxes."""
        count = len(self._order)
        is_background = (first == 0 or edges.leaves(first - 1, first - 1 - count)) and (
            last == count or edges.leaves(last, last + count)
        )
        unlabelled = [n for n in range(first, last) if self._frames.state[self._order[n]] == UNLABELLED]
        if is_background:
            for n in unlabelled:
                self._states[self._order[n]] = EMPTY
            if unlabelled:
                self._gaps["image-background"].append((first, last))
        elif first > 0 and last < count:
            self._gaps["image-unlabelled" if unlabelled else "label-empty-in-track"].append((first, last))
        elif last - first > 1 or unlabelled:
            self._gaps["annotation-stops" if first else "annotation-starts-late"].append((first, last))

    def motion(self, boxes: NDArray[np.float64], starts: NDArray[np.int64]) -> None:
        """Boxes that jump away and back, are missing in between, or stand still to the last digit."""
        numbers = [self._frames.frame[i] or 0 for i in self._order]
        tracks = Tracks(boxes, starts, self._order, numbers, self._step)
        if not tracks.is_smooth:
            return
        found = defaultdict(list)
        for gap in tracks.interruptions():
            found["box-jumps" if gap.jumps else "box-missing"].append((gap.first, gap.last))
        frozen = [r for r in tracks.frozen() if self._differ(*r)]
        if frozen:
            found["box-frozen" if tracks.share_standing < 0.5 else "box-still"] = frozen
        self._tell(found)

    def _tell(self, ranges: Mapping[str, Sequence[tuple[int, int]]]) -> None:
        """One finding per range of pictures; one for all where they are many."""
        for code, places in ranges.items():
            if len(places) <= _MANY_RANGES:
                for first, last in places:
                    self._say(first, last, code, _ABOUT[code], last - first)
            else:
                total = sum(last - first for first, last in places)
                what = Sentence("{what} ({n} such ranges)", what=_ABOUT[code], n=len(places))
                self._say(places[0][0], max(last for _, last in places), code, what, total)

    def _differ(self, first: int, last: int) -> bool:
        return len({self._frames.hash[self._order[n]] for n in range(first, last)}) > 1

    def _say(self, first: int, last: int, code: str, what: Sentence, count: int) -> None:
        """About pictures ``first`` to ``last`` (excluded), ``count`` of which are meant."""
        path = self._frames.path[self._order[first]]
        a, b = (self._frames.frame[self._order[n]] for n in (first, last - 1))
        where = Sentence("frame {n}", n=a or 0)
        if a != b:
            where = Sentence("frames {first} to {last}, {n} {n:picture|pictures}", first=a or 0, last=b or 0, n=count)
        message = Sentence("{where}: {what}", where=where, what=what)
        severity = Severity.INFO if code in _HARMLESS else Severity.WARNING
        action = Action.REPAIRED if code == "image-background" else Action.NOTED
        self._told.add(Finding("", path, 0, code, severity, message, action))


class _Edges:
    """Does what is seen in a picture leave it by its border?"""

    _MARGIN = 0.02  # of the picture's side
    _WITHIN = 10  # pictures in which the object was seen to go

    def __init__(self, boxes: NDArray[np.float64], starts: NDArray[np.int64], order: Sequence[int]) -> None:
        self._boxes = boxes
        self._starts = starts
        self._order = order

    def leaves(self, last: int, direction: int) -> bool:
        """All boxes of picture ``last`` touch the border, and did not, or were larger, some pictures further inside.

        Args:
            direction: smaller than ``last`` to look back in time, larger to look ahead (does it enter?).
        """
        boxes = self._of(last)
        if not len(boxes) or not self._touches(boxes).all():
            return False
        sign = -1 if direction < last else 1
        areas = boxes[:, 3] * boxes[:, 4]
        for distance in range(1, self._WITHIN + 1):
            n = last + sign * distance
            if not 0 <= n < len(self._order):
                break
            inside = self._of(n)
            if len(inside) and (
                not self._touches(inside).all() or (inside[:, 3] * inside[:, 4]).max() > 1.25 * areas.max()
            ):
                return True
        return False

    def _of(self, n: int) -> NDArray[np.float64]:
        i = self._order[n]
        return self._boxes[self._starts[i] : self._starts[i + 1]]

    def _touches(self, boxes: NDArray[np.float64]) -> NDArray[np.bool_]:
        low, high = boxes[:, 1:3] - boxes[:, 3:] / 2, boxes[:, 1:3] + boxes[:, 3:] / 2
        return np.asarray((low.min(axis=1) <= self._MARGIN) | (high.max(axis=1) >= 1 - self._MARGIN))
