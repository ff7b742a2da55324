"""CVAT's two XML formats: shapes, tracks beside an interpolation done by hand, and frames that find their pictures."""

from __future__ import annotations

import math
from collections.abc import Callable
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.formats import Parsed
from labtools.prepare.formats._cvat import Shape
from labtools.prepare.formats._tracks import Row, angle_between, between

Parse = Callable[..., Parsed]

META = """<meta><{kind}><id>4</id><name>{name}</name><size>{size}</size><start_frame>{start}</start_frame>
<stop_frame>{stop}</stop_frame><frame_filter>{filter}</frame_filter>
<labels><label><name>velo</name></label><label><name>chat</name></label>
<label><name>bone</name><parent>chat</parent></label></labels>
<original_size><width>640</width><height>360</height></original_size></{kind}></meta>"""


def meta(
    size: int = 10, start: int = 0, stop: int | None = None, step: int = 1, kind: str = "task", name: str = ""
) -> str:
    last = start + (size - 1) * step if stop is None else stop
    text = f"step={step}" if step > 1 else ""
    return META.format(kind=kind, name=name, size=size, start=start, stop=last, filter=text)


def document(inner: str, header: str = "") -> str:
    return f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{header}{inner}</annotations>'


def image(inner: str, name: str = "a.jpg") -> str:
    return f'<image id="0" name={quoteattr(name)} width="640" height="360">{inner}</image>'


SHAPES = [
    ('<box label="velo" occluded="1" xtl="10.5" ytl="20" xbr="30" ybr="60.25"/>', (10.5, 20, 30, 60.25)),
    ('<box label="velo" xtl="30" ytl="60" xbr="10" ybr="20"/>', (10, 20, 30, 60)),
    # 40 x 20 turned by 90 degrees about (30, 20) stands upright
    ('<box label="velo" xtl="10" ytl="10" xbr="50" ybr="30" rotation="90.00"/>', (20, 0, 40, 40)),
    # 20 x 20 turned by 45 degrees: half its diagonal to each side
    ('<box label="velo" xtl="10" ytl="10" xbr="30" ybr="30" rotation="45"/>',
     (20 - 200**0.5, 20 - 200**0.5, 20 + 200**0.5, 20 + 200**0.5)),
    ('<polygon label="velo" points="1.00,2.00;9.50,2.00;5.00,7.00"/>', (1, 2, 9.5, 7)),
    ('<polyline label="velo" points="1,2;9,1"/>', (1, 1, 9, 2)),
    ('<points label="velo" points="4,5;8,9;6,7"/>', (4, 5, 8, 9)),
    ('<ellipse label="velo" cx="100" cy="50" rx="20" ry="10"/>', (80, 40, 120, 60)),
    ('<ellipse label="velo" cx="100" cy="50" rx="20" ry="10" rotation="90"/>', (90, 30, 110, 70)),
    ('<mask label="velo" rle="3, 2, 1" left="7" top="8" width="3" height="2"/>', (7, 8, 10, 10)),
    ('<cuboid label="velo" xtl1="10" ytl1="10" xbl1="10" ybl1="30" xtr1="20" ytr1="10" xbr1="20" ybr1="30" '
     'xtl2="25" ytl2="5" xbl2="25" ybl2="25" xtr2="35" ytr2="5" xbr2="35" ybr2="25"/>', (10, 5, 35, 30)),
    ('<skeleton label="velo"><points label="1" outside="0" points="3,4"/><points label="2" outside="1" points="99,99"/>'
     '<points label="3" outside="0" points="9,8"/></skeleton>', (3, 4, 9, 8)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "xyxy"), SHAPES)
def test_the_box_of_every_shape(shape: str, xyxy: tuple[float, ...], parse: Parse) -> None:
    parsed = parse("cvat_images_xml", {"annotations.xml": document(image(shape), meta())})
    (record,) = parsed.records
    assert (record.image, record.size_wh, record.bad_lines) == ("images/a.jpg", (640.0, 360.0), 0)
    assert [box.class_name for box in record.boxes] == ["velo"]
    assert record.boxes[0].xyxy == pytest.approx(xyxy, abs=1e-9)
    assert parsed.names == ("velo", "chat")
    is_plain = shape.startswith("<box") and "rotation" not in shape
    assert [f.code for f in parsed.findings] == ([] if is_plain else ["label-polygon"])


@pytest.mark.parametrize(
    "shape",
    ['<box label="velo" xtl="nan" ytl="20" xbr="30" ybr="60"/>', '<box label="a" xtl="1e999" ytl="2" xbr="3" ybr="6"/>',
     '<box label="" xtl="1" ytl="20" xbr="30" ybr="60"/>', '<box xtl="1" ytl="20" xbr="30" ybr="60"/>',
     '<polygon label="velo" points="1,2;3"/>', '<polygon label="velo"/>', '<mask label="velo" left="1"/>'],
)  # fmt: skip
def test_a_bad_shape_costs_only_itself(shape: str, parse: Parse) -> None:
    good = '<box label="velo" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    parsed = parse("cvat_images_xml", {"a.xml": document("\n" + image(shape + good))})
    assert [box.xyxy for box in parsed.records[0].boxes] == [(1, 2, 3, 4)]
    assert parsed.records[0].bad_lines == 1
    assert [(f.code, f.line) for f in parsed.findings] == [("cvat-bad-shape", 3)]


def test_pictures_are_found_by_folder_and_a_background_is_a_record(parse: Parse) -> None:
    images = ["t/3/images/a.jpg", "t/4/images/a.jpg", "t/4/images/b.jpg"]
    box = '<box label="velo" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    inner = image(box, "4\\images\\a.jpg") + image("", "4/b.jpg") + image("", "c.jpg") + image(box, "d.jpg")
    parsed = parse("cvat_images_xml", {"t/annotations.xml": document(inner)}, images)
    assert [(r.image, len(r.boxes)) for r in parsed.records] == [("t/4/images/a.jpg", 1), ("t/4/images/b.jpg", 0)]
    assert [f.code for f in parsed.findings] == ["annotation-without-image"]


@pytest.mark.parametrize(
    ("name", "path", "is_found"),
    [
        ("ma video/a.jpg", "t/3/annotations.xml", True),
        ("C:\\Users\\Zoé\\film\\a.jpg", "t/3/labels/x.xml", True),
        ("ma video/a.jpg", "t/3.zip!/annotations.xml", True),
        ("ma video/a.jpg", "t/annotations.xml", False),  # of which sequence?
        ("6/a.jpg", "t/3/annotations.xml", False),  # the sixth sequence's, in the third's folder
    ],
)
def test_an_unknown_folder_is_overlooked_beside_the_pictures(
    name: str, path: str, is_found: bool, parse: Parse
) -> None:
    box = '<box label="velo" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    parsed = parse("cvat_images_xml", {path: document(image(box, name))}, ["t/3/images/a.jpg", "t/4/images/b.jpg"])
    assert [r.image for r in parsed.records] == (["t/3/images/a.jpg"] if is_found else [])
    assert [f.code for f in parsed.findings] == ([] if is_found else ["annotation-without-image"])


def test_the_files_name_tells_between_pictures_of_one_name(parse: Parse) -> None:
    images = ["t/3/images/a.jpg", "t/4/images/a.jpg"]
    box = '<box label="velo" xtl="1" ytl="2" xbr="3" ybr="4"/>'
    for path in ("t/annotations/seq_4.xml", "t/4.zip!/annotations.xml"):
        parsed = parse("cvat_images_xml", {path: document(image(box))}, images)
        assert [r.image for r in parsed.records] == ["t/4/images/a.jpg"]
    parsed = parse("cvat_images_xml", {"t/annotations.xml": document(image(box))}, images)
    assert [f.code for f in parsed.findings] == ["annotation-ambiguous"]


def test_a_file_that_ends_early_is_kept_up_to_there(parse: Parse) -> None:
    whole = document(image('<box label="velo" xtl="1" ytl="2" xbr="3" ybr="4"/>') + image("", "b.jpg"))
    parsed = parse("cvat_images_xml", {"a.xml": whole[: whole.index('<image id="0" name="b.jpg"') + 9]})
    assert [len(r.boxes) for r in parsed.records] == [1]
    assert [f.code for f in parsed.findings] == ["xml-unreadable"]


# --- video ---------------------------------------------------------------------------------------------------------


def row(frame: int, x: float, *, outside: int = 0, key: int = 1, rotation: float = 0.0) -> str:
    turned = f' rotation="{rotation}"' if rotation else ""
    return (
        f'<box frame="{frame}" keyframe="{key}" outside="{outside}" occluded="0" xtl="{x}" ytl="20" xbr="{x + 40}" '
        f'ybr="{60 + x}"{turned} z_order="0"/>'
    )


def track(*rows: str, label: str = "velo", task: str = "") -> str:
    more = f' task_id="{task}"' if task else ""
    return f'<track id="0" label="{label}" source="manual"{more}>{"".join(rows)}</track>\n'


def pictures(numbers: range, folder: str = "t/3/images", width: int = 6) -> list[str]:
    return [f"{folder}/frame_{n:0{width}d}.jpg" for n in numbers]


def lefts(parsed: Parsed) -> dict[str, list[float]]:
    return {r.image.rpartition("/")[2]: [round(b.xyxy[0], 6) for b in r.boxes] for r in parsed.records}


def test_a_track_moves_between_keyframes_and_ends_outside(parse: Parse) -> None:
    # By hand: from x = 0 in frame 2 to 10 in frame 6, 2.5 a frame; outside from 6 on; again from 8, ended in 9.
    inner = track(row(2, 0), row(6, 10, outside=1), row(8, 100), row(9, 100, outside=1))
    parsed = parse("cvat_video_xml", {"t/3/annotations.xml": document(inner, meta(12))}, pictures(range(12)))
    found = lefts(parsed)
    assert list(found.values()) == [[], [], [0], [2.5], [5], [7.5], [], [], [100], [], [], []]
    assert parsed.records[3].boxes[0].xyxy == pytest.approx((2.5, 20, 42.5, 62.5))
    assert parsed.records[0].size_wh == (640.0, 360.0)
    assert {f.code for f in parsed.findings} == {"track-interpolated"}
    assert "3 boxes" in parsed.findings[0].message


def test_rows_that_cvat_interpolated_are_taken_as_they_are(parse: Parse) -> None:
    inner = track(row(0, 0), row(1, 3, key=0), row(2, 4), row(3, 4, key=0))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(6))}, pictures(range(6)))
    assert list(lefts(parsed).values()) == [[0], [3], [4], [4], [], []]
    assert parsed.findings == ()


def test_a_track_of_keyframes_that_never_ends_stands_still(parse: Parse) -> None:
    # The second is a shape of one frame near the end: CVAT writes no end behind it, it does not run on.
    inner = track(row(0, 0), row(2, 4)) + track(row(4, 7))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(6))}, pictures(range(6)))
    assert list(lefts(parsed).values()) == [[0], [2], [4], [4], [4, 7], [4]]
    assert {f.code for f in parsed.findings} == {"track-interpolated", "track-without-end"}


def test_a_shape_of_one_frame_stays_in_it(parse: Parse) -> None:
    inner = track(row(1, 5), row(2, 5, outside=1))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(4))}, pictures(range(4)))
    assert list(lefts(parsed).values()) == [[], [5], [], []]


@pytest.mark.parametrize(
    ("numbers", "frames", "code"),
    [
        (range(0, 10), {"size": 10}, ""),
        (range(1, 11), {"size": 10}, "frames-by-order"),
        (range(20, 40, 2), {"size": 10, "start": 20, "step": 2}, ""),
        (range(0, 10), {"size": 10, "start": 20, "step": 2}, "frames-by-order"),
        (range(1, 11), {"size": 10, "start": 20, "step": 2}, "frames-by-order"),
        (range(500, 600, 10), {"size": 10}, "frames-by-order"),
    ],
)
def test_frames_find_their_pictures(numbers: range, frames: dict[str, int], code: str, parse: Parse) -> None:
    start, step = frames.get("start", 0), frames.get("step", 1)
    inner = track(row(start, 0), row(start + 5 * step, 50), row(start + 6 * step, 50, outside=1))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(**frames))}, pictures(numbers))
    assert list(lefts(parsed).values()) == [[0], [10], [20], [30], [40], [50], [], [], [], []]
    assert {f.code for f in parsed.findings} - {"track-interpolated"} == ({code} if code else set())


def test_pictures_without_numbers_follow_in_natural_order(parse: Parse) -> None:
    images = [f"t/3/images/{name}.jpg" for name in ("take 10b", "take 2b", "take 1b")]
    inner = track(row(0, 0), row(1, 1, key=0), row(2, 2, key=0))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(3))}, images)
    assert lefts(parsed) == {"take 1b.jpg": [0], "take 2b.jpg": [1], "take 10b.jpg": [2]}
    assert [f.code for f in parsed.findings] == ["frames-by-order"]
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(7))}, images)
    assert not parsed.records and [f.code for f in parsed.findings] == ["frames-unmatched"]


def test_tracks_that_show_nothing_annotate_nothing(parse: Parse) -> None:
    inner = track(row(0, 0, outside=1)) + track()
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(5))}, pictures(range(5)))
    assert parsed.records == () and [f.code for f in parsed.findings] == ["annotations-empty"]


def test_a_missing_picture_is_told(parse: Parse) -> None:
    inner = track(*(row(n, n, key=n % 2) for n in range(5)))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(5))}, pictures(range(0, 4)))
    assert list(lefts(parsed).values()) == [[0], [1], [2], [3]]
    assert [f.code for f in parsed.findings] == ["annotation-without-image"]


def test_without_a_header_frames_are_numbers_and_the_tracks_span_them(parse: Parse) -> None:
    inner = track(row(3, 0), row(5, 2), row(6, 2, outside=1))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner)}, pictures(range(10)))
    assert lefts(parsed) == {f"frame_00000{n}.jpg": [n - 3] for n in (3, 4, 5)}


def test_every_task_of_a_project_finds_its_video(parse: Parse) -> None:
    images = pictures(range(3), "t/3/images") + pictures(range(3), "t/4/images")
    tasks = "".join(
        f"<task><id>{i}</id><name>{name}</name><size>3</size><start_frame>0</start_frame><stop_frame>2</stop_frame>"
        f"<original_size><width>640</width><height>360</height></original_size></task>"
        for i, name in ((7, "seq 3"), (8, "seq 4"))
    )
    header = f"<meta><project><tasks>{tasks}</tasks></project></meta>"
    inner = track(row(0, 1), row(1, 1, outside=1), task="8") + track(row(2, 9), task="7")
    parsed = parse("cvat_video_xml", {"t/annotations.xml": document(inner, header)}, images)
    found = {r.image: [b.xyxy[0] for b in r.boxes] for r in parsed.records if r.boxes}
    assert found == {"t/4/images/frame_000000.jpg": [1], "t/3/images/frame_000002.jpg": [9]}
    parsed = parse("cvat_video_xml", {"t/annotations.xml": document(track(row(0, 1)))}, images)
    assert [f.code for f in parsed.findings] == ["annotation-ambiguous"]


@pytest.mark.parametrize(("first", "second", "way"), [(350, 10, 20), (10, 350, -20), (0, 180, 180), (90, 270, 180)])
def test_angles_take_the_shorter_arc(first: float, second: float, way: float) -> None:
    assert angle_between(first, second) == way


def test_rotation_and_kinds_between_rows() -> None:
    def rows(first: Shape, second: Shape) -> tuple[Row, Row]:
        return Row(0, first, False, True, 1), Row(4, second, False, True, 2)

    # a square from 0 to 90 degrees stands on its corner half-way
    half = 10 * math.sqrt(2)
    square = (0.0, 0.0, 20.0, 20.0)
    corners = between(*rows(Shape("box", square, 0), Shape("box", square, 90)), 2)
    assert corners == pytest.approx((10 - half, 10 - half, 10 + half, 10 + half))
    points = rows(Shape("points", (0, 0, 10, 10)), Shape("points", (8, 8, 18, 18)))
    assert between(*points, 2) == (0, 0, 10, 10)  # CVAT: a set of points stands still, one point moves
    assert between(*rows(Shape("points", (0, 0)), Shape("points", (8, 4))), 1) == (2, 1, 2, 1)
    assert between(*rows(Shape("mask", square), Shape("mask", (9, 9, 29, 29))), 2) == square
    triangle = rows(Shape("polygon", (0, 0, 4, 0, 0, 4)), Shape("polygon", (4, 4, 8, 4, 8, 8, 4, 8)))
    assert between(*triangle, 2) == (2, 2, 6, 6)


number = st.floats(0, 5000).map(lambda v: round(v, 2))
boxes = st.lists(st.tuples(st.sampled_from(["velo", "chat & co", 'é"<']), st.tuples(number, number, number, number)))


@settings(max_examples=60, deadline=None)
@given(boxes)
def test_what_is_written_is_read(parse: Parse, some: list[tuple[str, tuple[float, ...]]]) -> None:
    inner = "".join(
        f"<box label={quoteattr(name)} xtl='{min(a, c)}' ytl='{min(b, d)}' xbr='{max(a, c)}' ybr='{max(b, d)}'/>"
        for name, (a, b, c, d) in some
    )
    parsed = parse("cvat_images_xml", {"any.name": document(image(inner))})
    wanted = [(n, (min(a, c), min(b, d), max(a, c), max(b, d))) for n, (a, b, c, d) in some]
    assert [(b.class_name, b.xyxy) for b in parsed.records[0].boxes] == wanted


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), number, st.booleans()), min_size=1, unique_by=lambda r: r[0]))
def test_interpolation_beside_the_plain_definition(parse: Parse, rows: list[tuple[int, float, bool]]) -> None:
    ordered = sorted(rows)
    inner = track(*(row(frame, x, outside=int(out)) for frame, x, out in rows), row(31, 0, outside=1))
    parsed = parse("cvat_video_xml", {"t/3/a.xml": document(inner, meta(40))}, pictures(range(40)))
    wanted: dict[int, float] = {}
    for (frame, x, out), (after, to, _) in zip(ordered, [*ordered[1:], (31, 0.0, True)], strict=True):
        if not out:
            wanted |= {n: x + (to - x) * (n - frame) / (after - frame) for n in range(frame, after)}
    found = {i: box for i, boxes in enumerate(lefts(parsed).values()) for box in boxes}
    assert found == pytest.approx(wanted, abs=1e-5)


pieces = st.sampled_from(
    ["<image id='0' name='a.jpg'>", "</image>", "<image>", "<track label='a'>", "</track>", row(0, 1), row(10**8, 1),
     "<box frame='x' xtl='1'/>", "<box/>", "<polygon points=';,;'/>", "<skeleton label='s'>", "</skeleton>", "<meta>",
     "<points points='1,2' label='p'/>", "</meta>", "<task>", "</task>", "<id>1</id>", "<label>", "</label>",
     "<stop_frame>99999999999</stop_frame>", "<name>é</name>", "<frame_filter>step=0</frame_filter>",
     "<size>-4</size>", "<start_frame>1e9</start_frame>", "&amp;", "&x;", "<!DOCTYPE a>", "<![CDATA[", "]]>", "\x00"]
)  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join), st.booleans())
def test_any_pieces_are_records_or_findings(parse: Parse, inner: str, is_closed: bool) -> None:
    text = f"<annotations>{inner}{'</annotations>' if is_closed else ''}"
    for name in ("cvat_images_xml", "cvat_video_xml"):
        parsed = parse(name, {"a.xml": text.encode()}, pictures(range(3)))
        assert all(r.image.startswith("t/3/") for r in parsed.records)
