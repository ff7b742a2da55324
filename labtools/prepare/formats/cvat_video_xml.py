"""CVAT for video: one XML file for one video (or the tasks of a project), tracks of shapes in frames.

Frames are numbered as in the video; pictures bear these numbers (``frame_000012``), or else follow them in order.
A frame of the video in which nothing is to be seen is an explicit background.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox, Record
from labtools.prepare.formats._cvat import SHAPES, Header, Shape, Task, read_shape, skeleton, walk_files
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._pictures import hints_of, pictures_of_video
from labtools.prepare.formats._shapes import number
from labtools.prepare.formats._tracks import Row, Track, ends_of, number_pictures, seen_frames, span
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree

TITLE = "CVAT for video"
RICHNESS = 6

_MOST_FRAMES = 10_000_000


def sniff(tree: Tree) -> list[str]:
    """XML files whose root is ``<annotations>``, with ``<track>``."""
    return [p for p, look in of_kind(tree, "xml") if look.root == "annotations" and "track" in look.words]


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """One record per picture of the video; tracks of a file that ends early are kept up to there."""
    records: list[Record] = []
    findings: list[Finding] = []
    names: list[str] = []
    for file in walk_files(tree, files, _File, findings):
        records += file.records(tree.images)
        names += [*file.header.names, *(track.label for track in file.tracks)]
    return Parsed(tuple(records), tuple(findings), tuple(dict.fromkeys(names)), frozenset(files))


@dataclass
class _File:
    """One file being walked through, then laid over the pictures."""

    path: str
    tracks: list[Track] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    header: Header = field(default_factory=Header)
    bad: int = 0
    _in_meta: bool = False
    _skeleton: list[Shape] | None = None
    _row: tuple[dict[str, str], int] = field(default_factory=lambda: ({}, 0))

    def say(self, line: int, code: str, severity: Severity, message: Sentence, action: Action) -> None:
        self.findings.append(Finding("", self.path, line, code, severity, message, action))

    def open(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if tag == "meta":
            self._in_meta = True
        if self._in_meta:
            self.header.open(tag)
        elif tag == "track":
            self.tracks.append(Track(attributes.get("label", "").strip(), attributes.get("task_id", ""), line))
        elif tag == "skeleton" and self.tracks:
            self._skeleton, self._row = [], (attributes, line)
        elif tag in SHAPES and self.tracks:
            shape = read_shape(tag, attributes)
            if self._skeleton is None:
                self.take(shape, attributes, line)
            elif shape is not None and attributes.get("outside") != "1":
                self._skeleton.append(shape)

    def close(self, tag: str, text: str) -> None:
        if self._in_meta:
            self.header.close(tag, text)
            self._in_meta = tag != "meta"
        elif tag == "skeleton" and self._skeleton is not None:
            attributes, line = self._row
            hidden = Shape("skeleton", (0.0, 0.0))
            outside = {"outside": "0" if self._skeleton else "1"}
            self.take(skeleton(self._skeleton) or hidden, {**outside, **attributes}, line)
            self._skeleton = None

    def take(self, shape: Shape | None, attributes: dict[str, str], line: int) -> None:
        frame = number(attributes.get("frame"))
        track = self.tracks[-1]
        if shape is None or frame is None or frame != int(frame) or frame < 0 or not track.label:
            self.bad += 1
            what = (
                Sentence("a shape has no readable frame or corners")
                if track.label
                else Sentence("a shape has no label")
            )
            self.say(line, "cvat-bad-shape", Severity.ERROR, what, Action.LEFT_OUT)
            return
        if shape.title:
            self.kinds[shape.title] += 1
        outside, key = attributes.get("outside", "0") == "1", attributes.get("keyframe", "1") != "0"
        track.rows.append(Row(int(frame), shape, outside, key, line))

    def records(self, images: Sequence[str]) -> list[Record]:
        """The tracks laid over the pictures, task by task."""
        by_task: dict[str, list[Track]] = defaultdict(list)
        for track in self.tracks:
            by_task[track.task].append(track)
        tasks = {task.id: task for task in self.header.tasks}
        only = self.header.tasks[0] if len(self.header.tasks) == 1 else None
        found: list[Record] = []
        for key, tracks in by_task.items():
            task = tasks.get(key) or only or Task(key)
            hints = hints_of(self.path, task.name, task.source or self.header.source)
            found += self.video(
                tracks, task, images, hints if len(by_task) == 1 else hints_of("", task.name, task.source)
            )
        return found

    def video(self, tracks: list[Track], task: Task, images: Sequence[str], hints: Sequence[str]) -> list[Record]:
        named = task.name or task.id
        title = Sentence("task {name!r}", name=named) if named else Sentence("the video")
        chosen, rivals = pictures_of_video(images, self.path, hints)
        if not chosen:
            self.say_homeless(tracks, title, rivals)
            return []
        frames = task.frames if len(task.frames) <= _MOST_FRAMES else range(0)
        seen = seen_frames(tracks)
        if not seen:  # not a video of backgrounds: one that nobody has annotated yet
            what = Sentence(
                "nothing is ever to be seen of the {n} {n:track|tracks} of {video}", n=len(tracks), video=title
            )
            self.say(0, "annotations-empty", Severity.WARNING, what, Action.NOTED)
            return []
        numbering = number_pictures(chosen, frames, seen)
        if numbering.frames is None:
            held = len(frames) or len(seen)
            what = Sentence(
                "{n} {n:picture|pictures} and {frames} {frames:frame|frames} of {video}: which is which cannot be told",
                n=len(chosen),
                frames=held,
                video=title,
            )
            self.say(0, "frames-unmatched", Severity.ERROR, what, Action.ASKED)
            return []
        if numbering.how is not None:
            what = Sentence("{video}: {how}", video=title, how=numbering.how)
            self.say(0, "frames-by-order", Severity.WARNING, what, Action.REPAIRED)
        return self.laid_over(tracks, task, {frame: image for image, frame in numbering.frames.items()}, frames)

    def say_homeless(self, tracks: list[Track], title: Sentence, rivals: tuple[str, ...]) -> None:
        """No folder of pictures can be told to be the video; ``rivals``: those that may be."""
        what = Sentence(
            "{tracks} {tracks:track|tracks} ({n} {n:shape|shapes}) {tracks:annotates|annotate} pictures of {video}",
            tracks=len(tracks),
            n=sum(len(track.rows) for track in tracks),
            video=title,
        )
        if rivals:
            what = Sentence("{what}, which could be in any of: {folders}", what=what, folders=rivals[:3])
            self.say(0, "annotation-ambiguous", Severity.ERROR, what, Action.ASKED)
        else:
            what = Sentence("{what}, which are not there", what=what)
            self.say(0, "annotation-without-image", Severity.ERROR, what, Action.LEFT_OUT)

    def laid_over(self, tracks: list[Track], task: Task, pictures: dict[int, str], frames: range) -> list[Record]:
        """Records of the frames that the video holds or that the tracks span."""
        seen, numbers = seen_frames(tracks), sorted(pictures)
        boxes: dict[int, list[RawBox]] = {frame: [] for frame in span(numbers, seen)}
        boxes.update((frame, []) for frame in numbers if frame in frames)
        ends = ends_of(tracks, frames)
        made = 0
        for i, track in enumerate(tracks):
            own = {row.frame for row in track.rows}
            for frame, (corners, line) in track.frames(numbers, ends.get(i)).items():
                boxes.setdefault(frame, []).append(RawBox(None, track.label, corners, line))
                made += frame not in own
        self.say_laid_over(tracks, made, ends, sorted(seen - set(pictures)))
        size = (task.width, task.height)
        return [Record(self.path, pictures[frame], tuple(found), size) for frame, found in sorted(boxes.items())]

    def say_laid_over(self, tracks: list[Track], made: int, ends: Mapping[int, int], lost: Sequence[int]) -> None:
        """What was done to the tracks.

        Args:
            made: boxes that were interpolated.
            ends: of tracks without an end, by their place.
            lost: annotated frames without a picture.
        """
        if made:
            what = Sentence(
                "{n} {n:box|boxes} between keyframes {n:is|are} interpolated, as CVAT shows {n:it|them}", n=made
            )
            self.say(0, "track-interpolated", Severity.INFO, what, Action.REPAIRED)
        if ends:
            what = Sentence(
                "{n} {n:track never ends: it stands|tracks never end: they stand} still from {n:its|their} last "
                "keyframe on, as CVAT shows {n:it|them}",
                n=len(ends),
            )
            line = min(tracks[i].line for i in ends)
            self.say(line, "track-without-end", Severity.WARNING, what, Action.NOTED)
        if lost:
            what = Sentence(
                "{n} annotated {n:frame has|frames have} no picture, the first is frame {first}",
                n=len(lost),
                first=lost[0],
            )
            self.say(0, "annotation-without-image", Severity.WARNING, what, Action.LEFT_OUT)
