"""One line in every writing: the exact box, or the reason why there is none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.prepare.formats import CENTRE, CORNERS, PIXEL_CORNERS, PIXELS
from labtools.prepare.formats._yolo_line import REPAIRS, LineError, is_comment, parse_line
from labtools.prepare.formats._yolo_tokens import is_blank

BOX = (0.4, 0.3, 0.6, 0.7)

SAME_BOX = {
    "plain": ("0 0.5 0.5 0.2 0.4", 0, ()),
    "spaces and tabs": ("  3\t0.5   0.5 0.2 0.4  ", 3, ("label-spaces",)),
    "no-break and thin spaces": ("3\xa00.5\u20090.5\u202f0.2\u30000.4", 3, ("label-spaces",)),
    "zero width": ("\ufeff3 0.5\u200b 0.5 0.2 0.4\u200d", 3, ("label-spaces",)),
    "zero width only": ("3\u200b0.5 0.5 0.2 0.4", 3, ("label-spaces",)),
    "end of file of DOS": ("3 0.5 0.5 0.2 0.4\x1a", 3, ("label-spaces",)),
    "decimal commas": ("0 0,5 0,5 0,2 0,4", 0, ("label-comma-decimals",)),
    "decimal commas and a point": ("0 0,5 0.5 0,2 0,4", 0, ("label-comma-decimals",)),
    "comma separated": ("0,0.5,0.5,0.2,0.4", 0, ("label-separators",)),
    "comma and blank": ("0, 0.5, 0.5, 0.2, 0.4", 0, ("label-separators",)),
    "comma and blank, decimal commas": ("0, 0,5, 0,5, 0,2, 0,4", 0, ("label-separators", "label-comma-decimals")),
    "commas for everything": ("0,0,5,0,5,0,2,0,4", 0, ("label-separators", "label-comma-decimals")),
    "pairs": ("0 0.5,0.5 0.2,0.4", 0, ("label-separators",)),
    "semicolons": ("0;0.5;0.5;0.2;0.4", 0, ("label-separators",)),
    "semicolons, decimal commas": ("0;0,5;0,5;0,2;0,4", 0, ("label-separators", "label-comma-decimals")),
    "semicolon at the end": ("0 0.5 0.5 0.2 0.4;", 0, ("label-separators",)),
    "pipes": ("0 | 0.5 | 0.5 | 0.2 | 0.4", 0, ("label-separators",)),
    "a list of Python": ("[0, 0.5, 0.5, 0.2, 0.4]", 0, ("label-separators",)),
    "quoted columns": ('"0","0.5","0.5","0.2","0.4"', 0, ("label-separators",)),
    "quoted decimal commas": ('"0";"0,5";"0,5";"0,2";"0,4"', 0, ("label-separators", "label-comma-decimals")),
    "id as decimal": ("1.0 .5 .5 .2 .4", 1, ("label-id-not-integer",)),
    "id of two zeros": ("00 0.5 0.5 0.2 0.4", 0, ()),
    "id with a colon": ("2: 0.5 0.5 0.2 0.4", 2, ()),
    "exponents": ("0 5e-1 0.5 2.0E-1 +0.4", 0, ()),
    "percent": ("0 50% 50 % 20% 40%", 0, ("label-percent",)),
    "full-width digits": ("\uff10 \uff10\uff0e\uff15 0.5 0.2 0.4", 0, ("label-foreign-digits",)),
    "Arabic digits": ("\u0660 \u0660\u066b\u0665 0.5 0.2 0.4", 0, ("label-foreign-digits", "label-comma-decimals")),
    "minus sign": ("0 0.5 0.5 \u22120.2 0.4", 0, ("label-foreign-digits", "label-negative-size")),
    "confidence": ("0 0.5 0.5 0.2 0.4 0.97", 0, ("label-six-columns",)),
    "track id": ("0 0.5 0.5 0.2 0.4 17", 0, ("label-six-columns",)),
    "confidence and track id": ("0 0.5 0.5 0.2 0.4 0.97 1", 0, ("label-six-columns",)),
    "negative size": ("0 0.5 0.5 -0.2 0.4", 0, ("label-negative-size",)),
    "a remark behind": ("0 0.5 0.5 0.2 0.4 # seen by Zoé in frame 0.5", 0, ("label-trailing-text",)),
    "garbage behind": ("0 0.5 0.5 0.2 0.4 ok v2", 0, ("label-trailing-text",)),
    "one keypoint": ("0 0.5 0.5 0.2 0.4 0.5 0.5 2", 0, ("label-keypoints",)),
    "two keypoints": ("0 0.5 0.5 0.2 0.4 0.45 0.4 2 0.55 0.6 1", 0, ("label-keypoints",)),
    "two keypoints, one not seen": ("0 0.5 0.5 0.2 0.4 0.45 0.4 2 0 0 0", 0, ("label-keypoints",)),
    "two keypoints, none seen": ("0 0.5 0.5 0.2 0.4 0 0 0 0 0 0", 0, ("label-keypoints",)),
    "a remark of C behind": ("0 0.5 0.5 0.2 0.4 // seen in frame 0.5", 0, ("label-trailing-text",)),
    "name": ("velo 0.5 0.5 0.2 0.4", "velo", ()),
    "name with a blank": ("the rock 0.5 0.5 0.2 0.4", "the rock", ()),
    "quoted name": ('"the rock" 0.5 0.5 0.2 0.4', "the rock", ()),
    "name in a CSV": ("the rock;0,5;0,5;0,2;0,4", "the rock", ("label-separators", "label-comma-decimals")),
    "name with accents": ("T\xe9l\xe9phone 0.5 0.5 0.2 0.4", "T\xe9l\xe9phone", ()),
    "name that ends in a number": ("iphone 13 0.5 0.5 0.2 0.4", "iphone 13", ()),
    "name and confidence": ("velo 0.5 0.5 0.2 0.4 0.97", "velo", ("label-six-columns",)),
    "no class": ("0.5 0.5 0.2 0.4", None, ()),
    "class behind": ("0.5 0.5 0.2 0.4 3", 3, ("label-class-place",)),
    "name behind": ("0.5;0.5;0.2;0.4;velo", "velo", ("label-separators", "label-class-place")),
    "id and name": ("0 the_rock 0.5 0.5 0.2 0.4", "the_rock", ("label-class-place",)),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(SAME_BOX))
def test_a_line_in_every_writing(name: str) -> None:
    line, label, repairs = SAME_BOX[name]
    parsed = parse_line(line)
    assert (parsed.label, parsed.form, parsed.repairs) == (label, CENTRE, repairs)
    assert parsed.xyxy == pytest.approx(BOX, abs=1e-12)
    assert set(repairs) <= set(REPAIRS)


@pytest.mark.parametrize(
    ("line", "form", "xyxy"),
    [
        ("2 0.4 0.3 0.6 0.3 0.6 0.7 0.4 0.7", CORNERS, BOX),  # four corners: oriented or axis-aligned
        ("2 0.5 0.3 0.6 0.5 0.5 0.7 0.4 0.5", CORNERS, BOX),  # a rhombus
        ("2 0.5 0.5 0.2 0.4 0.9 0.5 1 0.5 0.5 1", CORNERS, (0.2, 0.4, 1, 1)),  # keypoints would be in the box
        ("2 -0.1 0.3 0.6 0.3 0.6 1.1", CORNERS, (-0.1, 0.3, 0.6, 1.1)),
        ("velo 0,4 0,3 0,6 0,3 0,6 0,7", CORNERS, BOX),
        ("0 320 180 40 60", PIXELS, (320, 180, 40, 60)),
        ("0 320.5;180;40;60", PIXELS, (320.5, 180, 40, 60)),
        ("0 10 20 110 20 110 220", PIXEL_CORNERS, (10, 20, 110, 220)),
        ("velo 0.0 0 -1.57 10.00 20.00 110.00 220.00 0.0 0.0 0.0 0.0 0.0 0.0 0.0", PIXEL_CORNERS, (10, 20, 110, 220)),
        ("velo 0.00 0.00 -10 10.0 20.0 110.0 220.0 -1 -1 -1 -1000 -1000 -1000 -10", PIXEL_CORNERS, (10, 20, 110, 220)),
        ("10.0 20.0 110.0 20.0 110.0 220.0 10.0 220.0 velo 0", PIXEL_CORNERS, (10, 20, 110, 220)),
        ("velo 0 100 50 10 60 110 220 50 0 90 0 95 5 99", PIXEL_CORNERS, (0, 10, 220, 110)),  # seven corners, not KITTI
        ("velo 1 0 0 110 20 10 220 9 9 9 9 9 9 9", PIXEL_CORNERS, (0, 0, 220, 110)),  # x1 > x2: no KITTI either
        ("0 1.5 1.5 0.1 0.1", CENTRE, (1.45, 1.45, 1.55, 1.55)),
        ("0 1.000001 0.5 0.2 0.4", CENTRE, (0.900001, 0.3, 1.100001, 0.7)),
        ("0 0.5 0.5 0 0", CENTRE, (0.5, 0.5, 0.5, 0.5)),
    ],
)
def test_polygons_pixels_and_boxes_beyond(line: str, form: str, xyxy: tuple[float, ...]) -> None:
    parsed = parse_line(line)
    assert parsed.form == form
    assert parsed.xyxy == pytest.approx(xyxy, abs=1e-12)


def test_keypoints_that_a_data_yaml_announces() -> None:
    line = "0 0.5 0.5 0.2 0.4 0.41 0.31 0.59 0.69"
    assert parse_line(line).form == CORNERS  # without it: a polygon
    assert parse_line(line, (2, 2)).xyxy == pytest.approx(BOX)


@pytest.mark.parametrize(
    "line",
    ["0 nan 0.5 0.1 0.1", "nan 0.5 0.5 0.1 0.1", "0 0.5 0.5", "0 inf 0 0 0", "-1 0.5 0.5 0.1 0.1", "0 0.5 0.5 0.2 nan",
     "0 0.5 x 0.1 0.1", "0.5 0.5 0.5 0.2 0.2", "0 1_0 0.5 0.1 0.1", "0 0.1 0.2 0.3 0.4 0.5 0.6 0.7", ",,,,", "velo",
     "0 0.5 0.5 0.1 30", "0 320 180 40 0.5", "? 0.5 0.5 0.1 0.1", "0 0.5.5 0.5 0.1 0.1", "0 0x1 0.5 0.1 0.1", "0 1 2",
     "0 0.1 0.2 0.3 0.4 x 0.6 0.7", "./velo/t/4/images/frame_000002.jpg", "0 1e400 0.5 0.1 0.1", "1 0.5 0.2 0.4",
     "0 100 5 101 5 101 300", "0 5 100 300 100 300 101",
     "0 O.5 0.5 0.2 0.3 0.9", "0.5 0.5 0.2 0.4 nan", "0 nan 0.5 0.5 0.2 0.4"],
)  # fmt: skip
def test_a_line_that_means_no_box(line: str) -> None:
    with pytest.raises(LineError):
        parse_line(line)


@pytest.mark.parametrize(
    "line",
    [
        "class x_center y_center width height",
        "# made by hand",
        "// x",
        "label;xc;yc;w;h",
        '"class","x","y"',
        "class x",
        "class_id center_x center_y width height confidence track_id",
        "name,xmin,ymin,xmax,ymax,score",
    ],
)
def test_headings_and_remarks(line: str) -> None:
    assert is_comment(line)


def test_what_is_no_remark() -> None:
    assert not is_comment("0 0.5 0.5 0.2 0.4")
    assert not is_comment("x 0.5 0.5 0.2 0.4")  # a class called x
    assert not is_comment("label")
    assert is_blank(" \u200b\t\xa0") and not is_blank("0")


numbers = st.floats(0.01, 1.0).map(lambda v: round(v, 6))
WRITINGS = {
    "fixed": lambda v: f"{v:.6f}",
    "short": lambda v: repr(v).removeprefix("0") if v < 1 and "e" not in repr(v) else repr(v),
    "exponent": lambda v: f"{v:.9e}",
    "comma": lambda v: f"{v:.6f}".replace(".", ","),
    "percent": lambda v: f"{v * 100:.9f}%",
    "plus": lambda v: f"+{v:.6f}",
}
SEPARATORS = [" ", "\t", "  ", ";", " ; ", "|", "\xa0", "\u2009 ", ", "]


@settings(max_examples=150, deadline=None)
@given(
    st.tuples(numbers, numbers, numbers, numbers),
    st.sampled_from([0, 7, 16, "velo", "The Rock", "T\xe9l\xe9phone"]),
    st.lists(st.sampled_from(sorted(WRITINGS)), min_size=4, max_size=4),
    st.sampled_from(SEPARATORS),
    st.sampled_from(["", " ", "\t", ";"]),
)
def test_any_writing_of_a_box_comes_back(
    box: tuple[float, ...], label: int | str, writings: list[str], separator: str, end: str
) -> None:
    columns = [WRITINGS[w](v) for w, v in zip(writings, box, strict=True)]
    parsed = parse_line(separator.join([str(label), *columns]) + end)
    assert parsed.label == label
    assert parsed.form == CENTRE
    assert parsed.numbers == pytest.approx(box, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.text("0123456789.,;|%+-eE \t#xnaif\"'[]", max_size=60))
def test_any_text_is_a_line_or_a_reason(text: str) -> None:
    if is_blank(text) or is_comment(text):
        return
    try:
        parsed = parse_line(text)
    except LineError as error:
        assert str(error)
        return
    assert all(abs(v) < 1e7 for v in parsed.numbers)
    assert set(parsed.repairs) <= set(REPAIRS)
