"""Tables of boxes: TensorFlow's ``filename,width,height,class,xmin,ymin,xmax,ymax`` and its relatives.

Columns are known by their titles in any order and case (``x1``, ``XMin``, ``left``, ``bbox_x`` ...; corners, or a
corner and a size, or a centre and a size; OpenImages). Without titles four writings are read: RetinaNet's
``path,x1,y1,x2,y2,class``, ``name,class,x1,y1,x2,y2``, TensorFlow's and makesense.ai's
``class,x,y,w,h,name,width,height``. Numbers are pixels, or in 0..1 if all are.
The same file may be a split list (``train_labels.csv``): that is read by `splits.lists`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import Parsed, RawBox, Record, orphan
from labtools.prepare.formats._box_cell import box_column, unfolded
from labtools.prepare.formats._look import of_kind
from labtools.prepare.formats._names import names_files, nearest_names
from labtools.prepare.formats._pictures import find_picture, hints_of, names_of
from labtools.prepare.formats._shapes import Corners, number, ordered
from labtools.prepare.formats._table import Row, Table, first_rows, read_table, titles_of
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import Tree, is_image_name

TITLE = Sentence("CSV of boxes")
RICHNESS = 2

_TITLES: Mapping[str, tuple[str, ...]] = {
    "name": ("filename", "file", "image", "imagename", "imagefile", "imagefilename", "img", "imgname", "path",
             "filepath", "imagepath", "imgpath", "imageid", "imgid", "frame", "picture", "fichier", "nomfichier",
             "externalid"),
    "class": ("class", "label", "classname", "labelname", "category", "categoryname", "classe", "objectclass", "object",
              "name", "etiquette", "type", "target", "text"),
    "id": ("classid", "labelid", "categoryid", "classidx", "classindex", "cls", "classnum"),
    "x1": ("xmin", "x1", "x0", "left", "xtl", "minx", "bboxxmin", "xleft", "startx", "xstart", "bboxx1", "ulx"),
    "y1": ("ymin", "y1", "y0", "top", "ytl", "miny", "bboxymin", "ytop", "starty", "ystart", "bboxy1", "uly"),
    "x2": ("xmax", "x2", "right", "xbr", "maxx", "bboxxmax", "xright", "endx", "xend", "bboxx2", "lrx"),
    "y2": ("ymax", "y2", "bottom", "ybr", "maxy", "bboxymax", "ybottom", "endy", "yend", "bboxy2", "lry"),
    "x": ("x", "bboxx", "bboxleft", "xcorner"),
    "y": ("y", "bboxy", "bboxtop", "ycorner"),
    "cx": ("xcenter", "xcentre", "xc", "cx", "centerx", "centrex", "xmid"),
    "cy": ("ycenter", "ycentre", "yc", "cy", "centery", "centrey", "ymid"),
    "w": ("w", "bboxwidth", "bboxw", "boxwidth", "bbwidth"),
    "h": ("h", "bboxheight", "bboxh", "boxheight", "bbheight"),
    "width": ("width", "imagewidth", "imgwidth", "imwidth", "imagew", "imgw", "largeur"),
    "height": ("height", "imageheight", "imgheight", "imheight", "imageh", "imgh", "hauteur"),
}  # fmt: skip
_ADVICE = Sentence("name the columns filename,class,xmin,ymin,xmax,ymax")
_MACHINE_KEY = re.compile(r"/[a-z]/\w+")
_CORNERS, _CORNER, _CENTRE = ("x1", "y1", "x2", "y2"), ("x", "y", "w", "h"), ("cx", "cy", "w", "h")


class Columns(NamedTuple):
    """Where things stand in a row.

    Attributes:
        place: name, class, id, width, height -> column; only those that are there.
        box: the four columns of the box.
        kind: what they hold: one of the three tuples above.
        has_titles: the first row is no box.
    """

    place: Mapping[str, int]
    box: tuple[int, int, int, int]
    kind: tuple[str, ...]
    has_titles: bool


def sniff(tree: Tree) -> list[str]:
    """Tables with columns for a picture's name and a box."""
    return [path for path, look in of_kind(tree, "table") if _is_boxes(titles_of(look.head), first_rows(look.head))]


def _is_boxes(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    has_cells = any(word in titles for word in _TITLES["name"]) and box_column(titles, rows[1:]) is not None
    return has_cells or columns_of(titles, rows) is not None


def parse(tree: Tree, files: list[str], index: ImageIndex) -> Parsed:
    """One record per picture; a row with a picture and no box says that it is a background."""
    findings: list[Finding] = []
    records: list[Record] = []
    used = set(files)
    described = _described(tree, findings) if files else {}
    used |= {path for path, _ in described.values()}
    named = names_files(tree)[0] if files else []  # what was wrong with them is told by the format that they belong to
    for path in files:
        table = _opened(path, read_table(tree, path, findings), findings)
        columns = columns_of(table.titles, [row for _, row in table.all_rows[:50]]) if table else None
        if table is not None and columns is not None:
            near = nearest_names(named, path)
            file = _File(path, columns, near.names if near else (), described)
            found = file.records(table, index)
            used |= {near.path} if near and any(record.names for record in found) else set()
            records += found
            findings += file.findings
    return Parsed(tuple(records), tuple(findings), names_of(records), frozenset(used))


def _opened(path: str, table: Table | None, findings: list[Finding]) -> Table | None:
    """The table, with four columns for a cell of four numbers; None, and a finding, where these have two readings."""
    column = box_column(table.titles, [row for _, row in table.rows]) if table else None
    if table is None or column is None:
        return table
    opened = unfolded(table, column)
    if opened is None:
        what = Sentence(
            "{n} {n:box|boxes} of four numbers in a cell: corners, or a corner and a size? {advice}",
            n=len(table.rows),
            advice=_ADVICE,
        )
        findings.append(Finding("", path, 0, "format-unsupported", Severity.ERROR, what, Action.LEFT_OUT))
    return opened


def _described(tree: Tree, findings: list[Finding]) -> dict[str, tuple[str, str]]:
    """OpenImages writes ``/m/0k4j`` for a car; a table of two columns says so: by key, that table and the name."""
    found: dict[str, tuple[str, str]] = {}
    for path, look in of_kind(tree, "table"):
        rows = first_rows(look.head)
        if rows and all(len(row) == 2 for row in rows) and _MACHINE_KEY.fullmatch(rows[-1][0]):
            table = read_table(tree, path, findings)
            for _, row in table.all_rows if table else ():
                if len(row) == 2 and _MACHINE_KEY.fullmatch(row[0]) and row[1].strip():
                    found[row[0]] = (path, row[1].strip())
    return found


def columns_of(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Columns | None:
    """The columns by their titles; by their content where there are none; None if this is no table of boxes."""
    place: dict[str, int] = {}
    for key, words in _TITLES.items():
        found = [titles.index(word) for word in words if word in titles]
        if found:
            place[key] = found[0]
    if "name" not in place:
        return _by_content(rows)
    if "w" not in place and ("x" in place or "cx" in place) and "x2" not in place:
        # `x,y,width,height`: of a box, unless the picture's have a title of their own
        widths = [i for i, title in enumerate(titles) if title in {"width", "height"}]
        if len(widths) == 2:
            place["w"], place["h"] = widths if titles[widths[0]] == "width" else widths[::-1]
            others = {key: [titles.index(w) for w in _TITLES[key][1:] if w in titles] for key in ("width", "height")}
            place = {k: v for k, v in place.items() if k not in others} | {k: v[0] for k, v in others.items() if v}
    for kind in (_CORNERS, _CENTRE, _CORNER):
        if all(key in place for key in kind):
            return Columns(place, (place[kind[0]], place[kind[1]], place[kind[2]], place[kind[3]]), kind, True)
    return None


def _by_content(rows: Sequence[Sequence[str]]) -> Columns | None:
    """A table without titles: what each of its first rows is, if they agree."""
    if _is_makesense(rows):
        return Columns({"class": 0, "name": 5, "width": 6, "height": 7}, (1, 2, 3, 4), _CORNER, False)
    full = [row for row in rows if row and is_image_name(row[0].strip())]
    if not full or len(full) < len([row for row in rows if any(row)]):
        return None
    full = [row for row in full if any(cell.strip() for cell in row[1:])]  # the others are backgrounds
    masks = {"".join("9" if number(cell) is not None else "a" for cell in row[1:]) for row in full}
    writings = {
        "9999a": ({"name": 0, "class": 5}, 1), "99999": ({"name": 0, "id": 5}, 1),
        "a9999": ({"name": 0, "class": 1}, 2),
        "99a9999": ({"name": 0, "width": 1, "height": 2, "class": 3}, 4),
    }  # fmt: skip
    if len(masks) != 1 or (mask := masks.pop()) not in writings:
        return None
    place, first = writings[mask]
    if any((number(row[first]) or 0) >= (number(row[first + 2]) or 0) for row in full):
        return None  # no corners: a size, in an order that only its writer knows
    return Columns(place, (first, first + 1, first + 2, first + 3), _CORNERS, False)


def _is_makesense(rows: Sequence[Sequence[str]]) -> bool:
    """No other tool puts the picture behind the box, and its size last: the box is a corner and a size."""
    full = [row for row in rows if any(cell.strip() for cell in row)]
    masks = ["".join("9" if number(cell) is not None else "a" for cell in row) for row in full]
    return bool(full) and set(masks) == {"a9999a99"} and all(is_image_name(row[5].strip()) for row in full)


@dataclass
class _File:
    """One table on its way to records; `findings` fills up."""

    path: str
    columns: Columns
    names: tuple[str, ...]
    described: Mapping[str, tuple[str, str]]
    findings: list[Finding] = field(default_factory=list)

    def say(self, line: int, code: str, severity: Severity, message: Sentence, action: Action, image: str) -> None:
        self.findings.append(Finding("", self.path, line, code, severity, message, action, None, image))

    def records(self, table: Table, index: ImageIndex) -> list[Record]:
        rows = table.rows if self.columns.has_titles else table.all_rows
        by_name: dict[str, list[Row]] = {}
        for line, row in rows:
            by_name.setdefault(self.cell(row, "name"), []).append((line, row))
        is_relative = self.are_relative(rows)
        hints = hints_of(self.path)
        found: dict[str, Record] = {}
        for name, some in by_name.items():
            match = find_picture(index, name, self.path, hints)
            if match.path is None:
                self.findings.append(orphan(self.path, some[0][0], name, match.rivals))
                continue
            record = self.record(match.path, some, is_relative=is_relative)
            before = found.get(match.path)
            if before is not None:  # one picture under two paths
                bad = before.bad_lines + record.bad_lines
                record = replace(before, boxes=(*before.boxes, *record.boxes), bad_lines=bad)
            found[match.path] = record
        return list(found.values())

    def record(self, image: str, rows: Sequence[Row], *, is_relative: bool) -> Record:
        boxes: list[RawBox] = []
        bad = 0
        sizes: Counter[tuple[float, float]] = Counter()
        for line, row in rows:
            if not any(self.at(row, column) for column in self.columns.box):
                continue  # a picture without a box
            sizes[(number(self.cell(row, "width")) or 0.0, number(self.cell(row, "height")) or 0.0)] += 1
            corners = self.corners(row, line, image)
            if corners is None:
                bad += 1
                cells = ", ".join(self.at(row, c) for c in self.columns.box)
                what = Sentence("the numbers of the box cannot be read: {cells}", cells=cells[:160])
                self.say(line, "csv-bad-row", Severity.ERROR, what, Action.LEFT_OUT, image)
                continue
            boxes.append(self.box(row, corners, line))
        size = sizes.most_common(1)[0][0] if sizes else (0.0, 0.0)
        names = self.names if any(box.class_id is not None for box in boxes) else ()
        return Record(self.path, image, tuple(boxes), None if is_relative else size, names, bad)

    def corners(self, row: Sequence[str], line: int, image: str) -> Corners | None:
        values = [number(self.at(row, column)) for column in self.columns.box]
        if None in values:
            return None
        a, b, c, d = (v for v in values if v is not None)
        if self.columns.kind == _CENTRE:
            return ordered((a - c / 2, b - d / 2, a + c / 2, b + d / 2))
        if self.columns.kind == _CORNER:
            return ordered((a, b, a + c, b + d))
        if a > c or b > d:
            what = Sentence("the corners are swapped")
            self.say(line, "box-corners-swapped", Severity.WARNING, what, Action.REPAIRED, image)
        return ordered((a, b, c, d))

    def box(self, row: Sequence[str], corners: Corners, line: int) -> RawBox:
        name = self.cell(row, "class")
        name = self.described[name][1] if name in self.described else name
        if name and not name.isdecimal():
            return RawBox(None, name, corners, line)
        text = name or self.cell(row, "id")
        class_id = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
        known = class_id is not None and class_id < len(self.names) and self.names[class_id]
        return RawBox(class_id, (self.names[class_id] if known and class_id is not None else None), corners, line)

    def are_relative(self, rows: Sequence[Row]) -> bool:
        """All numbers lie about 0..1, and they are not all whole."""
        values = [v for _, row in rows for c in self.columns.box if (v := number(self.at(row, c))) is not None]
        return bool(values) and all(-0.5 <= v <= 1.5 for v in values) and any(v != int(v) for v in values)

    def cell(self, row: Sequence[str], key: str) -> str:
        return self.at(row, self.columns.place[key]) if key in self.columns.place else ""

    def at(self, row: Sequence[str], column: int) -> str:
        return row[column].strip() if column < len(row) else ""
