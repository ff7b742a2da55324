"""Pascal VOC in the writings of labelImg, Roboflow, roLabelImg, the old LabelMe, and of people."""

from __future__ import annotations

import math
from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.formats import Parsed

Parse = Callable[..., Parsed]

IMAGES = ["images/a.jpg", "images/b.jpg", "images/c.jpg"]


def thing(inner: str, name: str = "velo") -> str:
    return f"<object><name>{name}</name>{inner}</object>\n"


def document(*objects: str, filename: str = "a.jpg", size: str = "<width>64</width><height>48</height>") -> str:
    return f"<annotation>\n<filename>{filename}</filename><size>{size}</size>\n{''.join(objects)}</annotation>"


BOX = "<bndbox><xmin>10</xmin><ymin>8</ymin><xmax>30</xmax><ymax>20.5</ymax></bndbox>"
ROOT_HALF = 10 * math.sqrt(0.5)


@pytest.mark.parametrize(
    ("inner", "xyxy", "codes"),
    [
        (BOX, (10, 8, 30, 20.5), []),
        ("<bndbox><ymax>20,5</ymax><xmax>30</xmax><xmin> 10 </xmin><ymin>8</ymin></bndbox>", (10, 8, 30, 20.5), []),
        ("<bndbox><XMin>10</XMin><y_min>8</y_min><xmax>30</xmax><ymax>20.5</ymax></bndbox>", (10, 8, 30, 20.5), []),
        ("<bndbox><xmin>30</xmin><ymin>8</ymin><xmax>10</xmax><ymax>20.5</ymax></bndbox>", (10, 8, 30, 20.5),
         ["box-corners-swapped"]),
        (f"{BOX}<polygon><x1>1</x1><y1>1</y1><x2>2</x2><y2>2</y2></polygon>", (10, 8, 30, 20.5), []),
        (f"<part><name>hand</name><bndbox><xmin>1</xmin></bndbox></part>{BOX}", (10, 8, 30, 20.5), ["voc-parts"]),
        ("<polygon><x1>1</x1><y1>2</y1><x2>9</x2><y2>2</y2><x3>5</x3><y3>7</y3></polygon>", (1, 2, 9, 7),
         ["label-polygon"]),
        ("<polygon><pt><x>1</x><y>2</y></pt><pt><x>9</x><y>2</y></pt><pt><x>5</x><y>7</y></pt></polygon>", (1, 2, 9, 7),
         ["label-polygon"]),
        ("<robndbox><cx>20</cx><cy>20</cy><w>10</w><h>10</h><angle>0.7853981633974483</angle></robndbox>",
         (20 - ROOT_HALF, 20 - ROOT_HALF, 20 + ROOT_HALF, 20 + ROOT_HALF), ["label-polygon"]),
    ],
)  # fmt: skip
def test_an_object_in_every_writing(inner: str, xyxy: tuple[float, ...], codes: list[str], parse: Parse) -> None:
    parsed = parse("voc_xml", {"annotations/a.xml": document(thing(inner))}, IMAGES)
    (record,) = parsed.records
    assert [b.class_name for b in record.boxes] == ["velo"]
    assert record.boxes[0].xyxy == pytest.approx(xyxy)
    assert (record.image, record.size_wh, record.bad_lines) == ("images/a.jpg", (64, 48), 0)
    assert [f.code for f in parsed.findings] == codes


@pytest.mark.parametrize(
    "inner", ["", "<bndbox/>", BOX.replace("10", "nan"), BOX.replace("30", "1e999"), "<bndbox>x</bndbox>"]
)
def test_a_bad_object_costs_only_itself(inner: str, parse: Parse) -> None:
    text = document(thing(BOX), thing(inner), thing(BOX, ""), thing(BOX, "chat"))
    parsed = parse("voc_xml", {"annotations/a.xml": text}, IMAGES)
    assert [(b.class_name, b.line) for b in parsed.records[0].boxes] == [("velo", 3), ("chat", 6)]
    assert parsed.records[0].bad_lines == 2
    assert [(f.code, f.line) for f in parsed.findings] == [("voc-bad-object", 4), ("voc-bad-object", 5)]


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + document(thing(BOX, "vélo")).encode("latin-1"),
        b'<?xml version="1.0" encoding="ISO-8859-1"?>' + document(thing(BOX, "vélo")).encode(),
        document(thing(BOX, "vélo")).encode("latin-1"),
        '<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16") + document(thing(BOX, "vélo")).encode("utf-16-le"),
        document(thing(BOX, "vélo")).encode("utf-16-le"),
        b"\xef\xbb\xbf\r\n" + document(thing(BOX, "vélo")).encode().replace(b"\n", b"\r\n"),
        b'<?xml version="1.0" encoding="mac-roman"?>' + document(thing(BOX, "vélo")).encode("mac-roman"),
    ],
)
@pytest.mark.parametrize("path", ["annotations/a.xml", "labels/A.XML", "labels/a.txt"])
def test_content_tells_not_encoding_or_suffix(data: bytes, path: str, parse: Parse) -> None:
    parsed = parse("voc_xml", {path: data}, IMAGES)
    assert [(r.image, [b.class_name for b in r.boxes]) for r in parsed.records] == [("images/a.jpg", ["vélo"])]


def test_a_path_with_an_ampersand(parse: Parse) -> None:
    text = document(thing(BOX, "tom &amp; &#233;l&eacute;o")).replace("a.jpg<", "Tom & Zo\u00e9 &co/a.jpg<")
    (record,) = parse("voc_xml", {"annotations/a.xml": text}, IMAGES).records
    assert (record.image, record.boxes[0].class_name) == ("images/a.jpg", "tom & \u00e9l&eacute;o")


def test_the_old_labelme(parse: Parse) -> None:
    polygon = "<polygon><pt><x>1</x><y>2</y></pt><pt><x>9</x><y>2</y></pt><pt><x>5</x><y>7</y></pt></polygon>"
    objects = thing(f"<deleted>1</deleted>{polygon}") + thing(f"<deleted>0</deleted>{polygon}", "chat")
    text = f"<annotation>{objects}<imagesize><nrows>48</nrows><ncols>64</ncols></imagesize></annotation>"
    (record,) = parse("voc_xml", {"a.xml": text}, IMAGES).records
    assert [(b.class_name, b.xyxy) for b in record.boxes] == [("chat", (1, 2, 9, 7))]
    assert (record.size_wh, record.bad_lines) == ((64, 48), 0)


def test_several_annotations_in_one_file(parse: Parse) -> None:
    inner = (
        document(thing(BOX))
        + "\n"
        + document(thing(BOX, "chat"), thing(BOX), filename="sub/b.jpg")
        + document(filename="z")
    )
    parsed = parse("voc_xml", {"all.xml": f"<annotations>{inner}</annotations>"}, IMAGES)
    assert [(r.image, [(b.class_name, b.line) for b in r.boxes]) for r in parsed.records] == [
        ("images/a.jpg", [("velo", 3)]), ("images/b.jpg", [("chat", 7), ("velo", 8)]),
    ]  # fmt: skip
    assert [f.code for f in parsed.findings] == ["annotation-without-image"]


def test_a_stale_file_name_never_takes_anothers_picture(parse: Parse) -> None:
    files = {f"annotations/{name}.xml": document(thing(BOX), filename="a.jpg") for name in ("a", "b", "z")}
    files["annotations/other.xml"] = document(filename="c.png")
    parsed = parse("voc_xml", files, IMAGES)
    assert [(r.file[12:], r.image[7:]) for r in parsed.records] == [
        ("a.xml", "a.jpg"), ("b.xml", "b.jpg"), ("other.xml", "c.jpg"),
    ]  # fmt: skip
    assert [(f.file, f.code) for f in parsed.findings] == [("annotations/z.xml", "annotation-without-image")]


number = st.floats(0, 5000).map(lambda v: round(v, 3))
boxes = st.lists(st.tuples(st.sampled_from(["velo", "a & b", "é<x>"]), number, number, number, number))


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_what_is_written_is_read(parse: Parse, some: list[tuple[str, float, float, float, float]]) -> None:
    objects = [
        thing(f"<bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox>", escape(name))
        for name, a, b, c, d in some
    ]
    parsed = parse("voc_xml", {"a.xml": document(*objects)}, IMAGES)
    wanted = [(n, (min(a, c), min(b, d), max(a, c), max(b, d))) for n, a, b, c, d in some]
    assert [(b.class_name, b.xyxy) for b in parsed.records[0].boxes] == wanted
