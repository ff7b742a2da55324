"""The simulated cohort: the same bytes each time, and every mess says what it is."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from labtools.core.files import hash_bytes
from labtools.core.progress import silent
from labtools.demo import mess
from labtools.demo.cohort import COHORT, write_cohort, write_video
from labtools.demo.film import HABITS, film_sequence
from labtools.demo.simulate import OBJECTS, SHAPES, random_actor, simulate_clip


def _content(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return {p.relative_to(folder).as_posix(): hash_bytes(p.read_bytes()) for p in files}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "cohort"
    write_cohort(folder, 3, silent)
    return folder


def test_a_cohort_is_the_same_byte_for_byte(cohort: Path, tmp_path: Path) -> None:
    for name, seed in (("again", 3), ("other", 4)):
        write_cohort(tmp_path / name, seed, silent)
    first = _content(cohort)
    assert first == _content(tmp_path / "again")
    assert first != _content(tmp_path / "other")


def test_every_team_has_a_mess_of_its_own_and_the_readme_tells_it(cohort: Path) -> None:
    assert len({plan.spoil for plan in COHORT}) == len(COHORT) >= 10
    assert {plan.class_name for plan in COHORT} == set(HABITS)
    told = (cohort / "README.md").read_text(encoding="utf-8")
    for plan in COHORT:
        assert plan.spoil.__doc__ and f"{plan.class_name}/{plan.team}: {plan.spoil.__doc__}" in told
    assert mess.windows_paths.__doc__ is not None


def test_boxes_enclose_what_was_drawn() -> None:
    """The pixels that an object changes lie in its box and touch each of its sides."""
    for kind in (*OBJECTS, *SHAPES):
        actor = random_actor(np.random.default_rng(5), kind, (200, 200), (0, 0, 255), (0.2, 0.2))
        with_it, without = (
            next(iter(simulate_clip(np.random.default_rng(1), (200, 200), 1, cast, noise=0))) for cast in ([actor], [])
        )
        changed = np.abs(with_it.image.astype(int) - without.image).max(axis=2) > 12
        rows, columns = np.nonzero(changed)
        x1, y1, x2, y2 = with_it.xyxy[0]
        drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        assert np.abs(drawn - [x1, y1, x2, y2]).max() <= 2.5, kind


def test_neighbouring_frames_are_nearly_the_same() -> None:
    frames = film_sequence(np.random.default_rng(2), "ballon")
    other = film_sequence(np.random.default_rng(9), "ballon")
    blurred = [cv2.blur(f.image, (9, 9)).astype(int) for f in (frames[0], frames[1], other[0])]
    assert np.abs(blurred[0] - blurred[1]).mean() < 0.4 * np.abs(blurred[0] - blurred[2]).mean()


def test_the_video_plays(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", 1, seconds=0.4)
    with av.open(str(tmp_path / "v.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and float(stream.average_rate or 0) == 25
        assert len(list(container.decode(video=0))) == 10
