"""Several annotations of one picture: the richest wins, what differs is told in numbers, no box comes twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.formats import Parsed, RawBox, Record
from labtools.prepare.labels.choice import choose, parse_all
from labtools.prepare.labels.compare import Difference, compare, distinct, iou
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.walk import read_tree

RICHNESS = {"voc_xml": 3, "coco_json": 2, "yolo_txt": 1, "boxes_csv": 2, "cvat_images_xml": 5}
Box = tuple[str | int | None, tuple[float, float, float, float]]

A: Box = ("velo", (10, 10, 30, 30))
B: Box = ("velo", (40, 10, 60, 30))
C: Box = ("chat", (10, 40, 30, 60))
D: Box = ("chat", (70, 40, 90, 60))


def record(file: str, image: str, boxes: Iterable[Box], size: tuple[float, float] | None = (100, 100)) -> Record:
    raw = tuple(
        RawBox(label if isinstance(label, int) else None, label if isinstance(label, str) else None, xyxy, 1)
        for label, xyxy in boxes
    )
    return Record(file, image, raw, size)


def parsed(*records: Record) -> Parsed:
    names = dict.fromkeys(b.class_name for r in records for b in r.boxes if b.class_name)
    return Parsed(records, (), tuple(names), frozenset(r.file for r in records))


def moved(box: Box, by: float) -> Box:
    x1, y1, x2, y2 = box[1]
    return box[0], (x1 + by, y1, x2 + by, y2)


def test_what_meets_nothing_stays_as_it_is() -> None:
    yolo, voc = parsed(record("l/a.txt", "a", [A])), parsed(record("x/b.xml", "b", [B]))
    assert choose({"yolo_txt": yolo}, RICHNESS) is yolo
    both = choose({"voc_xml": voc, "yolo_txt": yolo}, RICHNESS)
    assert (both.records, both.findings) == ((*voc.records, *yolo.records), ())


def test_the_richer_one_is_used_and_numbers_are_told() -> None:
    xml = parsed(*(record("all.xml", i, [A, B, C, D]) for i in "ab"), record("all.xml", "c", []))
    json = parsed(*(record("i.json", i, [moved(A, 1), moved(C, 9), ("loup", B[1])]) for i in "ab"),
                  record("i.json", "c", [A]), record("i.json", "d", [A]))  # fmt: skip
    found = choose({"coco_json": json, "cvat_images_xml": xml}, RICHNESS)
    # c has a box in the poorer one only, d is in the poorer one only
    assert [(r.image, r.file, len(r.boxes)) for r in sorted(found.records, key=lambda r: r.image)] == [
        ("a", "all.xml", 4), ("b", "all.xml", 4), ("c", "i.json", 1), ("d", "i.json", 1),
    ]  # fmt: skip
    told = {f.file: f.message for f in found.findings}
    assert {f.code for f in found.findings} == {"annotations-differ"}
    assert "2 pictures" in told["i.json"] and "2 boxes agree, 2 have another class, 4 are only in" in told["i.json"]
    assert "2 only here" in told["i.json"] and "1 picture is" in told["all.xml"]


def test_the_same_boxes_twice_are_only_mentioned() -> None:
    voc = parsed(*(record(f"x/{i}.xml", i, [A, B]) for i in "ab"))
    csv = parsed(*(record("t.csv", i, [B, A, A]) for i in "ab"))  # once more does not make it richer
    yolo = parsed(
        *(record(f"l/{i}.txt", i, [(0, (0.1, 0.1, 0.3, 0.3)), (0, (0.4, 0.1, 0.6, 0.3))], None) for i in "ab")
    )
    found = choose({"boxes_csv": csv, "voc_xml": voc, "yolo_txt": yolo}, RICHNESS)
    assert {r.file for r in found.records} == {"x/a.xml", "x/b.xml"}
    assert [(f.file, f.code, f.severity.value) for f in found.findings if f.file[0] == "l"] == [
        ("l/a.txt", "annotation-twice", "info")
    ]
    assert found.names == ("velo",)


def test_places_that_could_not_be_compared_are_not_called_the_same() -> None:
    table = parsed(record("t.csv", "a", [A], (0, 0)))  # as VoTT writes it, without the size of the picture
    yolo = parsed(record("l/a.txt", "a", [("velo", (0.6, 0.6, 0.9, 0.9))], None))
    (finding,) = choose({"boxes_csv": table, "yolo_txt": yolo}, RICHNESS).findings
    assert "as many boxes of each class" in finding.message


def test_places_are_said_to_be_unknown_only_where_both_have_boxes() -> None:
    table = parsed(record("t.csv", "a", [], (0, 0)), record("t.csv", "b", [], (0, 0)))
    yolo = parsed(*(record(f"l/{i}.txt", i, [("velo", (0.6, 0.6, 0.9, 0.9))], None) for i in "ab"))
    (finding,) = choose({"boxes_csv": table, "yolo_txt": yolo}, RICHNESS).findings
    assert "as many boxes" not in finding.message and "a 1 and 0" in finding.message


def test_of_many_differing_pictures_three_are_named() -> None:
    xml = parsed(*(record("all.xml", f"p/{i}.jpg", [A, B]) for i in range(6)))
    yolo = parsed(*(record(f"l/{i}.txt", f"p/{i}.jpg", [A]) for i in range(6)))
    (finding,) = choose({"cvat_images_xml": xml, "yolo_txt": yolo}, RICHNESS).findings
    assert "0.jpg 2 and 1, 1.jpg 2 and 1, 2.jpg 2 and 1" in finding.message and "3.jpg" not in finding.message


def test_a_file_that_looks_like_annotations_and_says_nothing_is_named(tmp_path: Path) -> None:
    for name, content in {"1.jpg": b"1", "1.txt": b"0 0.5 0.5 0.2 0.2\n"}.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "empty.json").write_text('{"_via_img_metadata": {}}')
    tree, _ = read_tree(tmp_path)
    found = parse_all(tree, ImageIndex(tree.images, ""))
    assert [(r.image, r.file) for r in found.records] == [("1.jpg", "1.txt")]
    (finding,) = [f for f in found.findings if f.code == "annotations-empty"]
    assert (finding.file, finding.message) == (
        "empty.json",
        "it looks like VIA JSON, but says nothing about any picture",
    )


def test_folders_of_one_format_and_their_archive() -> None:
    plain = [record(f"t/labels/{i}.txt", i, [A], None) for i in "ab"]
    packed = [record(f"t/l.zip!/{i}.txt", i, [A, B], None) for i in "ab"]
    found = choose({"yolo_txt": parsed(*plain, *packed)}, RICHNESS)
    assert {r.file for r in found.records} == {"t/labels/a.txt", "t/labels/b.txt"}  # mended by hand
    assert [(f.file, f.code) for f in found.findings] == [("t/l.zip!/a.txt", "annotations-differ")]


def test_a_file_per_class_is_joined_and_a_renamed_class_is_not() -> None:
    one = [record("velo.json", i, [A, B]) for i in "ab"]
    other = [record("chat.json", i, [C]) for i in "ab"]
    found = choose({"coco_json": parsed(*one, *other)}, RICHNESS)
    assert [[b.class_name for b in r.boxes] for r in found.records] == [["velo", "velo", "chat"]] * 2
    assert [f.code for f in found.findings] == ["annotations-joined"]
    renamed = [record("chat.json", i, [("chat", A[1]), ("chat", B[1])]) for i in "ab"]
    found = choose({"coco_json": parsed(*one, *renamed)}, RICHNESS)
    assert {len(r.boxes) for r in found.records} == {2}
    assert [f.code for f in found.findings] == ["annotations-differ"]


def test_two_files_for_one_picture_in_one_folder() -> None:
    found = choose({"voc_xml": parsed(record("x/a.xml", "a", [A]), record("x/a (1).xml", "a", [A, B]))}, RICHNESS)
    assert [(r.file, len(r.boxes)) for r in found.records] == [("x/a (1).xml", 2)]
    assert [f.code for f in found.findings] == ["annotations-differ"]


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ([A, B], [B, A], Difference(2, 0, 0, 0)),
        ([A], [moved(A, 1)], Difference(1, 0, 0, 0)),  # 19/21: IoU .905
        ([A], [moved(A, 2)], Difference(0, 0, 1, 1)),  # 18/22
        ([A], [("Vélo ", A[1])], Difference(1, 0, 0, 0)),
        ([A], [("chat", A[1])], Difference(0, 1, 0, 0)),
        ([A, ("chat", A[1])], [("chat", A[1]), A], Difference(2, 0, 0, 0)),
        ([A], [(3, A[1])], Difference(1, 0, 0, 0)),
        ([(2, A[1])], [(3, A[1])], Difference(0, 1, 0, 0)),
        ([(2, A[1])], [(None, A[1])], Difference(1, 0, 0, 0)),
        ([(None, A[1])], [(2, A[1])], Difference(1, 0, 0, 0)),
        ([], [A], Difference(0, 0, 0, 1)),
    ],
)
def test_differences_by_hand(first: list[Box], second: list[Box], wanted: Difference) -> None:
    assert compare(record("a", "i", first), record("b", "i", second)) == wanted
    in_unit = [(label, (x1 / 100, y1 / 100, x2 / 100, y2 / 100)) for label, (x1, y1, x2, y2) in second]
    assert compare(record("a", "i", first), record("b", "i", in_unit, None)) == wanted


def test_units_that_cannot_be_compared() -> None:
    unknown = record("a", "i", [A, B], (0, 0))
    assert compare(unknown, record("b", "i", [("velo", (0.1, 0.1, 0.2, 0.2))], None)) == Difference(1, 0, 1, 0)
    assert compare(unknown, record("b", "i", [A, B], (0, 0))) == Difference(2, 0, 0, 0)
    assert distinct(record("a", "i", [A, A, B])) == 2


box = st.tuples(st.sampled_from(["velo", "chat"]), st.sampled_from([A[1], B[1], C[1], moved(A, 1)[1], (5, 5, 5, 9)]))


@settings(max_examples=100, deadline=None)
@given(st.lists(box, max_size=6), st.lists(box, max_size=6))
def test_every_box_is_counted_once(first: list[Box], second: list[Box]) -> None:
    found = compare(record("a", "i", first), record("b", "i", second))
    back = compare(record("b", "i", second), record("a", "i", first))
    assert found.same + found.other_class + found.only_first == len(first)
    assert found.same + found.other_class + found.only_second == len(second)
    assert (found.only_first, found.only_second) == (back.only_second, back.only_first)
    assert compare(record("a", "i", first), record("b", "i", first[::-1]))[1:] == (0, 0, 0)
    assert iou(A[1], A[1]) == 1 and iou(A[1], C[1]) == 0
