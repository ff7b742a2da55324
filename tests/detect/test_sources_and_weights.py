"""What a SOURCE and a --weights mean."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from labtools.artifacts.results import RESULTS, split_folder, write_table
from labtools.artifacts.runs import RunSpec
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.detect.output import default_name, output_folder
from labtools.detect.sources import find_items
from labtools.detect.weights import choose_weights


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")


def test_a_folder_means_all_images_and_videos_below(tmp_path: Path) -> None:
    touch(tmp_path, "b/2.JPG", "b/1.png", "a.MOV", "notes.txt", "a.jpg", "b/2.webp")
    items, skips = find_items(tmp_path)
    assert [(i.name, i.output, i.is_video) for i in items] == [
        ("a.MOV", "a.mp4", True),
        ("a.jpg", "a.jpg", False),
        ("b/1.png", "b/1.png", False),
        ("b/2.JPG", "b/2.jpg", False),
        ("b/2.webp", "b/2.webp.jpg", False),
    ]
    assert skips == []


def test_outputs_never_collide(tmp_path: Path) -> None:
    touch(tmp_path, "a.avi", "a.mov", "a.mp4", "A.mkv", "a.mp4.avi")
    outputs = [item.output for item in find_items(tmp_path)[0]]
    assert len({o.casefold() for o in outputs}) == 5
    assert all(o.endswith(".mp4") for o in outputs)


def test_a_list_as_students_write_it(tmp_path: Path) -> None:
    touch(tmp_path, "data/images/a 1.jpg", "data/images/b.jpg", "else/c.png", "else/d.pdf")
    lines = [
        "./images/a 1.jpg",
        "",
        "  images\\b.jpg  ",
        "images/lost.jpg",
        str(tmp_path / "else/c.png"),
        "../else/d.pdf",
    ]
    (tmp_path / "data" / "test.txt").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    items, skips = find_items(tmp_path / "data" / "test.txt")
    assert [(i.name, i.output) for i in items] == [
        ("images/a 1.jpg", "images/a 1.jpg"),
        ("images/b.jpg", "images/b.jpg"),
        ("c.png", "c.png"),  # lies outside: only its name, so that no output leaves its folder
    ]
    assert [(s.name, s.reason) for s in skips] == [
        ("images/lost.jpg", "there is no such file"),
        ("../else/d.pdf", "neither an image nor a video"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("absent.mp4", None, "does not exist"),
        ("notes.pdf", b"x", "neither image, video nor list"),
        ("plain", b"x", "a file without a suffix"),
        ("empty.txt", b"\n", r"no line of this list leads .*\(0 tried\)"),
        ("lost.txt", b"nowhere.jpg\n", r"\(1 tried\)"),
        ("latin.txt", b"\xe9t\xe9.jpg", "not UTF-8"),
    ],
)
def test_a_wrong_source_is_a_sentence(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(LabError, match=message):
        find_items(tmp_path / name)


def test_an_empty_folder_is_a_sentence(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    with pytest.raises(LabError, match="no image or video in this folder"):
        find_items(tmp_path)


def make_run(matrix: Path, run_id: str, score: float | None, *, done: bool = True) -> Path:
    spec = RunSpec(run_id, "yolov8n", "w.pt", None, 64, 8, 1, 0, "d.yaml", "f")
    write_json(matrix / run_id / "run.json", spec.to_json())
    if done:
        write_json(matrix / run_id / "done.json", {} if score is None else {"map50_95": score})
    touch(matrix / run_id, "weights/best.pt")
    return matrix / run_id / "weights" / "best.pt"


def test_the_best_finished_run_is_the_default(tmp_path: Path) -> None:
    make_run(tmp_path / "m1", "low", 0.3)
    best = make_run(tmp_path / "m2", "high", 0.5)
    make_run(tmp_path / "m2", "running", 0.9, done=False)
    make_run(tmp_path / "m2", "unknown", None)
    make_run(tmp_path / "m2", "lost", 0.9).unlink()
    choice = choose_weights(None, tmp_path)
    assert (choice.path, choice.run_id) == (best, "high")
    assert choice.why == "the best of 3 finished runs, mAP50-95 0.500 on val"
    # An evaluation on val knows better than the end of a training.
    rows = pd.DataFrame({"run_id": ["low"], "map50_95": [0.6]})
    write_table(split_folder(tmp_path / "m1", "val") / "results.csv", rows, RESULTS)
    assert choose_weights(None, tmp_path).run_id == "low"


def test_no_finished_run(tmp_path: Path) -> None:
    make_run(tmp_path / "m1", "running", None, done=False)
    with pytest.raises(LabError, match="no finished run"):
        choose_weights(None, tmp_path)


def test_weights_by_run_id_folder_and_path(tmp_path: Path) -> None:
    first = make_run(tmp_path / "m1", "a", 0.3)
    make_run(tmp_path / "m2", "both", 0.3)
    make_run(tmp_path / "m3", "both", 0.3)
    assert choose_weights("a", tmp_path).path == first
    assert choose_weights(str(tmp_path / "m1" / "a"), tmp_path).run_id == "a"
    assert choose_weights(str(first), tmp_path).path == first
    with pytest.raises(LabError, match=r"both is in several matrices: .*m2.*m3"):
        choose_weights("both", tmp_path)
    touch(tmp_path, "film.mp4")
    with pytest.raises(LabError, match=r"weights are a \.pt file"):
        choose_weights(str(tmp_path / "film.mp4"), tmp_path)
    with pytest.raises(LabError, match="no run matches") as caught:
        choose_weights("c", tmp_path)
    assert "a, both" in caught.value.fix
    with pytest.raises(LabError, match="no run matches"):
        choose_weights("*", tmp_path)  # one checkpoint, not a pattern
    with pytest.raises(LabError, match=r"nowhere\.pt is not here"):
        choose_weights("nowhere.pt", tmp_path)


def test_a_taken_name_becomes_the_next(tmp_path: Path) -> None:
    for expected in ("clip", "clip-2", "clip-3"):
        with output_folder(tmp_path, "clip", overwrite=False) as (aside, final):
            assert final == tmp_path / expected
            assert not final.exists()
            touch(aside, "detect.json")
        assert (final / "detect.json").is_file()
    with output_folder(tmp_path, "clip", overwrite=True) as (aside, final):
        touch(aside, "detect.json", "new")
    assert final == tmp_path / "clip"
    assert (final / "new").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip", "clip-2", "clip-3"]


def test_two_that_start_together_get_two_names(tmp_path: Path) -> None:
    with (
        output_folder(tmp_path, "clip", overwrite=False) as (_, first),
        output_folder(tmp_path, "clip", overwrite=False) as (_, second),
    ):
        assert first != second
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip", "clip-2"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_trouble_leaves_what_was_there(tmp_path: Path, overwrite: bool) -> None:
    touch(tmp_path, "clip/detect.json", "clip/old.mp4")
    with pytest.raises(KeyboardInterrupt), output_folder(tmp_path, "clip", overwrite=overwrite) as (aside, _):
        touch(aside, "half.mp4")
        raise KeyboardInterrupt
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")) == [
        "clip/detect.json",
        "clip/old.mp4",
    ]


def test_what_others_wrote_is_never_overwritten(tmp_path: Path) -> None:
    touch(tmp_path, "thesis/chapter.tex")
    with pytest.raises(LabError, match="not written by"), output_folder(tmp_path, "thesis", overwrite=True):
        pass
    assert (tmp_path / "thesis" / "chapter.tex").is_file()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b", ".hidden"])
def test_a_name_is_one_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabError, match="not the name of a folder"), output_folder(tmp_path, name, overwrite=False):
        pass


def test_default_names(tmp_path: Path) -> None:
    touch(tmp_path, "Été 2024.mp4")
    (tmp_path / "My Images").mkdir()
    assert default_name(tmp_path / "Été 2024.mp4") == "ete_2024"
    assert default_name(tmp_path / "My Images") == "my_images"
