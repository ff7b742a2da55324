"""The same pictures split another way: what leaks, what stays together, and what the first dataset must not notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from labtools.artifacts.dataset import Dataset, open_dataset, read_boxes, read_findings, read_manifest
from labtools.core.errors import LabError
from labtools.prepare.pipeline import prepare
from labtools.prepare.resplit import WAYS, neighbours_in_train, read_rows, resplit, sequences_of_rows

Put = Callable[[str, str | bytes], Path]
Picture = Callable[..., bytes]

FRAMES = 10


def write_team(put: Put, picture: Picture, team: str, sequences: int, name: str = "{s}/images/frame_{i:06d}") -> None:
    """A team that split at random: of every sequence frames 0..5 train, 6 and 7 val, 8 and 9 test, shuffled."""
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for s in range(1, sequences + 1):
        for i in range(FRAMES):
            path = name.format(s=s, i=i)
            put(f"in/velo/{team}/{path}.jpg", picture(sum(team.encode()) * 1000 + s * 100 + i, (32, 24)))
            put(f"in/velo/{team}/{path.replace('images', 'labels')}.txt", "0 0.5 0.5 0.25 0.5\n")
            place = (7 * i) % FRAMES
            lists["train" if place < 6 else "val" if place < 8 else "test"].append(f"./velo/{team}/{path}.jpg\n")
    for split, lines in lists.items():
        put(f"in/velo/{team}/{split}.txt", "".join(lines))


@pytest.fixture(scope="module")
def dataset(picture: Picture, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    tmp_path = tmp_path_factory.mktemp("resplit")

    def put(path: str, content: str | bytes) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    put("course.yaml", "names: [velo]\n")
    write_team(put, picture, "tic", 5)
    write_team(put, picture, "tac", 5, "images/vid{s}_{i:04d}")  # no folders: the names tell the sequences
    return open_dataset(prepare(tmp_path / "in", tmp_path / "dlcv", tmp_path / "course.yaml").out)


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_whole_sequences_do_not_leak_and_random_frames_do(dataset: Dataset) -> None:
    before = content(dataset.root)
    leaks = {how: resplit(dataset, how).after for how in WAYS}
    tested = sum(1 for row in read_rows(dataset) if row["split"] != "train")
    assert leaks["by-sequence"] == 0
    assert leaks["by-time"] == 10  # one frame per sequence, at the cut
    assert leaks["random"] > 0.7 * tested
    assert resplit(dataset, "random").before == resplit(dataset, "by-time").before > 0.7 * tested
    assert content(dataset.root) == before


@pytest.mark.parametrize("how", WAYS)
def test_all_pictures_and_boxes_with_the_shares_of_each_team(how: str, dataset: Dataset) -> None:
    result = resplit(dataset, how, seed=3)
    new = open_dataset(result.out)
    assert result.out.name == f"dlcv-{how}" and new.names == dataset.names
    old_rows, rows = read_manifest(dataset), read_manifest(new)
    assert rows.drop(columns="split").equals(old_rows.drop(columns="split"))
    for team, members in rows.groupby("team"):
        assert members["split"].value_counts().to_dict() == {"train": 30, "val": 10, "test": 10}, team
    columns = ["image", "class_id", "x", "y", "w", "h"]
    assert read_boxes(new)[columns].equals(read_boxes(dataset)[columns])
    for split, count in result.counts.items():
        listed = (result.out / f"{split}.txt").read_text().split()
        assert len(listed) == count and all((result.out / line).is_file() for line in listed)
        assert {f"./{image}" for image in rows[rows["split"] == split]["image"]} == set(listed)
    found = read_findings(new)
    assert list(found["code"]) == ["split-again", "split-again"]
    assert how in found["message"][0] and "seed 3" in found["message"][0]
    assert new.fingerprint == result.fingerprint != dataset.fingerprint


def test_blocks_follow_time(dataset: Dataset) -> None:
    rows = read_manifest(open_dataset(resplit(dataset, "by-time").out))
    for _, video in rows.sort_values("frame").groupby(
        ["team", "sequence", rows["image"].str.extract(r"vid(\d)")[0].fillna("")]
    ):
        assert list(video["split"]) == ["train"] * 6 + ["val"] * 2 + ["test"] * 2


def test_the_seed_decides_and_nothing_else(dataset: Dataset) -> None:
    for how, differs in (("by-sequence", True), ("random", True), ("by-time", False)):
        first = content(resplit(dataset, how, seed=0).out)
        assert content(resplit(dataset, how, seed=0).out) == first
        second = content(resplit(dataset, how, seed=5).out)
        assert (second["train.txt"] != first["train.txt"]) is differs


def test_files_are_shared_with_the_first_dataset(dataset: Dataset) -> None:
    out = resplit(dataset, "random").out
    for row in read_rows(dataset):
        assert (out / row["image"]).stat().st_ino == (dataset.root / row["image"]).stat().st_ino
    assert [p.name for p in sorted(dataset.root.parent.iterdir()) if p.name.startswith(".")] == []


def test_equal_pictures_stay_on_one_side(put: Put, picture: Picture, tmp_path: Path) -> None:
    """The same frame in two sequences of a team, and in a sequence of another team."""
    put("course.yaml", "names: [velo]\n")
    write_team(put, picture, "tic", 6)
    write_team(put, picture, "tac", 6)
    same = (tmp_path / "in/velo/tic/1/images/frame_000000.jpg").read_bytes()
    for path in ("tic/2/images/frame_000005", "tac/4/images/frame_000001"):
        put(f"in/velo/{path}.jpg", same)
    dataset = open_dataset(prepare(tmp_path / "in", tmp_path / "dlcv", tmp_path / "course.yaml").out)
    for seed in range(4):
        rows = read_manifest(open_dataset(resplit(dataset, "by-sequence", seed).out))
        assert rows.groupby("hash")["split"].nunique().max() == 1
        assert rows.groupby(["team", "sequence"])["split"].nunique().max() == 1
        joined = rows[rows["hash"].duplicated(keep=False)]
        assert len(joined) == 3 and joined["split"].nunique() == 1
        assert set(rows["split"]) == {"train", "val", "test"}


def test_a_team_with_one_sequence_trains_only(put: Put, picture: Picture, tmp_path: Path) -> None:
    put("course.yaml", "names: [velo]\n")
    write_team(put, picture, "tic", 5)
    write_team(put, picture, "tac", 1)
    dataset = open_dataset(prepare(tmp_path / "in", tmp_path / "dlcv", tmp_path / "course.yaml").out)
    result = resplit(dataset, "by-sequence")
    rows = read_manifest(open_dataset(result.out))
    assert set(rows[rows["team"] == "tac"]["split"]) == {"train"}
    assert result.after == 0
    codes = Counter(read_findings(open_dataset(result.out))["code"])
    assert codes == {"split-again": 2, "split-no-val": 1, "split-no-test": 1}


def test_what_cannot_be_done_is_said(put: Put, picture: Picture, tmp_path: Path) -> None:
    put("course.yaml", "names: [velo]\n")
    write_team(put, picture, "tic", 1)
    dataset = open_dataset(prepare(tmp_path / "in", tmp_path / "dlcv", tmp_path / "course.yaml").out)
    with pytest.raises(LabError, match="too few sequences"):
        resplit(dataset, "by-sequence")
    with pytest.raises(LabError, match="no way to split called 'by-team'"):
        resplit(dataset, "by-team")
    put("dlcv-random/thesis.tex", "years of work")
    with pytest.raises(LabError, match="not written by labtools"):
        resplit(dataset, "random")
    assert resplit(dataset, "by-time", shares={"train": 0.5, "val": 0.0, "test": 0.5}).counts == {
        "train": 5, "val": 0, "test": 5,
    }  # fmt: skip


def test_neighbours_are_counted_by_hand() -> None:
    def row(frame: int, split: str) -> dict[str, str]:
        return {"image": f"images/v/t/1/{frame}.jpg", "class_folder": "v", "team": "t", "sequence": "1",
                "source": f"{frame}.jpg", "frame": str(frame), "split": split}  # fmt: skip

    # In time: 1 val, 2 train, 10 train, 11 test, 40 val. Beside a frame of train stand 1 and 11.
    rows = [row(10, "train"), row(2, "train"), row(11, "test"), row(40, "val"), row(1, "val")]
    assert neighbours_in_train(rows, sequences_of_rows(rows)) == 2
