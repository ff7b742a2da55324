"""YOLO txt: one file per picture, one line ``class x y w h`` per box (centre and size in 0..1).

Darknet and CVAT *YOLO 1.1* (``obj.names``, ``obj_train_data/``), Ultralytics and Roboflow exports (``data.yaml``,
polygons, keypoints), labels beside the pictures. Plain files are read a folder at a time, see `_yolo_plain`; all others
line by line and tolerantly, see `_yolo_line`; a bad line costs only itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.formats import CENTRE, CORNERS, MOST_BOXES, Parsed, RawBox, Record, crowd, orphan
from labtools.prepare.formats._names import NamesFile, is_names_file, names_files, nearest_names
from labtools.prepare.formats._yolo_file import FileReader, Repairs
from labtools.prepare.formats._yolo_line import LineError, is_comment, parse_line
from labtools.prepare.formats._yolo_names import LooseNames, bare_stem
from labtools.prepare.formats._yolo_plain import is_plain, read_plain
from labtools.prepare.layout.places import SPLIT_WORDS, ImageIndex, key_of, stem_key
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree, folder_of, name_of, stem_of

TITLE = "YOLO txt"
RICHNESS = 1

_SUFFIXES = (".txt", ".text", ".label", ".lbl", ".yolo")
# Out of a spreadsheet, or where a file manager hid the suffix: a label only if it is called like a picture.
_RARE_SUFFIXES = ("", ".csv", ".tsv", ".dat")
_ID = re.compile(rb"^\s*(\d{1,9})[\s,;|]", re.MULTILINE)


def sniff(tree: Tree) -> list[str]:
    """Text files named like a picture, and others that hold nothing but label lines."""
    stems = {key_of(path.rpartition("/")[2]) for path in tree.images}
    loose: LooseNames | None = None
    found: list[str] = []
    for path in tree.ending(*_SUFFIXES):
        stem = key_of(path.rpartition("/")[2])
        if stem in stems and stem not in SPLIT_WORDS:
            found.append(path)
            continue
        if is_names_file(path) or stem.startswith("readme"):
            continue
        if stem_key(bare_stem(path)) in stems and stem not in SPLIT_WORDS:
            found.append(path)
            continue
        if _holds_labels(tree, path):
            found.append(path)
        elif stem not in SPLIT_WORDS:
            loose = loose or LooseNames(tree.images)
            if loose.knows(path):
                found.append(path)
    rare = [p for p in tree.ending(*_RARE_SUFFIXES) if key_of(name_of(p)) in stems and _holds_labels(tree, p)]
    return sorted([*found, *rare]) if rare else found


def _holds_labels(tree: Tree, path: str) -> bool:
    """Is its first line a box, whatever the file is called?"""
    try:
        head = decode(tree.read(path)[:1000]).lines
    except READ_ERRORS:
        return False
    line = next((line for line in head if line.strip() and not is_comment(line)), "")
    try:
        parsed = parse_line(line)
    except LineError:
        return False
    return parsed.form in {CENTRE, CORNERS} or isinstance(parsed.label, int)


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """Every label file that belongs to one picture; labels without a picture are findings."""
    reading = _Reading(tree, index)
    records = reading.read(files)
    used = frozenset(files) | {file.path for file in reading.names_files if files}
    return Parsed(records, tuple(reading.all_findings()), reading.own_names(records), used)


class _Reading:
    """One pass over the label files of a submission."""

    def __init__(self, tree: Tree, index: ImageIndex) -> None:
        self._tree = tree
        self._index = index
        self._findings: list[Finding] = []
        self._repairs = Repairs()
        self.names_files, found = names_files(tree)
        self._findings += found
        self._names_by_folder: dict[str, NamesFile] = {}

    def all_findings(self) -> list[Finding]:
        return [*self._findings, *self._repairs.findings()]

    def own_names(self, records: Iterable[Record]) -> tuple[str, ...]:
        """All declared names, those of the first file first; then those that only the labels use."""
        declared = dict.fromkeys(name for file in self.names_files for name in file.names if name)
        written = (b.class_name for r in records if isinstance(r.boxes, tuple) for b in r.boxes if b.class_id is None)
        return tuple({**declared, **dict.fromkeys(name for name in written if name)})

    def read(self, files: Sequence[str]) -> tuple[Record, ...]:
        """The records of these files, in their order."""
        images = self._images_of(files)
        by_folder: dict[str, dict[str, bytes]] = defaultdict(dict)
        with Near() as near:
            for path in files:
                if path in images:
                    data = self._bytes(path, near)
                    if data is not None:
                        by_folder[folder_of(path)][path] = data
        self._settle_blank_names(by_folder)
        found: dict[str, Record] = {}
        for folder, contents in by_folder.items():
            found |= self._folder(self._names_for(folder), contents, images)
        return tuple(found[path] for path in files if path in found)

    def _images_of(self, files: Iterable[str]) -> dict[str, str]:
        """The picture of each label file; a finding for each file that has none."""
        images: dict[str, str] = {}
        strays: dict[str, Finding] = {}
        for path in files:
            match = self._index.find_beside(path)
            if match.path is not None:
                images[path] = match.path
            else:
                strays[path] = orphan(path, 0, stem_of(path), match.rivals)
        if strays:
            loose = LooseNames(self._tree.images)
            for path, image in loose.match(strays, self._index, frozenset(images.values())).items():
                images[path] = image
                self._repairs.add(path, "label-name-differs", 0)
                del strays[path]
        self._findings += strays.values()
        return images

    def _bytes(self, path: str, near: Near) -> bytes | None:
        try:
            data = self._tree.read(path, near)
            lines = data.count(b"\n") if len(data) > MOST_BOXES else 0
            if lines <= MOST_BOXES:
                return data
            self._findings.append(crowd(path, lines, ""))
            return None
        except READ_ERRORS as error:
            what = Sentence("this label file cannot be read: {why}", why=verbatim(type(error).__name__))
            self._findings.append(Finding("", path, 0, "label-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            return None

    def _names_for(self, folder: str) -> NamesFile:
        if folder not in self._names_by_folder:
            near = nearest_names(self.names_files, f"{folder}/label" if folder else "label")
            if near is None and len({file.names for file in self.names_files}) == 1:
                near = self.names_files[0]
            self._names_by_folder[folder] = near or NamesFile("", ())
        return self._names_by_folder[folder]

    def _settle_blank_names(self, by_folder: dict[str, dict[str, bytes]]) -> None:
        """Names files with blank lines are read as the ids in the labels that they name demand."""
        if not any(file.gapless for file in self.names_files):
            return
        used: dict[str, set[int]] = defaultdict(set)
        for folder, contents in by_folder.items():
            ids = {int(number) for data in contents.values() for number in _ID.findall(data)}
            used[self._names_for(folder).path] |= ids
        self.names_files = [file.for_ids(used[file.path]) for file in self.names_files]
        self._names_by_folder.clear()

    def _folder(self, names: NamesFile, contents: dict[str, bytes], images: dict[str, str]) -> dict[str, Record]:
        """The records of one folder: as one table as far as the files are plain, the others one by one."""
        windows = [path for path, data in contents.items() if b"\r" in data]
        unified = {**contents, **{path: contents[path].replace(b"\r\n", b"\n") for path in windows}}
        table = read_plain(list(unified.values()), names.names)
        odd: list[str] = []
        if table is None:
            odd = [path for path, data in unified.items() if not is_plain(data)]
            for path in odd:
                del unified[path]
            table = read_plain(list(unified.values()), names.names)
            if table is None:  # numbers beyond 2: a file of pixels
                odd, unified = list(contents), {}
        boxes: Sequence[Sequence[RawBox]] = table.boxes() if table is not None else ()
        found = {
            path: Record(path, images[path], rows, None, names.names)
            for path, rows in zip(unified, boxes, strict=False)
        }
        reader = FileReader(names, self._repairs, self._findings)
        for path in odd:
            found[path] = reader.record(path, images[path], contents[path])
        for path in windows:
            if path in unified:
                self._repairs.add(path, "text-crlf", 0)
        return found
