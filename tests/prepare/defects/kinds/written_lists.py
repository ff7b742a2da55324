"""Splits as tools and shells write them: listings, tables, arrays, rich text, words in names of folders."""

from __future__ import annotations

import random
import zipfile

from defects.cohort import Shot, Team

Rng = random.Random


def splits_above_sequences(team: Team, rng: Rng) -> None:
    """train/1/images, val/2/images, test/3/images, and no lists."""
    _each_into(team, ("train", "val", "test"), "{split}/{sequence}")


def splits_in_names_of_sequences(team: Team, rng: Rng) -> None:
    """train_1, val_2, test_3 as sequences, and no lists."""
    _each_into(team, ("train", "val", "test"), "{split}_{sequence}")


def splits_behind_names_of_sequences(team: Team, rng: Rng) -> None:
    """`1 (test)`, `2 (train)`, `3 (val)`, and no lists."""
    _each_into(team, ("test", "train", "val"), "{sequence} ({split})")


def splits_below_sequences(team: Team, rng: Rng) -> None:
    """1/train/images, 1/val/images ... in each sequence, and no lists."""
    team.drop_lists()
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"{shot.sequence}/{shot.split}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"{shot.sequence}/{shot.split}/images/{shot.path.name}")


def _each_into(team: Team, splits: tuple[str, str, str], place: str) -> None:
    """Each sequence is one split, in a folder called as the template ``place`` says; no lists."""
    team.drop_lists()
    for shots, split in zip(team.sequences, splits, strict=True):
        _into(team, shots, split, place.format(split=split, sequence=shots[0].sequence))


def _into(team: Team, shots: list[Shot], split: str, place: str) -> None:
    for shot in shots:
        label = team.label(shot)
        team.write(f"{place}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"{place}/images/{shot.path.name}")
        shot.split = split


def lists_by_ls(team: Team, rng: Rng) -> None:
    """ls -l > train.txt"""
    team.rename_uniquely()
    team.rewrite_lists(
        lambda s: f"-rw-r--r-- 1 zoe zoe  41236 janv. 12 10:15 {s.path.name}", lambda text: f"total 4312\n{text}"
    )


def lists_by_dir(team: Team, rng: Rng) -> None:
    """dir > train.txt on Windows"""
    team.rename_uniquely()
    head = " Le volume dans le lecteur C s'appelle Windows\n\n Répertoire de C:\\Users\\Zoé\\velo\n\n"
    team.rewrite_lists(
        lambda s: f"12/01/2024  10:15            41 236 {s.path.name}",
        lambda text: (head + text + "               6 fichier(s)          247 416 octets\n").replace("\n", "\r\n"),
    )


def lists_by_tree(team: Team, rng: Rng) -> None:
    """tree > train.txt"""
    team.rename_uniquely()
    team.rewrite_lists(lambda s: f"│   ├── {s.path.name}", lambda text: f".\n{text}\n0 directories, 6 files\n")


def lists_in_rtf(team: Team, rng: Rng) -> None:
    """A Mac's TextEdit saved train.txt as rich text under that name. Read, or said."""
    head = "{\\rtf1\\ansi\\ansicpg1252\\cocoartf2639\n{\\fonttbl\\f0\\fswiss Helvetica;}\n\\f0\\fs24 \\cf0 "
    team.rewrite_lists(text=lambda text: head + text.replace("\n", "\\\n") + "}")


def lists_of_globs(team: Team, rng: Rng) -> None:
    """`1/images/*.jpg`: patterns instead of names."""
    for shots, split in zip(team.sequences, ("train", "val", "test"), strict=True):
        for shot in shots:
            shot.split = split
        team.write(f"{split}.txt", f"./{team.place}/{shots[0].sequence}/images/*.jpg\n")


def lists_with_labels_beside(team: Team, rng: Rng) -> None:
    """`1/images/frame_000000.jpg 1/labels/frame_000000.txt` in each line"""
    team.rewrite_lists(lambda s: f"{team.relative(s)} {s.sequence}/labels/{s.path.stem}.txt")


def lists_of_ranges(team: Team, rng: Rng) -> None:
    """`frame_000000 - frame_000005`: not read, and said."""
    for split in ("train", "val", "test"):
        team.write(f"{split}.txt", "frame_000000 - frame_000005\n")
    for shot in team.shots:
        shot.split, shot.fate = "", "either"
    team.expect("", "train.txt")


def a_yaml_of_sequences(team: Team, rng: Rng) -> None:
    """split.yaml: train: [1], val: [2], test: [3]"""
    team.drop_lists()
    team.write("split.yaml", "train: [1]\nval: [2]\ntest: [3]\n")
    for shot in team.shots:
        shot.split = ("train", "val", "test")[shot.sequence - 1]


def lists_in_a_zip(team: Team, rng: Rng) -> None:
    """splits.zip with the three lists."""
    with zipfile.ZipFile(team.folder / "splits.zip", "w") as archive:
        for split in ("train", "val", "test"):
            archive.writestr(f"{split}.txt", team.list_text(split))
    team.drop_lists()


def lists_by_numpy(team: Team, rng: Rng) -> None:
    """print(numpy.array(train)): quotes, blanks between, lines that wrap."""

    def text(plain: str) -> str:
        lines = [f"'{line}'" for line in plain.splitlines()]
        return "[" + "\n ".join(" ".join(lines[i : i + 2]) for i in range(0, len(lines), 2)) + "]\n"

    team.rewrite_lists(text=text)


def lists_by_pandas(team: Team, rng: Rng) -> None:
    """print(series): a number before each path, `Name: path, dtype: object` at the end."""

    def text(plain: str) -> str:
        rows = [f"{i}    {line}" for i, line in enumerate(plain.splitlines())]
        return "\n".join(rows) + f"\nName: path, Length: {len(rows)}, dtype: object\n"

    team.rewrite_lists(text=text)


def lists_as_arrays(team: Team, rng: Rng) -> None:
    """train.npy, val.pkl, test.npy: not read, and said."""
    team.drop_lists()
    team.write("train.npy", b"\x93NUMPY\x01\x00v\x00{'descr': '<U40', 'fortran_order': False, 'shape': (9,)}")
    team.write("val.pkl", b"\x80\x04\x95")
    for shot in team.shots:
        shot.split = ""
    team.expect("", "train.npy")
    team.expect("", "val.pkl")


def lists_in_french_rtf(team: Team, rng: Rng) -> None:
    """train.rtf with accents in a folder name, as \\'e9."""
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"été_{shot.sequence}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"été_{shot.sequence}/images/{shot.path.name}")
    for split in ("train", "val", "test"):
        body = team.list_text(split).replace("é", "\\'e9").replace("\n", "\\par\n")
        team.write(f"{split}.rtf", "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\n" + body + "}")
        (team.folder / f"{split}.txt").unlink()


def a_split_word_in_one_sequence(team: Team, rng: Rng) -> None:
    """Sequences `1`, `2`, `test_3`, no lists: the word of one of them is no split of all."""
    team.forget_splits()
    for shot in team.sequences[2]:
        label = team.label(shot)
        team.write(f"test_3/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"test_3/images/{shot.path.name}")


def takes_of_a_test(team: Team, rng: Rng) -> None:
    """test1, test2, test3: takes, and no lists; a split is made."""
    team.forget_splits()
    for shot in team.shots:
        label = team.label(shot)
        team.write(f"test{shot.sequence}/labels/{shot.path.stem}.txt", label.read_bytes())
        label.unlink()
        team.move(shot, f"test{shot.sequence}/images/{shot.path.name}")
    team.checks.append(
        lambda rows: (f"{len({r['split'] for r in rows})} splits" for _ in [0] if len({r["split"] for r in rows}) < 3)
    )
