"""Label files: which files are labels, which picture they are about, and what they say, plain or not."""

from __future__ import annotations

import codecs
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.artifacts.dataset import format_label
from labtools.prepare.formats import Parsed, RawBox, yolo_txt
from labtools.prepare.formats._names import NamesFile, names_files
from labtools.prepare.formats._yolo_file import FileReader, Repairs
from labtools.prepare.formats._yolo_line import is_comment
from labtools.prepare.formats._yolo_plain import PlainBoxes, is_plain, label_numbers, read_plain
from labtools.prepare.formats._yolo_tokens import is_blank
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import File, Tree

BOX = (0.4, 0.3, 0.6, 0.7)
LINE = "0 0.5 0.5 0.2 0.4"


class Files(Tree):
    """A tree whose files are bytes in memory; everything else is the real thing."""

    def __init__(self, content: dict[str, bytes]) -> None:
        super().__init__({path: File(path, path) for path in sorted(content)})
        object.__setattr__(self, "content", content)

    def read(self, path: str, near: object = None) -> bytes:
        return self.content[path]  # type: ignore[attr-defined,no-any-return]


def parse(content: dict[str, bytes | str], *images: str) -> Parsed:
    files = {path: data.encode() if isinstance(data, str) else data for path, data in content.items()}
    tree = Files({**dict.fromkeys(images or ("images/a.jpg",), b""), **files})
    return yolo_txt.parse(tree, yolo_txt.sniff(tree), ImageIndex(tree.images, ""))


def codes(parsed: Parsed) -> dict[str, int]:
    return {f.code: f.line for f in parsed.findings}


FILES = {
    "plain": (f"{LINE}\n".encode(), {}),
    "no newline at the end": (LINE.encode(), {}),
    "crlf": (f"{LINE}\r\n".encode(), {"text-crlf": 0}),
    "cr": (f"{LINE}\r{LINE}\r".encode(), {"text-crlf": 0}),
    "bom": (codecs.BOM_UTF8 + LINE.encode(), {"text-bom": 0}),
    "utf-16": (f"{LINE}\n".encode("utf-16"), {"text-utf16": 0}),
    "utf-16 without mark": (f"{LINE}\n".encode("utf-16-le"), {"text-utf16": 0}),
    "utf-16 big end first": (f"{LINE}\n".encode("utf-16-be"), {"text-utf16": 0}),
    "blank lines": (f"\n\n{LINE}\n \t\n".encode(), {"label-blank-line": 1}),
    "heading": (f"class,x,y,w,h\n{LINE}\n".encode(), {"label-comment": 1}),
    "tabs": (LINE.replace(" ", "\t").encode(), {"label-spaces": 1}),
    "a name in Latin-1": ("v\xe9lo 0.5 0.5 0.2 0.4".encode("latin-1"), {"text-not-utf8": 0}),
    "no-break space in Latin-1": ("0\xa00.5 0.5 0.2 0.4".encode("latin-1"), {"text-not-utf8": 0, "label-spaces": 1}),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_in_every_writing(name: str) -> None:
    data, expected = FILES[name]
    parsed = parse({"labels/a.txt": data})
    assert parsed.records[0].boxes[0].xyxy == pytest.approx(BOX)
    assert parsed.records[0].bad_lines == 0
    assert codes(parsed) == expected


def test_a_bad_line_costs_only_itself() -> None:
    parsed = parse({"labels/a.txt": f"{LINE}\n0 nan 0 0 0\n\n0 0.1 0.1 0.1 0.1\nx\n0 1 2\n0 1 2"})
    assert [box.line for box in parsed.records[0].boxes] == [1, 4]
    assert parsed.records[0].bad_lines == 4
    bad = [(f.line, f.message) for f in parsed.findings if f.severity.value == "error"]
    assert bad == [
        (2, "'nan' is no number"), (5, "1 column instead of 5"), (6, "3 columns instead of 5 (lines 6, 7)"),
    ]  # fmt: skip


def test_one_odd_file_does_not_slow_or_spoil_the_others() -> None:
    images = [f"images/{i}.jpg" for i in range(9)]
    contents: dict[str, bytes | str] = {f"labels/{i}.txt": f"{i} 0.5 0.5 0.2 0.4\n" for i in range(9)}
    contents["labels/4.txt"] = "4\t0,5 0,5 0,2 0,4"
    parsed = parse(contents, *images)
    assert [r.boxes[0].class_id for r in parsed.records] == list(range(9))
    assert all(r.boxes[0].xyxy == pytest.approx(BOX) for r in parsed.records)
    assert [isinstance(r.boxes, PlainBoxes) for r in parsed.records] == [i != 4 for i in range(9)]


def test_the_same_oddity_of_many_files_is_one_finding() -> None:
    images = [f"images/{i}.jpg" for i in range(9)]
    few = parse({f"labels/{i}.txt": f"{LINE} 0.9\n" for i in range(3)}, *images)
    many = parse({f"labels/{i}.txt": f"{LINE} 0.9\n" * 2 for i in range(9)}, *images)
    assert [f.file for f in few.findings] == [f"labels/{i}.txt" for i in range(3)]
    assert [(f.file, f.line) for f in many.findings] == [("labels/0.txt", 1)]
    assert "18 lines of 9 files" in many.findings[0].message


def test_line_breaks_that_got_lost() -> None:
    parsed = parse({"labels/a.txt": f"{LINE} 1 0.5 0.5 0.2 0.4 2 0.5 0.5 0.2 0.4"})
    assert [(b.class_id, b.line) for b in parsed.records[0].boxes] == [(0, 1), (1, 1), (2, 1)]
    assert all(b.xyxy == pytest.approx(BOX) for b in parsed.records[0].boxes)
    assert codes(parsed) == {"label-joined-lines": 1}


def test_zero_bytes_behind_the_text() -> None:
    parsed = parse({"labels/a.txt": f"{LINE}\n".encode() + bytes(64)})
    assert len(parsed.records[0].boxes) == 1 and codes(parsed) == {"text-nul": 0}
    assert codes(parse({"labels/a.txt": bytes(64)})) == {"label-unreadable": 0}


def test_rubbish_and_emptiness() -> None:
    images = [f"images/{name}.jpg" for name in "abcd"]
    parsed = parse(
        {"labels/a.txt": bytes(range(256)) * 3, "labels/b.txt": b"", "labels/c.txt": b" \n\n", "labels/d.txt": b"\n"},
        *images,
    )
    assert [(len(r.boxes), r.bad_lines) for r in parsed.records] == [(0, 1), (0, 0), (0, 0), (0, 0)]
    assert [f.code for f in parsed.findings if f.severity.value == "error"] == ["label-unreadable"]


PLACES = {
    "images/a.jpg": ["labels/a.txt", "label /a.txt", "LABELS/A.TXT", "annotations/a.txt", "a.txt", "images/a.txt",
                     "labels/a.jpg.txt", "labels/a.txt.txt", "export.zip!/obj_train_data/a.txt", "labels/a.text",
                     "labels/a", "labels/a.csv", "labels/A.DAT"],
    "2/images/frame_000007.jpg": ["2/labels/frame_7.txt", "2/labels/frame_0007.txt", "2/labels/Frame-000007.txt",
                                  "2/labels/FRAME_000007.TXT", "2/labels/9f86d081-frame_000007.txt",
                                  "2/labels_3/frame_000007.txt", "labels/2/frame_000007.txt",
                                  "2/labels/frame7.jpg.txt"],
}  # fmt: skip


@pytest.mark.parametrize(("image", "label"), [(image, label) for image, labels in PLACES.items() for label in labels])
def test_labels_by_other_names_and_in_other_folders(image: str, label: str) -> None:
    parsed = parse({label: LINE}, image, "3/images/frame_000007.jpg", "2/images/frame_000017.jpg")
    assert [r.image for r in parsed.records] == [image]


def test_a_label_that_could_be_about_two_pictures_is_not_guessed() -> None:
    parsed = parse({"labels/frame_1.txt": LINE}, "images/frame_01.jpg", "images/frame_001.jpg")
    assert parsed.records == () and "annotation-without-image" in codes(parsed)
    parsed = parse({"labels/frame_1.txt": LINE, "labels/frame_01.txt": LINE}, "images/frame_01.jpg")
    assert [r.file for r in parsed.records] == ["labels/frame_01.txt"]
    parsed = parse({"labels/b.txt": LINE}, "images/a.jpg")
    assert parsed.records == () and "annotation-without-image" in codes(parsed)


def test_texts_that_are_no_labels() -> None:
    tree = Files({
        "images/a.jpg": b"", "train.txt": b"./images/a.jpg\n", "notes.txt": b"we filmed 3 videos\n",
        "obj.names": b"velo", "classes.txt": b"velo\n", "readme.txt": LINE.encode(),
        "b.txt": LINE.encode(), "labels/a.txt": b"",
    })  # fmt: skip
    assert yolo_txt.sniff(tree) == ["b.txt", "labels/a.txt"]


def test_a_picture_called_train_and_a_list_called_train() -> None:
    tree = Files({"train.jpg": b"", "train.txt": b"./train.jpg\n", "labels/train.txt": LINE.encode()})
    assert yolo_txt.sniff(tree) == ["labels/train.txt"]


# ------------------------------------------------------------------------------------------------- names of ids


def test_names_of_the_nearest_file_name_the_ids() -> None:
    content: dict[str, bytes | str] = {
        "obj.names": "chien\nchat\n",
        "3.zip!/obj.names": b"\xef\xbb\xbfvelo\r\n",
        "3.zip!/obj_train_data/a.txt": f"{LINE}\n7 0.5 0.5 0.2 0.4\n",
    }
    parsed = parse(content, "3/images/a.jpg")
    assert [box.class_name for box in parsed.records[0].boxes] == ["velo", None]
    assert parsed.records[0].names == ("velo",)


NAMES = {
    "obj.names": ["velo\nthe rock\n", "\xef\xbb\xbfvelo\r\nthe rock\r\n\r\n", "velo\rthe rock", "velo\n\nthe rock\n\n",
                  "0 velo\n1 the rock", "0: velo\n1: the rock\n", "velo, the rock", '"velo"\n"the rock"',
                  "# classes\nvelo\nthe rock"],
    "classes.txt": ["velo\nthe rock\n", "1;the rock\n0;velo"],
    "_darknet.labels": ["velo\nthe rock"],
    "data.yaml": ["names: [velo, the rock]", "names: ['velo', \"the rock\"]\nnc: 2", "names:\n  0: velo\n  1: the rock",
                  "names:\n- velo\n- the rock\nnc: 7", "names: {0: velo, 1: the rock}", "names: velo, the rock",
                  "names:\n\t0: velo\n\t1: the rock", "names: {'1': the rock, '0': velo}",
                  "\xef\xbb\xbftrain: x\r\nnames:\r\n  0: velo\r\n  1: the rock\r\n",
                  "names: {velo: 0, the rock: 1}", "names:\n- 0: velo\n- 1: the rock"],
}  # fmt: skip


@pytest.mark.parametrize(("file", "text"), [(file, text) for file, texts in NAMES.items() for text in texts])
def test_names_files_in_every_writing(file: str, text: str) -> None:
    label = "0 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.2 0.4\n"
    parsed = parse({file: text.encode("latin-1"), "labels/a.txt": label})
    assert [box.class_name for box in parsed.records[0].boxes] == ["velo", "the rock"]
    assert parsed.names == ("velo", "the rock")


def test_scalars_that_yaml_would_turn_into_something_else() -> None:
    parsed = parse({"data.yaml": "names: [no, 1e3, null, 007, 2024-01-01]", "labels/a.txt": LINE})
    assert parsed.names == ("no", "1e3", "null", "007", "2024-01-01")


@pytest.mark.parametrize(
    ("used", "names"),
    [((0, 1), ("velo", "the rock")), ((0, 3), ("velo", "", "the rock")), ((0,), ("velo", "", "the rock"))],
)
def test_blank_lines_between_names_are_read_as_the_labels_demand(used: tuple[int, ...], names: tuple[str, ...]) -> None:
    label = "".join(f"{i} 0.5 0.5 0.2 0.4\n" for i in used)
    # three names, so that it is not every other line that is blank
    parsed = parse({"obj.names": "velo\n\nthe rock\nfeuille\n", "labels/a.txt": label})
    assert parsed.records[0].names[: len(names)] == names


def test_blank_lines_that_leave_two_readings_name_nothing() -> None:
    parsed = parse({"obj.names": "a\n\nb\nc\nd\n", "labels/a.txt": "2 0.5 0.5 0.2 0.4"})
    assert parsed.records[0].boxes[0].class_name is None  # b or c


def test_what_names_files_say_wrong() -> None:
    found, findings = names_files(Files({"a/data.yaml": b"nc: 3\nnames: [velo, velo]", "data.yaml": b"names: &a [*a]"}))
    assert [file.names for file in found] == [("velo", "velo")]
    assert {f.code for f in findings} == {"names-count-differs", "names-twice", "names-unreadable"}


@pytest.mark.parametrize("tower", ["[" * 2000 + "]" * 2000, '{"a":' * 2000, "- " * 2000])
def test_towers_of_brackets_are_refused_before_they_cost_seconds(tower: str) -> None:
    start = time.process_time()
    found, findings = names_files(Files({"data.yaml": f"names: {tower}".encode()}))
    assert time.process_time() - start < 5  # exponential reading would take hours
    assert found == [] and [f.code for f in findings] == ["names-unreadable"]


def test_keypoints_that_the_data_yaml_announces() -> None:
    content: dict[str, bytes | str] = {"labels/a.txt": f"{LINE} 0.41 0.31 0.59 0.69"}
    assert codes(parse(content)) == {"label-polygon": 1}
    content["data.yaml"] = "kpt_shape: [2, 2]\nnames: [x]"
    parsed = parse(content)
    assert parsed.records[0].boxes[0].xyxy == pytest.approx(BOX) and codes(parsed) == {"label-keypoints": 1}


def test_names_that_only_the_labels_use_are_the_datasets_own() -> None:
    assert parse({"labels/a.txt": "the rock 0.5 0.5 0.2 0.4\nvelo 0.5 0.5 0.1 0.1"}).names == ("the rock", "velo")


# ------------------------------------------------------------------------------------------ plain files together

number = st.integers(0, 1_000_000).map(lambda v: f"{v / 1e6:.6f}") | st.sampled_from(
    ["0", "1", "0.5", "1.", ".25", "2"]
)
plain_line = st.tuples(st.integers(0, 20), number, number, number, number).map(lambda v: " ".join(map(str, v)))
plain_file = st.lists(plain_line, max_size=5).flatmap(
    lambda lines: st.sampled_from(["\n".join(lines), "".join(f"{line}\n" for line in lines)])
)
NAMED = ("velo", "", "the rock")


def careful(data: bytes) -> tuple[RawBox, ...]:
    return tuple(FileReader(NamesFile("", NAMED), Repairs(), []).record("labels/a.txt", "a.jpg", data).boxes)


@settings(max_examples=150, deadline=None)
@given(st.lists(plain_file.map(str.encode), max_size=6))
def test_plain_files_say_what_the_careful_reader_reads(files: list[bytes]) -> None:
    assert all(is_plain(data) for data in files)
    table = read_plain(files, NAMED)
    assert table is not None
    assert [tuple(boxes) for boxes in table.boxes()] == [careful(data) for data in files]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.binary(max_size=40) | st.text("0123456789. \n", max_size=40).map(str.encode), max_size=4))
def test_what_counts_as_plain_is_read_alike(files: list[bytes]) -> None:
    table = read_plain(files, NAMED)
    if table is None:
        return
    assert all(is_plain(data) for data in files)
    assert [tuple(boxes) for boxes in table.boxes()] == [careful(data) for data in files]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 99999), *[st.floats(0, 1)] * 4), max_size=6))
def test_labels_that_labtools_wrote_are_read_digit_by_digit(rows: list[tuple[float, ...]]) -> None:
    text = format_label(rows)  # type: ignore[arg-type]
    expected = [[float(column) for column in line.split()] for line in text.splitlines()]
    assert label_numbers(text).tolist() == expected
    table = read_plain([text.encode()], ())
    assert table is not None and table.numbers.tolist() == expected


@pytest.mark.parametrize(
    "data",
    [b"0 0.5 0.5 0.2", b"0 0.5 0.5 0.2 0.4 0.9", b"0 0.5  0.5 0.2 0.4", b"0.0 0.5 0.5 0.2 0.4", b"0 . 0.5 0.2 0.4",
     b"0 0.5.5 0.5 0.2 0.4", b"\n", b"0 0.5 0.5 0.2 0.4\n\n", b" 0 0.5 0.5 0.2 0.4", b"0 0.5 0.5 0.2 0.4 ",
     b"0\n0.5 1 1 1", b"0 0.5 0.5 0.2 -0.4", b"1234567890 0.5 0.5 0.2 0.4"],
)  # fmt: skip
def test_what_is_not_plain(data: bytes) -> None:
    assert read_plain([b"0 0.5 0.5 0.2 0.4\n", data], ()) is None
    assert not is_plain(data)


def test_whole_numbers_and_an_odd_last_line_cost_no_time() -> None:
    start = time.process_time()
    assert not is_plain(b"0 0523438 0687500 0328125 0333333\n" * 200 + b"0 1 2 3\n")
    assert time.process_time() - start < 5  # of quadratic reading, minutes


@pytest.mark.parametrize("digits", ["199999999999999999999", "18446744073709551616", "9" * 19, "0" * 400 + "1"])
def test_ids_that_no_machine_word_holds_are_not_plain(digits: str) -> None:
    line = "1 0.832031 0.838542 0.179688 0.218750\n"
    assert read_plain([f"{line}{digits}{line[1:]}".encode()], ()) is None


def test_pixels_are_not_plain() -> None:
    assert read_plain([b"0 320 180 40 40"], ()) is None


text_of_labels = st.lists(
    st.sampled_from(["0", "1", "velo", "0.5", "0,5", "nan", "1e999", "x", "\t", ";", ",", " ", "\n", "\r\n", "50%", "#",
                     "\u200b", "\uff11", "-0.2", "320", "class x y w h\n", "\x00", "\u00e9", "\""]),
    max_size=40,
).map("".join)  # fmt: skip
bytes_of_all_kinds = st.binary(max_size=200) | text_of_labels.map(str.encode) | st.text(max_size=100).map(str.encode)


@settings(max_examples=150, deadline=None)
@given(bytes_of_all_kinds, bytes_of_all_kinds)
def test_any_bytes_are_labels_or_findings(label: bytes, names: bytes) -> None:
    parsed = parse({"labels/a.txt": label, "obj.names": names, "data.yaml": names, "classes.txt": names})
    record = parsed.records[0]
    lines = [line for line in decode(label).lines if not is_blank(line) and not is_comment(line)]
    # Nothing is lost in silence and nothing invented: every line is a box or belongs to a finding.
    if not {"label-unreadable", "label-joined-lines"} & set(codes(parsed)):
        assert len(record.boxes) + record.bad_lines == len(lines)
    assert bool(record.bad_lines) == any(f.severity.value == "error" for f in parsed.findings)
