"""Records -> label text: clipping, repeats, other sizes; and the fast way beside the careful one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.core.findings import Finding
from labtools.prepare.config import CourseConfig
from labtools.prepare.formats import RawBox, Record
from labtools.prepare.formats._yolo_plain import PlainBoxes, read_plain
from labtools.prepare.labels.annotations import Annotation, Annotator
from labtools.prepare.labels.classes import course_table
from labtools.prepare.labels.resolver import ClassResolver
from labtools.prepare.labels.told import MOST, Told
from labtools.prepare.layout.teams import Submission
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.reader import Picture

NAMES = tuple(f"c{i}" for i in range(12))
TABLE = course_table(CourseConfig(names=NAMES), trusts_ids=False)
OWN = ("c3", "", "c11", "c3", "nobody")  # ids 1 and 5 have no name, 4 means nothing; 0 and 3 are one class


def annotate(
    records: list[Record], header: Header | None = None
) -> tuple[dict[str, Annotation], list[Finding], list[Finding]]:
    paths = [record.image for record in records]
    pictures = {path: Picture(path, header or Header("JPEG", (100, 50)), "", 1) for path in paths}
    resolver = ClassResolver(TABLE, Submission("c3/t", "t", "c3", (3,)), records)
    annotator = Annotator(resolver, pictures)
    found = annotator.annotate(pictures, records)
    return found, annotator.findings, resolver.findings()


def plain(files: list[bytes], names: tuple[str, ...] = OWN) -> list[Record]:
    table = read_plain(files, names)
    assert table is not None
    return [Record(f"1/{i}.txt", f"1/{i}.jpg", boxes, None, names) for i, boxes in enumerate(table.boxes())]


def careful(records: Iterable[Record]) -> list[Record]:
    return [Record(r.file, r.image, tuple(r.boxes), None, r.names) for r in records]


fraction = st.one_of(
    st.integers(0, 1_100_000).map(lambda v: f"{v / 1e6:.6f}"),
    st.sampled_from(["0", "1", "0.5", "0.500001", "0.250000", "1.000001", "0.000001", "0.123456789", "2"]),
)
row = st.tuples(st.sampled_from([0, 0, 0, 2, 2, 3, 1, 4, 5]), fraction, fraction, fraction, fraction)
one_file = st.lists(row, max_size=5).map(lambda rows: "".join(" ".join(map(str, r)) + "\n" for r in rows).encode())


@settings(max_examples=200, deadline=None)
@given(st.lists(one_file, max_size=6))
def test_the_fast_way_says_what_the_careful_one_says(files: list[bytes]) -> None:
    fast, slow = annotate(plain(files)), annotate(careful(plain(files)))
    assert fast[0] == slow[0]
    assert sorted(fast[1]) == sorted(slow[1])
    assert sorted(fast[2]) == sorted(slow[2])


in_the_picture = st.tuples(
    st.sampled_from([0, 2, 3]), *[st.integers(300_000, 700_000).map(lambda v: f"{v / 1e6:.6f}")] * 2,
    *[st.integers(1_000, 500_000).map(lambda v: f"{v / 1e6:.6f}")] * 2,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(in_the_picture, min_size=1, max_size=5), min_size=1, max_size=5))
def test_plain_lines_come_out_as_they_were_written(files: list[list[tuple[str, ...]]]) -> None:
    texts = ["".join(" ".join(map(str, line)) + "\n" for line in lines).encode() for lines in files]
    found, findings, _ = annotate(plain(texts))
    again = Counter(f.file for f in findings if f.code == "box-twice")
    to = {"0": 3, "2": 11, "3": 3}
    for number, (text, annotation) in enumerate(zip(texts, found.values(), strict=True)):
        lines = [line.split(" ", 1) for line in text.decode().splitlines()]
        written = [f"{to[class_id]} {rest}" for class_id, rest in lines]
        kept = annotation.label.splitlines()
        assert len(kept) == len(written) - again[f"1/{number}.txt"]
        assert set(kept) <= set(written)
        if not again:
            assert kept == written


def test_a_file_without_lines_is_background() -> None:
    found, findings, _ = annotate(plain([b"", b"0 0.5 0.5 0.2 0.4\n"]))
    assert found["1/0.jpg"] == Annotation("empty")
    assert found["1/1.jpg"] == Annotation("boxes", "3 0.500000 0.500000 0.200000 0.400000\n")
    assert found["1/1.jpg"].boxes == ((3, 0.5, 0.5, 0.2, 0.4),)
    assert findings == []


def test_a_picture_that_nothing_is_about_is_unlabelled() -> None:
    pictures = {"a.jpg": Picture("a.jpg", Header("JPEG", (9, 9)), "", 1)}
    resolver = ClassResolver(TABLE, Submission("", "t", "", ()), [])
    assert Annotator(resolver, pictures).annotate(pictures, []) == {"a.jpg": Annotation("unlabelled")}


CLIPPED = {
    "0 0.95 0.5 0.2 0.4": ((0.925, 0.5, 0.15, 0.4), {"box-clipped"}),
    "0 0.5 0.5 1.4 0.4": ((0.5, 0.5, 1.0, 0.4), {"box-clipped"}),
    "0 0.95 0.5 0.1000005 0.4": ((0.95, 0.5, 0.1, 0.4), set()),
    "0 0.02 0.5 0.1 0.4": ((0.035, 0.5, 0.07, 0.4), {"box-clipped"}),
    "0 0.5 0.02 0.2 0.1": ((0.5, 0.035, 0.2, 0.07), {"box-clipped"}),
    "0 0.5 0.98 0.2 0.1": ((0.5, 0.965, 0.2, 0.07), {"box-clipped"}),
    "0 0.5 1.3 0.2 0.4": (None, {"box-outside", "image-lost-boxes"}),
    "0 1.3 0.5 0.2 0.4": (None, {"box-outside", "image-lost-boxes"}),
    "0 1.1 0.5 0.2 0.4": (None, {"box-outside", "image-lost-boxes"}),
    "0 0.5 0.5 0.2 0": (None, {"box-no-area", "image-lost-boxes"}),
    "0 0.5 0.5 0 0.4": (None, {"box-no-area", "image-lost-boxes"}),
    "0 0.5 0.5 0.000001 0.4": ((0.5, 0.5, 0.000001, 0.4), set()),
}


@pytest.mark.parametrize("line", sorted(CLIPPED))
def test_boxes_at_and_beyond_the_border(line: str) -> None:
    box, codes = CLIPPED[line]
    found, findings, _ = annotate(plain([line.encode()], ("c3",)))
    assert {f.code for f in findings} == codes
    expected = [(3, *box)] if box else []
    assert [pytest.approx(one, abs=1e-6) for one in expected] == list(found["1/0.jpg"].boxes)
    assert found["1/0.jpg"].state == ("boxes" if box else "unlabelled")


@pytest.mark.parametrize(
    ("second", "is_same"),
    [
        ("0 0.512345 0.5 0.2 0.4", True),
        ("0 0.51234 0.5 0.2 0.4", True),
        ("0 0.5123 0.5 0.2 0.4", True),
        ("0 0.513 0.5 0.2 0.4", False),
        ("2 0.512345 0.5 0.2 0.4", False),
    ],
)
def test_the_same_box_again(second: str, is_same: bool) -> None:
    records = plain([f"0 0.512345 0.5 0.2 0.4\n{second}\n".encode()])
    for given_records in (records, careful(records)):
        found, findings, _ = annotate(given_records)
        assert len(found["1/0.jpg"].boxes) == 2 - is_same
        assert [f.code for f in findings] == ["box-twice"] * is_same


def pixels(size: tuple[float, float], *boxes: tuple[float, float, float, float]) -> Record:
    return Record("a.xml", "a.jpg", tuple(RawBox(None, "c3", box, 0) for box in boxes), size)


SIZES = {
    "as it is": ((100, 50), Header("JPEG", (100, 50)), (10, 10, 30, 20), (0.1, 0.2, 0.3, 0.4), set()),
    "shrunk afterwards": ((400, 200), Header("JPEG", (100, 50)), (40, 40, 120, 80), (0.1, 0.2, 0.3, 0.4),
                          {"size-differs"}),
    "shrunk and rounded": ((403, 200), Header("JPEG", (100, 50)), (40.3, 40, 120.9, 80), (0.1, 0.2, 0.3, 0.4),
                           {"size-differs"}),
    "no size": ((0, 0), Header("JPEG", (100, 50)), (10, 10, 30, 20), (0.1, 0.2, 0.3, 0.4), {"size-differs"}),
    "a stale size": ((640, 480), Header("JPEG", (100, 50)), (10, 10, 30, 20), (0.1, 0.2, 0.3, 0.4), {"size-differs"}),
    "width and height swapped": ((50, 100), Header("JPEG", (100, 50)), (10, 10, 80, 20), (0.1, 0.2, 0.8, 0.4),
                                 {"size-differs"}),
    "another picture": ((50, 100), Header("JPEG", (100, 50)), (10, 10, 40, 90), None,
                        {"size-contradicts", "image-lost-boxes"}),
    "stored upright, shown lying": ((50, 100), Header("JPEG", (50, 100), 6), (10, 20, 30, 40), (0.6, 0.2, 0.8, 0.6),
                                    {"size-differs"}),
    "stored upright, annotated as shown": ((100, 50), Header("JPEG", (50, 100), 6), (10, 10, 30, 20),
                                           (0.1, 0.2, 0.3, 0.4), set()),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SIZES))
def test_pictures_of_another_size_than_annotated(name: str) -> None:
    size, header, box, expected, codes = SIZES[name]
    found, findings, _ = annotate([pixels(size, box)], header)
    assert {f.code for f in findings} == codes
    corners = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for _, x, y, w, h in found["a.jpg"].boxes]
    assert corners == ([pytest.approx(expected, abs=1e-5)] if expected else [])


@pytest.mark.parametrize("xyxy", [(-0.4, 0.3, 0.0, 0.5), (0.3, -0.4, 0.5, 0.0), (1, 0.3, 1.2, 0.5), (0.3, 1, 0.5, 1.2)])
def test_a_box_that_only_touches_the_border_is_outside(xyxy: tuple[float, float, float, float]) -> None:
    found, findings, _ = annotate([Record("1.xml", "1.jpg", (RawBox(None, "c3", xyxy, 7),))])
    assert found["1.jpg"].state == "unlabelled"
    assert [(f.code, f.line) for f in findings] == [("box-outside", 7), ("image-lost-boxes", 0)]


def test_how_far_a_box_reaches_beyond_is_said() -> None:
    _, findings, _ = annotate(plain([b"0 .02 .5 .1 .4\n", b"0 .5 .5 .2 1.2\n", b"0 .89 .5 .3 .4\n"], ("c3",)))
    assert [(f.file, f.line, f.severity.value, str(f.message)) for f in findings] == [
        (f"1/{number}.txt", 1, severity, f"the box reaches {share} of the picture beyond its border")
        for number, severity, share in ((0, "info", "3.00%"), (1, "warning", "10.00%"), (2, "info", "4.00%"))
    ]


def test_a_file_of_another_size_that_has_no_boxes_is_background_all_the_same() -> None:
    found, findings, _ = annotate([pixels((50, 100))], Header("JPEG", (100, 50)))
    assert found["a.jpg"] == Annotation("empty") and {f.code for f in findings} <= {"size-differs"}


@pytest.mark.parametrize("size", [None, (100.0, 50.0)])
def test_a_picture_whose_class_is_left_out_on_purpose_is_background(size: tuple[float, float] | None) -> None:
    """As the teacher answered; until then its boxes are asked about, and it is unlabelled."""
    boxes = (RawBox(None, "nobody", (0.1, 0.1, 0.5, 0.5) if size is None else (10, 5, 50, 25), 1),)
    record = Record("a.xml", "a.jpg", boxes, size)
    pictures = {"a.jpg": Picture("a.jpg", Header("JPEG", (100, 50)), "", 1)}

    def state(answers: dict[str, str]) -> tuple[str, list[str]]:
        resolver = ClassResolver(TABLE, Submission("both/t", "t", "both", (3, 11)), [record], answers)
        annotator = Annotator(resolver, pictures)
        found = annotator.annotate(pictures, [record])
        keys = [f.question.key for f in (*annotator.findings, *resolver.findings()) if f.question]
        return found["a.jpg"].state, keys

    asked, keys = state({})
    assert asked == "unlabelled" and keys
    assert state(dict.fromkeys(keys, "leave out")) == ("empty", [])


def test_two_files_about_one_picture() -> None:
    boxes = [RawBox(None, "c3", (0.1, 0.1, 0.5 + i / 10, 0.5), i) for i in range(3)]
    few = Record("labels - Copie/a.txt", "a.jpg", tuple(boxes[:1]))
    many, again = (Record(f"labels{i}/a.txt", "a.jpg", tuple(boxes)) for i in "12")
    found, findings, _ = annotate([few, many, again])
    assert len(found["a.jpg"].boxes) == 3
    assert sorted((f.file, f.code, f.severity.value) for f in findings) == [
        ("labels - Copie/a.txt", "annotation-twice", "warning"), ("labels2/a.txt", "annotation-twice", "info"),
    ]  # fmt: skip


def test_what_happens_again_and_again_is_counted() -> None:
    files = [b"0 1.5 1.5 0.1 0.1\n0 0.5 0.5 0.1 0.1"] * (MOST + 7)
    _, findings, _ = annotate(plain(files, ("c3",)))
    assert len(findings) == MOST + 1
    assert "one of 7 more of this kind" in findings[-1].message
    assert Told().findings() == []


def test_a_plain_table_stays_a_table() -> None:
    assert all(isinstance(record.boxes, PlainBoxes) for record in plain([b"0 0.5 0.5 0.1 0.1"]))
