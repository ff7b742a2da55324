"""What a video says about its own annotation: one finding per range, states only where an object is seen to leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from labtools.prepare.labels.continuity import Frames, look_at_sequences

Box = tuple[float, float, float, float]


def look(
    labels: Sequence[Sequence[Box] | str], step: int = 1, hashes: Sequence[str] | None = None
) -> tuple[str, dict[str, str]]:
    """One video, a picture per entry: boxes, or ``E`` for an empty label, ``U`` for none, ``L`` for lost boxes.

    Returns:
        The states as letters, and the messages by code (of the findings at the picture where they begin).
    """
    texts = [
        "" if isinstance(b, str) else "".join(f"0 {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for x, y, w, h in b)
        for b in labels
    ]
    states = [{"E": "empty", "U": "unlabelled", "L": "unlabelled"}.get(b if isinstance(b, str) else "", "boxes")
              for b in labels]  # fmt: skip
    frames = Frames(
        path=[f"1/images/frame_{i * step:06d}.jpg" for i in range(len(labels))],
        sequence=["1"] * len(labels),
        frame=[i * step for i in range(len(labels))],
        state=states,
        label=texts,
        lost=[b == "L" for b in labels],
        hash=list(hashes or map(str, range(len(labels)))),
    )
    found, findings = look_at_sequences(frames)
    assert len({(f.code, f.file) for f in findings}) == len(findings)
    return "".join(s[0] for s in found), {f.code: f.message for f in findings}


def still(i: int) -> list[Box]:
    """In the middle of the picture, moving a little."""
    return [(0.4 + i * 0.003, 0.5, 0.2, 0.3)]


def leaving(i: int) -> list[Box]:
    """Out over the right border: the visible part shrinks."""
    left = 0.55 + i * 0.03
    return [((left + min(1.0, left + 0.2)) / 2, 0.5, min(1.0, left + 0.2) - left, 0.3)]


@pytest.mark.parametrize("step", [1, 5])
def test_a_picture_between_labelled_ones_was_forgotten(step: int) -> None:
    states, said = look([*map(still, range(4)), "U", *map(still, range(5, 9))], step)
    assert states == "bbbbubbbb"
    assert list(said) == ["image-unlabelled"] and said["image-unlabelled"].startswith(f"frame {4 * step}: ")


def test_a_range_is_one_finding() -> None:
    _, said = look([*map(still, range(4)), *"UUUUU", *map(still, range(9, 14))])
    assert said["image-unlabelled"].startswith("frames 4 to 8, 5 pictures: ")


def test_an_empty_file_in_the_middle_of_a_track_is_kept_and_said() -> None:
    states, said = look([*map(still, range(4)), "E", *map(still, range(5, 9))])
    assert states == "bbbbebbbb" and list(said) == ["label-empty-in-track"]


@pytest.mark.parametrize("mark", ["U", "E"])
def test_an_annotation_that_stops(mark: str) -> None:
    states, said = look([*map(still, range(6)), *mark * 30])
    assert states == "b" * 6 + mark.lower() * 30
    assert said["annotation-stops"].startswith("frames 6 to 35, 30 pictures: ") and len(said) == 1


def test_an_annotation_that_starts_late() -> None:
    states, said = look([*"U" * 9, *map(still, range(6))])
    assert states == "u" * 9 + "b" * 6 and list(said) == ["annotation-starts-late"]


def test_an_object_that_leaves_and_comes_back_leaves_background() -> None:
    away = [*map(leaving, range(12)), *"U" * 10]
    assert look(away) == ("b" * 12 + "e" * 10, look(away)[1])
    assert list(look(away)[1]) == ["image-background"]
    states, said = look([*away, *map(leaving, range(11, -1, -1))])
    assert states == "b" * 12 + "e" * 10 + "b" * 12 and list(said) == ["image-background"]
    assert look([*map(leaving, range(12)), *"E" * 10])[1] == {}
    states, said = look([*"U" * 10, *map(leaving, range(11, -1, -1))])  # it enters
    assert states == "e" * 10 + "b" * 12 and list(said) == ["image-background"]


def test_an_object_that_always_touches_the_border_has_not_left() -> None:
    states, said = look([*([(0.5, 0.5, 1.0, 0.8 + i / 1000)] for i in range(8)), *"UUUUUU"])
    assert states == "b" * 8 + "u" * 6 and list(said) == ["annotation-stops"]


def test_a_video_that_nobody_annotated() -> None:
    assert look(["U"] * 8) == ("u" * 8, look(["U"] * 8)[1])
    assert look(["U"] * 8)[1]["sequence-unlabelled"].startswith("frames 0 to 7, 8 pictures: ")
    states, said = look(["E"] * 8)  # a background video, but nothing else was handed in
    assert states == "e" * 8 and list(said) == ["labels-all-empty"]
    assert "8 have an empty label" in said["labels-all-empty"]


def test_lost_boxes_are_no_gap() -> None:
    states, said = look([*map(still, range(10)), "L", *map(still, range(11, 20))])
    assert states == "b" * 10 + "u" + "b" * 9 and said == {}


def test_every_second_picture_annotated_is_one_finding() -> None:
    states, said = look([still(i) if i % 2 == 0 else "U" for i in range(41)])
    assert (
        states == "bu" * 20 + "b"
        and list(said) == ["image-unlabelled"]
        and "20 such ranges" in said["image-unlabelled"]
    )


def test_a_box_that_jumps_and_one_that_is_missing() -> None:
    away: list[Box] = [(0.1, 0.1, 0.1, 0.1)]
    assert list(look([*map(still, range(6)), away, *map(still, range(7, 13))])[1]) == ["box-jumps"]
    two: Callable[[int], list[Box]] = lambda i: [*still(i), (0.8, 0.2, 0.1, 0.1 + i * 1e-4)]  # noqa: E731
    _, said = look([*map(two, range(6)), still(6), still(7), *map(two, range(8, 14))])
    assert said["box-missing"].startswith("frames 6 to 7, 2 pictures: ") and len(said) == 1


def test_a_box_that_is_frozen_while_others_move() -> None:
    frozen: Box = (0.8, 0.2, 0.1, 0.1)
    labels = [[*still(i), (0.2, 0.8, 0.1, 0.1 + i * 1e-4), frozen if 5 <= i < 25 else (0.8, 0.2 + i * 1e-4, 0.1, 0.1)]
              for i in range(40)]  # fmt: skip
    assert look(labels)[1]["box-frozen"].startswith("frames 5 to 24, 20 pictures: ")
    assert look(labels, hashes=["same"] * 40)[1] == {}  # the picture does not change either
    assert list(look([still(0)] * 6)[1]) == ["box-still"]
    assert look([still(0) if i < 6 else still(i) for i in range(40)])[1] == {}


def test_numbered_photos_are_no_video() -> None:
    rng = np.random.default_rng(0)
    photos = [[tuple(rng.uniform(0.2, 0.6, 4).round(6))] for _ in range(40)]
    assert look(photos)[1] == {}
    frames = Frames(
        path=[f"photo_{n}.jpg" for n in (3, 17, 40, 41, 99, 250)],
        sequence=[""] * 6, frame=[3, 17, 40, 41, 99, None], state=["boxes", "unlabelled"] * 3,
        label=["0 0.500000 0.500000 0.100000 0.100000\n", ""] * 3, lost=[False] * 5 + [True], hash=["h"] * 6,
    )  # fmt: skip
    states, findings = look_at_sequences(frames)
    assert states == ["boxes", "unlabelled"] * 3
    assert [(f.file, f.code) for f in findings] == [
        ("photo_17.jpg", "image-unlabelled"), ("photo_41.jpg", "image-unlabelled"),
    ]  # fmt: skip


def test_a_perfect_video_says_nothing() -> None:
    assert look([still(i) for i in range(60)]) == ("b" * 60, {})
    assert look_at_sequences(Frames([], [], [], [], [], [], [])) == ([], [])
