"""Tables of boxes and VIA's CSV: titles in every writing, and tables without any."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.formats import Parsed

Parse = Callable[..., Parsed]
Claims = Callable[..., dict[str, list[str]]]

IMAGES = ["images/a.jpg", "images/b.jpg", "images/c.jpg"]


def boxes(parsed: Parsed) -> dict[str, list[tuple[object, ...]]]:
    return {r.image[7:8]: [(b.class_name, b.class_id, *b.xyxy, b.line) for b in r.boxes] for r in parsed.records}


@pytest.mark.parametrize(
    "text",
    [
        "filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,360,velo,10,20,30.5,60\n",
        "filename;width;height;class;xmin;ymin;xmax;ymax\r\na.jpg;640;360;velo;10;20;30,5;60\r\n",
        'class,ymax,ymin,xmax,xmin,image_height,image_width,"Image Path"\nvelo,60,20,30.5,10,360,640,C:\\x\\a.jpg\n',
        "Image\tX1\tY1\tX2\tY2\tLabel\tWidth\tHeight\nimages/a\t10\t20\t30.5\t60\tvelo\t640\t360",
        ",FileName,XMin,XMax,YMin,YMax,LabelName,Image Width,Image Height\n0,a.jpg,10,30.5,20,60,velo,640,360\n",
        "\ufefffilename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,640,360,velo,30.5,60,10,20\n",
        "sep=,\nfilename,x,y,w,h,label,width,height\na.jpg,10,20,20.5,40,velo,640,360\n",
        "img,bbox_x,bbox_y,bbox_width,bbox_height,category,img_width,img_height\na.jpg,10,20,20.5,40,velo,640,360\n",
        "file,x,y,width,height,class,image_width,image_height\na.jpg,10,20,20.5,40,velo,640,360\n",
        "file,x_center,y_center,w,h,class,width,height\na.jpg,20.25,40,20.5,40,velo,640,360\n",
        "a.jpg,640,360,velo,10,20,30.5,60\n",
        "velo,10,20,20.5,40,a.jpg,640,360\n",
    ],
)
def test_a_table_in_every_writing(text: str, parse: Parse) -> None:
    parsed = parse("boxes_csv", {"t/some.data.csv": text}, IMAGES)
    (record,) = parsed.records
    assert record.size_wh == (640, 360)
    assert [(b.class_name, b.class_id, b.xyxy) for b in record.boxes] == [("velo", None, (10, 20, 30.5, 60))]
    lines = text.splitlines()
    assert record.boxes[0].line == len(lines)
    assert {f.code for f in parsed.findings} <= {"box-corners-swapped"}


def test_tables_without_titles_and_backgrounds(parse: Parse) -> None:
    text = "images/a.jpg,1,2,30,40,velo\nimages/b.jpg,,,,,\nimages/a.jpg,5,6,70,80,chat\n"
    parsed = parse("boxes_csv", {"annotations.csv": text}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", None, 1, 2, 30, 40, 1), ("chat", None, 5, 6, 70, 80, 3)], "b": []}
    assert parsed.records[0].size_wh == (0, 0)
    parsed = parse("boxes_csv", {"annotations.csv": "a.jpg,velo,1,2,30,40\nb.jpg,velo,1,2,3,4\n"}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", None, 1, 2, 30, 40, 1)], "b": [("velo", None, 1, 2, 3, 4, 2)]}


def test_ids_get_the_names_of_the_nearest_names_file(parse: Parse) -> None:
    text = "image_id,x1,y1,x2,y2,class_id\na,0.1,0.2,0.3,0.4,1\nb,0.1,0.2,0.3,1.0,7\n"
    parsed = parse("boxes_csv", {"t.csv": text, "classes.txt": "chat\nvelo\n"}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", 1, 0.1, 0.2, 0.3, 0.4, 2)], "b": [(None, 7, 0.1, 0.2, 0.3, 1.0, 3)]}
    assert [r.size_wh for r in parsed.records] == [None, None]


def test_a_bad_row_costs_only_itself(parse: Parse) -> None:
    text = (
        "filename,class,xmin,ymin,xmax,ymax\na.jpg,velo,nan,1,2,3\na.jpg,velo,1e999,1,2,3\na.jpg,velo,1,2\n"
        "a.jpg,velo,1,2,3,4\nz.jpg,velo,1,2,3,4\n"
    )
    parsed = parse("boxes_csv", {"t.csv": text}, IMAGES)
    assert boxes(parsed) == {"a": [("velo", None, 1, 2, 3, 4, 5)]}
    assert parsed.records[0].bad_lines == 3
    assert [(f.code, f.line) for f in parsed.findings] == [
        ("csv-bad-row", 2), ("csv-bad-row", 3), ("csv-bad-row", 4), ("annotation-without-image", 6),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["filename,split\na.jpg,train\n", "a.jpg\nb.jpg\n", "0 0.5 0.5 0.2 0.2\n", "velo,0\nchat,1\n", "hello, world\n",
     "a.jpg,10,20,5,5,velo\n", "./x/a.jpg\n./x/b.jpg\n", "name,age,height\nbob,3,4\n", "a.jpg,1,2,3\n"],
)  # fmt: skip
def test_other_tables_are_left_alone(text: str, claims: Claims) -> None:
    found = claims({"images/a.jpg": b"", "t.csv": text.encode(), "notes": text.encode()})
    assert not {"boxes_csv", "via_csv", "keras_txt"} & set(found)


number = st.floats(0, 5000).map(lambda v: round(v, 3))
row = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["velo", 'a, "b"', "é;x", "ligne\n2"]), number, number, number, number
)


@settings(max_examples=60, deadline=None)
@given(st.lists(row, min_size=1), st.permutations(range(6)), st.sampled_from(",;\t|"))
def test_what_is_written_is_read(
    parse: Parse, rows: list[tuple[object, ...]], order: list[int], delimiter: str
) -> None:
    titles = ("filename", "class", "xmin", "ymin", "xmax", "ymax")
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([titles[i] for i in order])
    wanted: dict[str, list[tuple[object, ...]]] = {}
    for name, label, a, b, c, d in rows:
        cells = (f"{name}.jpg", label, min(a, c), min(b, d), max(a, c), max(b, d))  # type: ignore[type-var]
        writer.writerow([cells[i] for i in order])
        wanted.setdefault(str(name), []).append(cells[1:])
    parsed = parse("boxes_csv", {"t.csv": buffer.getvalue()}, IMAGES)
    assert {r.image[7:8]: [(b.class_name, *b.xyxy) for b in r.boxes] for r in parsed.records} == wanted


VIA = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"


def via(rows: list[tuple[str, str, str]]) -> str:
    buffer = io.StringIO()
    for name, shape, attributes in rows:
        csv.writer(buffer).writerow([name, 1, "{}", 1, 0, shape, attributes])
    return VIA + buffer.getvalue()


def test_via_csv(parse: Parse) -> None:
    rect = json.dumps({"name": "rect", "x": 1, "y": 2, "width": 3, "height": 4})
    circle = json.dumps({"name": "circle", "cx": 9, "cy": 9, "r": 2})
    text = via([("a.jpg", rect, '{"type":"velo"}'), ("a.jpg", circle, '{"type":"chat"}'), ("b.jpg", "{}", "{}"),
                ("c.jpg", "{not json", "{}")])  # fmt: skip
    for start in ("", "#"):
        parsed = parse("via_csv", {"via.csv": start + text}, IMAGES)
        assert boxes(parsed) == {
            "a": [("velo", None, 1, 2, 4, 6, 2), ("chat", None, 7, 7, 11, 11, 3)],
            "b": [],
            "c": [],
        }
        assert [r.bad_lines for r in parsed.records] == [0, 0, 1]
        assert [(f.code, f.line) for f in parsed.findings] == [("via-bad-region", 5), ("label-polygon", 0)]


cells = st.sampled_from(
    ["filename", "xmin", "ymin", "xmax", "ymax", "class", "a.jpg", ",", ",", ",", ";", "\n", "\n", '"', "1", "nan", "é",
     "\0", "region_shape_attributes", "region_attributes", '{"name":"rect"}', "{", "1e999", "9" * 30]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.lists(cells, max_size=40).map(lambda some: "".join(some).encode()))
def test_any_text_is_records_or_findings(parse: Parse, data: bytes) -> None:
    head = b"filename,class,xmin,ymin,xmax,ymax\n"
    for name, first in (("boxes_csv", head), ("boxes_csv", b""), ("via_csv", VIA.encode())):
        parsed = parse(name, {"t.csv": first + data}, IMAGES)
        assert all(r.image in IMAGES for r in parsed.records)


def test_keras_lines(parse: Parse) -> None:
    text = "C:\\my data\\a.jpg 1,2,30.5,40,1 60,50,20,10,0\nimages/b.jpg\n\nc.jpg 1,2,3,4,9 1,2,x,4,0\n"
    parsed = parse("keras_txt", {"_annotations.txt": text, "_classes.txt": "chat\r\nvelo\r\n"}, IMAGES)
    assert boxes(parsed) == {
        "a": [("velo", 1, 1, 2, 30.5, 40, 1), ("chat", 0, 20, 10, 60, 50, 1)], "b": [], "c": [(None, 9, 1, 2, 3, 4, 4)],
    }  # fmt: skip
    assert (parsed.names, parsed.records[2].names, parsed.records[2].bad_lines) == (
        ("chat", "velo"),
        ("chat", "velo"),
        1,
    )
    assert [(f.code, f.line) for f in parsed.findings] == [("label-bad-line", 4)]
    assert parsed.used == {"_annotations.txt", "_classes.txt"}


def test_boxes_in_one_cell(parse: Parse) -> None:
    head = "image_id,width,height,bbox,source\n"
    sizes = head + 'a,640,360,"[300.0, 20.0, 40.0, 50.0]",x\nb,640,360,"[1, 2, 30, 40]",x\nc,640,360,,x\n'
    parsed = parse("boxes_csv", {"train.csv": sizes}, IMAGES)
    assert boxes(parsed) == {"a": [(None, None, 300, 20, 340, 70, 2)], "b": [(None, None, 1, 2, 31, 42, 3)], "c": []}
    corners = head + 'a,640,360,"(300, 20, 340, 70)",x\nb,640,360,"(400 2 500 40)",x\n'
    parsed = parse("boxes_csv", {"train.csv": corners}, IMAGES)
    assert boxes(parsed)["a"] == [(None, None, 300, 20, 340, 70, 2)]
    either = head + 'a,640,360,"[10, 20, 40, 50]",x\n'
    parsed = parse("boxes_csv", {"train.csv": either}, IMAGES)
    assert parsed.records == () and [f.code for f in parsed.findings] == ["format-unsupported"]


def test_openimages_keys_are_called_by_their_names(parse: Parse) -> None:
    table = (
        "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\na,x,/m/0k4j,1,.1,.5,.2,.6\nb,x,/m/01,1,.1,.5,.2,.6\n"
    )
    names = "/m/0k4j,Car\n/m/0abc,Cat\n"
    parsed = parse("boxes_csv", {"boxes.csv": table, "class-descriptions.csv": names}, IMAGES)
    assert [b.class_name for r in parsed.records for b in r.boxes] == ["Car", "/m/01"]
    assert parsed.used == {"boxes.csv", "class-descriptions.csv"}
