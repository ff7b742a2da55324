"""Pixels and corners instead of centre and size in 0..1: read where all boxes say the same, asked otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labtools.core.findings import Action
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.formats import RawBox, Record
from labtools.prepare.formats._names import NamesFile
from labtools.prepare.formats._yolo_file import FileReader, Repairs
from labtools.prepare.formats._yolo_plain import PlainBoxes, is_plain, read_plain
from labtools.prepare.labels.units import settle_units
from labtools.prepare.pictures.headers import Header
from labtools.prepare.pictures.reader import Picture

WH = (640, 360)
Corners = tuple[float, float, float, float]  # in 0..1
SPREAD = [
    (0.05, 0.1, 0.2, 0.3), (0.5, 0.55, 0.9, 0.95), (0.3, 0.3, 0.7, 0.8), (0.8, 0.02, 0.99, 0.4), (0.1, 0.7, 0.4, 0.9),
    (0.45, 0.45, 0.55, 0.6), (0.01, 0.01, 0.12, 0.2), (0.6, 0.2, 0.8, 0.5), (0.35, 0.6, 0.5, 0.75),
    (0.2, 0.15, 0.45, 0.4),
]  # fmt: skip


def picture(path: str, wh: tuple[int, int] = WH) -> Picture:
    return Picture(path, Header("JPEG", wh), "", 1)


def centre(box: Corners, w: float = 1, h: float = 1) -> str:
    x1, y1, x2, y2 = box
    return f"0 {(x1 + x2) / 2 * w:.6f} {(y1 + y2) / 2 * h:.6f} {(x2 - x1) * w:.6f} {(y2 - y1) * h:.6f}"


def corners(box: Corners, w: float = 1, h: float = 1) -> str:
    return f"0 {box[0] * w:.6f} {box[1] * h:.6f} {box[2] * w:.6f} {box[3] * h:.6f}"


def corner_and_size(box: Corners, w: float = 1, h: float = 1) -> str:
    return f"0 {box[0] * w:.6f} {box[1] * h:.6f} {(box[2] - box[0]) * w:.6f} {(box[3] - box[1]) * h:.6f}"


def settle(
    files: dict[str, list[str]], wh: tuple[int, int] = WH, answers: Answers | None = None
) -> tuple[Sequence[Record], list[str], list[str]]:
    """Records after settling, codes of the findings, keys of the questions."""
    reader = FileReader(NamesFile("", ()), Repairs(), [])
    records = []
    for path, lines in files.items():
        text = "\n".join(lines).encode()
        table = read_plain([text], ()) if is_plain(text) else None
        if table is not None:
            records.append(Record(path, f"{path}.jpg", table.boxes()[0]))
        else:
            records.append(reader.record(path, f"{path}.jpg", text))
    pictures = {f"{path}.jpg": picture(f"{path}.jpg", wh) for path in files}
    settled, findings = settle_units(records, pictures, "t", answers or {})
    assert all(f.question or f.action != Action.ASKED for f in findings)
    return settled, [f.code for f in findings], [f.question.key for f in findings if f.question]


def found(records: Sequence[Record]) -> list[tuple[float, ...]]:
    return [box.xyxy for record in records for box in record.boxes]


def by_file(lines: list[str], folder: str = "labels") -> dict[str, list[str]]:
    return {f"{folder}/{i}.txt": [line] for i, line in enumerate(lines)}


@pytest.mark.parametrize("write", [centre, corners, corner_and_size])
@pytest.mark.parametrize("in_one_file", [True, False])
def test_pixels_of_a_folder(write: Callable[..., str], in_one_file: bool) -> None:
    lines = [write(box, *WH) for box in SPREAD]
    records, codes, _ = settle({"labels/a.txt": lines} if in_one_file else by_file(lines))
    assert found(records) == [pytest.approx(box, abs=1e-6) for box in SPREAD]
    assert codes == ["label-pixels"]


@pytest.mark.parametrize("write", [corners, corner_and_size])
def test_fractions_that_are_no_centres(write: Callable[..., str]) -> None:
    records, codes, _ = settle(by_file([write(box) for box in SPREAD]))
    assert found(records) == [pytest.approx(box, abs=1e-6) for box in SPREAD]
    assert codes == ["label-corners"]


def test_plain_tables_are_reread_too() -> None:
    text = "".join(f"{corners(box)}\n" for box in SPREAD).encode()
    table = read_plain([text], ())
    assert table is not None
    records = [Record("labels/a.txt", "a.jpg", table.boxes()[0])]
    settled, findings = settle_units(records, {"a.jpg": picture("a.jpg")}, "t")
    assert isinstance(settled[0].boxes, PlainBoxes) and [f.code for f in findings] == ["label-corners"]
    assert found(settled) == [pytest.approx(box, abs=1e-6) for box in SPREAD]


def test_usual_labels_are_left_alone() -> None:
    files = by_file([centre(box) for box in SPREAD])
    files["labels/0.txt"].append("0 0.95 0.95 0.3 0.3")  # beyond the border: to be clipped, not to be read otherwise
    records, codes, _ = settle(files)
    assert codes == [] and len(found(records)) == len(SPREAD) + 1
    few = by_file([corners(box) for box in SPREAD[:3]])  # too few to overrule the usual reading
    assert settle(few)[1] == []


@pytest.mark.parametrize("answer", [None, LEAVE_OUT])
def test_what_is_clear_stays_beside_what_is_asked(answer: str | None) -> None:
    """A polygon in pixels and a box in 0..1 can be read in one way only, whatever the four numbers beside them mean."""
    files = {"labels/a.txt": ["0 100 100 150 150", "0 64 36 128 36 128 72", "0 0.5 0.5 0.2 0.4"]}
    records, codes, keys = settle(files, answers={"label-units:t:labels": answer} if answer else None)
    assert found(records) == [pytest.approx((0.1, 0.1, 0.2, 0.2)), pytest.approx((0.4, 0.3, 0.6, 0.7))]
    assert codes == [("label-pixels" if answer else "label-units-unknown")]
    assert records[0].bad_lines == (0 if answer else 1)
    assert keys == ([] if answer else ["label-units:t:labels"])


def test_short_videos_of_one_hand_are_looked_at_together() -> None:
    files = {f"{i}/labels/{j}.txt": [corners(box)] for i in (1, 2) for j, box in enumerate(SPREAD[i::2][:5])}
    records, codes, _ = settle(files)
    wanted = [pytest.approx(box, abs=1e-6) for i in (1, 2) for box in SPREAD[i::2][:5]]
    assert found(records) == wanted and codes == ["label-corners"] * 2
    usual = {f"{i}/labels/{j}.txt": [centre(box)] for i in (3, 4) for j, box in enumerate(SPREAD[:7])}
    beyond = {"5/labels/0.txt": ["0 0.08 0.1 0.3 0.5"]}  # alone it could be corners too
    assert settle({**usual, **beyond})[1] == []


def test_boxes_drawn_a_little_beyond_the_border_are_not_read_otherwise() -> None:
    records, codes, _ = settle(by_file([f"0 {0.1 + 0.01 * i:.2f} 0.5 {0.3 + 0.02 * i:.2f} 0.2" for i in range(10)]))
    assert codes == [] and found(records)[0] == pytest.approx((-0.05, 0.4, 0.25, 0.6))


def test_one_line_in_pixels_among_others() -> None:
    records, codes, _ = settle({"labels/a.txt": ["0 0.5 0.5 0.2 0.2", "0 320 180 64 36"]})
    assert found(records)[1] == pytest.approx((0.45, 0.45, 0.55, 0.55)) and codes == ["label-pixels"]


def test_two_readings_that_fit_are_asked() -> None:
    lines = [corners(box, *WH) for box in [(0.5, 0.5, 0.6, 0.6), (0.45, 0.5, 0.7, 0.8)]]  # or centres of wide boxes
    records, codes, keys = settle(by_file(lines))
    assert found(records) == [] and codes == ["label-units-unknown"] and keys == ["label-units:t:labels"]
    assert [r.bad_lines for r in records] == [1, 1]
    answered, codes, _ = settle(by_file(lines), answers={keys[0]: "corners"})
    assert found(answered)[0] == pytest.approx((0.5, 0.5, 0.6, 0.6)) and codes == ["label-pixels"]
    answered, codes, _ = settle(by_file(lines), answers={keys[0]: LEAVE_OUT})
    assert found(answered) == [] and [r.bad_lines for r in answered] == [0, 0]


def test_other_folders_of_the_same_hand_help() -> None:
    sure = by_file([centre(box, *WH) for box in SPREAD], "1/labels")
    unsure = by_file(["0 320 180 384 216"], "2/labels")
    assert settle(unsure)[1] == ["label-units-unknown"]
    records, codes, _ = settle({**sure, **unsure})
    assert found(records)[-1] == pytest.approx((0.2, 0.2, 0.8, 0.8)) and codes == ["label-pixels"] * 2


def test_percentages_or_pixels() -> None:
    lines = [centre(box, 100, 100) for box in SPREAD]
    # Taken as pixels they would all lie in the left upper part of a large picture: both fit.
    assert settle(by_file(lines))[1] == ["label-units-unknown"]
    # In a small picture they cannot be pixels.
    records, codes, _ = settle(by_file(lines), (64, 48))
    assert codes == ["label-pixels"] and found(records) == [pytest.approx(box, abs=1e-6) for box in SPREAD]


def test_polygons_in_pixels() -> None:
    records, codes, _ = settle({"labels/a.txt": ["0 64 36 320 36 320 180 64 180"]})
    assert found(records) == [pytest.approx((0.1, 0.1, 0.5, 0.5))] and codes == ["label-pixels"]


def test_records_of_other_formats_pass() -> None:
    record = Record("a.xml", "a.jpg", (RawBox(None, "x", (320, 180, 400, 200), 1),), (640.0, 360.0))
    settled, findings = settle_units([record], {"a.jpg": picture("a.jpg")}, "t")
    assert list(settled) == [record] and findings == []


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([centre, corners]), st.sampled_from([WH, (1920, 1080), (64, 48)]))
def test_no_box_is_ever_invented(seed: int, write: Callable[..., str], wh: tuple[int, int]) -> None:
    """Whatever was written: the true boxes come out, or none and a question."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 0.7, (rng.integers(1, 20), 2))
    high = low + rng.uniform(0.15, 1, low.shape) * (1 - low)  # at least two pixels
    truth = [tuple(row) for row in np.hstack([low, high]).round(4).tolist()]
    records, codes, _ = settle(by_file([write(box, *wh) for box in truth]), wh)
    boxes = found(records)
    if "label-units-unknown" in codes:
        assert boxes == []
    else:
        assert boxes == [pytest.approx(box, abs=1e-4) for box in truth]
