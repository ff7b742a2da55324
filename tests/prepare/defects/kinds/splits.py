"""Split lists in every writing, split folders, and teams that gave too much, too little or nothing."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

from defects import writers
from defects.cohort import Row, Shot, Team
from defects.registry import needs

Rng = random.Random


def absolute_posix_paths(team: Team, rng: Rng) -> None:
    """Paths of a student's laptop, where the team's folder had another name."""
    team.rewrite_lists(lambda s: f"/home/zoé/Bureau/dlcv final/{team.relative(s)}")


def absolute_windows_paths(team: Team, rng: Rng) -> None:
    """Drive, backslashes, accents in cp1252, quotes."""

    def line(shot: Shot) -> str:
        return f'"C:\\Users\\Zoé\\Bureau\\dlcv\\{team.relative(shot)}"'.replace("/", "\\")

    team.rewrite_lists(line, lambda text: text.replace("\n", "\r\n").encode("cp1252"))


def windows_share(team: Team, rng: Rng) -> None:
    """A UNC path."""
    team.rewrite_lists(lambda s: f"\\\\nas\\dlcv\\{team.relative(s)}".replace("/", "\\"))


def file_urls(team: Team, rng: Rng) -> None:
    """file:///home/... with %20 for a space."""
    team.rewrite_lists(lambda s: f"file:///home/zoe/dlcv%20final/{team.relative(s)}")


def single_quotes_and_spaces(team: Team, rng: Rng) -> None:
    """' ./velo/...'  with blanks inside and outside of quotes."""
    team.rewrite_lists(lambda s: f"  ' ./{team.place}/{team.relative(s)} ' \t")


def stems_only(team: Team, rng: Rng) -> None:
    """Names without folder and suffix; they are unique in this team."""
    team.rename_uniquely()
    team.rewrite_lists(lambda s: s.path.stem)


def names_only(team: Team, rng: Rng) -> None:
    """Names without folder."""
    team.rename_uniquely()
    team.rewrite_lists(lambda s: s.path.name)


def stems_that_are_ambiguous(team: Team, rng: Rng) -> None:
    """frame_000003 of three sequences: it is said, and no line is taken for a picture by guessing."""
    team.rewrite_lists(lambda s: s.path.stem)
    for shot in team.shots:
        shot.fate, shot.split = "either", ""
        shot.known_as = (f"{team.place}/train.txt",)
    team.expect("any of|ambiguous|several|could", ".txt")


def sequence_and_stem(team: Team, rng: Rng) -> None:
    """2/frame_000003"""
    team.rewrite_lists(lambda s: f"{s.sequence}/{s.path.stem}")


def label_paths(team: Team, rng: Rng) -> None:
    """The lists name the label files."""
    team.rewrite_lists(lambda s: f"./{team.place}/{s.sequence}/labels/{s.path.stem}.txt")


def relative_to_the_team(team: Team, rng: Rng) -> None:
    """Paths that begin at the team's folder."""
    team.rewrite_lists(team.relative)


def relative_with_dots(team: Team, rng: Rng) -> None:
    """../equipe/1/images/..., and some with /./ and // inside."""
    team.rewrite_lists(lambda s: f"../{team.folder.name}/./{s.sequence}//images/{s.path.name}")


def relative_to_a_folder_above(team: Team, rng: Rng) -> None:
    """submissions/velo/equipe/1/images/..."""
    team.rewrite_lists(lambda s: f"dlcv_2024/submissions/{team.place}/{team.relative(s)}")


def lists_of_a_renamed_team(team: Team, rng: Rng) -> None:
    """The team changed its name after it had written the lists."""
    team.rewrite_lists(lambda s: f"./{team.class_name}/ancien_nom/{team.relative(s)}")


def lists_in_capitals(team: Team, rng: Rng) -> None:
    """FRAME_000001.JPG for frame_000001.jpg, as a system without case has it."""
    team.rewrite_lists(lambda s: f"./{team.place}/{team.relative(s)}".upper())


def lists_of_png(team: Team, rng: Rng) -> None:
    """The frames were .png when the lists were written."""
    team.rewrite_lists(lambda s: f"./{team.place}/{team.relative(s)}".replace(".jpg", ".png"))


def lists_without_images_folder(team: Team, rng: Rng) -> None:
    """./velo/equipe/2/frame_000001.jpg: the level `images` is missing."""
    team.rewrite_lists(lambda s: f"./{team.place}/{s.sequence}/{s.path.name}")


def lists_with_a_bom(team: Team, rng: Rng) -> None:
    """UTF-8 with a byte-order mark, CRLF, trailing blanks: Notepad."""
    team.rewrite_lists(None, lambda text: text.replace("\n", "  \r\n").encode("utf-8-sig"))


def lists_in_utf16(team: Team, rng: Rng) -> None:
    """UTF-16 with a byte-order mark: PowerShell."""
    team.rewrite_lists(None, lambda text: text.encode("utf-16"))


def lists_in_utf16_big_endian(team: Team, rng: Rng) -> None:
    """UTF-16 the other way round."""
    team.rewrite_lists(None, lambda text: b"\xfe\xff" + text.encode("utf-16-be"))


def lists_in_utf16_without_a_mark(team: Team, rng: Rng) -> None:
    """UTF-16 whose mark got lost: every second byte is zero."""
    team.rewrite_lists(None, lambda text: text.encode("utf-16-le"))


def lists_of_an_old_mac(team: Team, rng: Rng) -> None:
    """Lines end with CR alone."""
    team.rewrite_lists(None, lambda text: text.replace("\n", "\r"))


def one_line_with_commas(team: Team, rng: Rng) -> None:
    """The whole list in one line, commas between."""
    team.rewrite_lists(None, lambda text: text.strip().replace("\n", ", "))


def one_line_with_semicolons(team: Team, rng: Rng) -> None:
    """The same with semicolons."""
    team.rewrite_lists(None, lambda text: text.strip().replace("\n", ";"))


def one_line_with_blanks(team: Team, rng: Rng) -> None:
    """The same with blanks."""
    team.rewrite_lists(None, lambda text: text.strip().replace("\n", " "))


def a_python_list(team: Team, rng: Rng) -> None:
    """print(train_files) > train.txt"""
    team.rewrite_lists(None, lambda text: repr(text.split()))


def commas_at_the_ends(team: Team, rng: Rng) -> None:
    """'path', in every line, as out of a program."""
    team.rewrite_lists(lambda s: f"    './{team.place}/{team.relative(s)}',")


def header_and_comments(team: Team, rng: Rng) -> None:
    """A header, comments, a rule, an empty line now and then."""
    team.rewrite_lists(None, lambda text: "filename\n# our split\n-----\n\n" + text.replace("\n", "\n\n") + "// end\n")


def a_column_of_ones(team: Team, rng: Rng) -> None:
    """path<TAB>1"""
    team.rewrite_lists(lambda s: f"./{team.place}/{team.relative(s)}\t1")


def numbers_before_the_paths(team: Team, rng: Rng) -> None:
    """`12: ./velo/...`, as a printed loop has it."""
    team.rewrite_lists(lambda s: f"{s.number}: ./{team.place}/{team.relative(s)}")


def no_break_spaces(team: Team, rng: Rng) -> None:
    """No-break spaces and zero-width ones around the paths, out of a web page."""
    team.rewrite_lists(lambda s: f"\u00a0./{team.place}/{team.relative(s)}\u200b\u00a0")


def _lists_named(team: Team, names: dict[str, str]) -> None:
    for split, name in names.items():
        target = team.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (team.folder / f"{split}.txt").rename(target)


def lists_with_longer_names(team: Team, rng: Rng) -> None:
    """training.txt, valid.txt, testing.txt"""
    _lists_named(team, {"train": "training.txt", "val": "valid.txt", "test": "testing.txt"})


def lists_with_french_names(team: Team, rng: Rng) -> None:
    """entraînement.txt, validation.txt, Test.TXT"""
    _lists_named(team, {"train": "entraînement.txt", "val": "validation.txt", "test": "Test.TXT"})


def lists_with_odd_names(team: Team, rng: Rng) -> None:
    """train.txt.txt, val (1).txt, test_final.txt"""
    _lists_named(team, {"train": "train.txt.txt", "val": "val (1).txt", "test": "test_final.txt"})


def lists_in_a_folder(team: Team, rng: Rng) -> None:
    """splits/train.txt ..."""
    _lists_named(team, {s: f"splits/{s}.txt" for s in ("train", "val", "test")})


def lists_with_the_teams_name(team: Team, rng: Rng) -> None:
    """velo_train.txt, velo_val.txt, velo_test.txt"""
    _lists_named(team, {s: f"{team.class_name}_{s}.txt" for s in ("train", "val", "test")})


def lists_of_autosplit(team: Team, rng: Rng) -> None:
    """autosplit_train.txt: Ultralytics' autosplit()"""
    _lists_named(team, {s: f"autosplit_{s}.txt" for s in ("train", "val", "test")})


def lists_of_any_name(team: Team, rng: Rng) -> None:
    """liste_a.txt ..., and a data.yaml that says which is which."""
    _lists_named(team, {"train": "liste_a.txt", "val": "liste_b.txt", "test": "liste_c.txt"})
    yaml = f"train: ./liste_a.txt\nval: ./liste_b.txt\ntest: ./liste_c.txt\nnames: [{team.class_name}]\n"
    team.write("data.yaml", yaml)


def lists_per_sequence(team: Team, rng: Rng) -> None:
    """Each sequence has its own train.txt, val.txt, test.txt, with bare names."""
    team.drop_lists()
    for number, shots in enumerate(team.sequences, 1):
        for split in ("train", "val", "test"):
            lines = "".join(f"{s.path.name}\n" for s in shots if s.split == split)
            team.write(f"{number}/{split}.txt", lines)


def lists_of_the_class(team: Team, rng: Rng) -> None:
    """The lists lie in the class's folder, above the teams."""
    for split in ("train", "val", "test"):
        path = team.folder / f"{split}.txt"
        text = path.read_text(encoding="utf-8")
        with (team.folder.parent / f"{split}.txt").open("a", encoding="utf-8") as file:
            file.write(text)
        path.unlink()


def folders_in_a_list(team: Team, rng: Rng) -> None:
    """The list names folders of pictures, as Ultralytics allows; sequence 2 is for validation here."""
    for shot in team.sequences[1]:
        shot.split = "val"
    for split, number in (("train", 1), ("val", 2), ("test", 3)):
        team.write(f"{split}.txt", f"./{team.place}/{number}/images/\n")


def csv_with_a_split_column(team: Team, rng: Rng) -> None:
    """One splits.csv: filename, split."""
    team.drop_lists()
    words = {"train": "train", "val": "Validation", "test": "TEST"}
    team.write(
        "splits.csv", writers.table(["image", "split"], [[team.relative(s), words[s.split]] for s in team.shots])
    )


def csv_as_excel_writes_it(team: Team, rng: Rng) -> None:
    """The same with semicolons, a byte-order mark and the columns the other way round."""
    team.drop_lists()
    rows = [[s.split, s.path.name.replace("frame", f"./{team.place}/{s.sequence}/images/frame")] for s in team.shots]
    text = writers.table(["Subset", "File name"], rows, ";").replace("\n", "\r\n")
    team.write("dataset.csv", text.encode("utf-8-sig"))


def csv_per_split(team: Team, rng: Rng) -> None:
    """train.csv, val.csv, test.csv of one column without a header."""
    for split in ("train", "val", "test"):
        team.write(f"{split}.csv", team.list_text(split))
    team.drop_lists()


def _by_folder(team: Team, words: dict[str, str]) -> None:
    team.drop_lists()
    for shot in team.shots:
        label = team.label(shot)
        data = label.read_bytes()
        label.unlink()
        team.move(shot, f"{words[shot.split]}/images/seq{shot.sequence}_{shot.path.name}")
        team.write(f"{words[shot.split]}/labels/{shot.path.stem}.txt", data)


def folders_train_validate_test(team: Team, rng: Rng) -> None:
    """train/, validate/, TEST/ instead of lists."""
    _by_folder(team, {"train": "train", "val": "validate", "test": "TEST"})


def folders_in_french(team: Team, rng: Rng) -> None:
    """Entraînement/, Validation/, Tests/"""
    _by_folder(team, {"train": "Entraînement", "val": "Validation", "test": "Tests"})


def folders_below_images(team: Team, rng: Rng) -> None:
    """images/train, labels/train; valid for val."""
    team.drop_lists()
    words = {"train": "train", "val": "valid", "test": "test"}
    for shot in team.shots:
        data = team.label(shot).read_bytes()
        team.label(shot).unlink()
        team.move(shot, f"images/{words[shot.split]}/seq{shot.sequence}_{shot.path.name}")
        team.write(f"labels/{words[shot.split]}/{shot.path.stem}.txt", data)


def listed_twice(team: Team, rng: Rng) -> None:
    """Every line of the training list twice."""
    path = team.folder / "train.txt"
    path.write_text(path.read_text(encoding="utf-8") * 2, encoding="utf-8")
    team.expect("twice|already|again", "train.txt")


def listed_in_two_splits(team: Team, rng: Rng) -> None:
    """Two test pictures are in the training list too: what is evaluated must not be trained on."""
    for shot in (team[3, 1], team[3, 2]):
        with (team.folder / "train.txt").open("a", encoding="utf-8") as file:
            file.write(f"./{team.place}/{team.relative(shot)}\n")
    team.expect("two|both|train and|and train|kept in", "3/images/frame_000001.jpg")


def listed_but_absent(team: Team, rng: Rng) -> None:
    """Two lines name pictures that were never handed in."""
    with (team.folder / "val.txt").open("a", encoding="utf-8") as file:
        file.write(f"./{team.place}/2/images/frame_000999.jpg\n./{team.place}/7/images/frame_000000.jpg\n")
    team.expect("not there|absent|no such|missing", "val.txt", "left out")


def present_but_unlisted(team: Team, rng: Rng) -> None:
    """Two pictures are in no list: left out by the course's policy, and named."""
    victims = (team[1, 4], team[3, 0])
    for shot in victims:
        shot.split = ""
    team.rewrite_lists()
    team.lose(*victims)


def no_test_list(team: Team, rng: Rng) -> None:
    """train.txt and val.txt only: the test pictures are unlisted, and it is said that there is no test split."""
    (team.folder / "test.txt").unlink()
    team.lose(*team.sequences[2])
    team.expect("no test")


def an_empty_test_list(team: Team, rng: Rng) -> None:
    """test.txt has no content."""
    team.write("test.txt", b"")
    team.lose(*team.sequences[2])
    team.expect("no test|empty")


def no_lists_at_all(team: Team, rng: Rng) -> None:
    """A split is made: whole sequences, every split has some, and it is said."""
    team.drop_lists()
    for shot in team.shots:
        shot.split = ""
    team.checks.append(_whole_sequences)
    team.expect("split")


def _whole_sequences(rows: list[Row]) -> Iterator[str]:
    splits = defaultdict(set)
    for row in rows:
        splits[row["sequence"]].add(row["split"])
    if any(len(s) != 1 for s in splits.values()):
        yield f"a sequence was torn apart: {dict(splits)}"
    if {s for found in splits.values() for s in found} != {"train", "val", "test"}:
        yield f"not every split got a sequence: {dict(splits)}"


def no_lists_and_no_sequences(team: Team, rng: Rng) -> None:
    """No split and one folder of pictures: some split is made, nothing is lost."""
    team.rename_uniquely()
    for shot in team.shots:
        data = team.label(shot).read_bytes()
        team.label(shot).unlink()
        team.move(shot, f"images/{shot.path.name}")
        team.write(f"labels/{shot.path.stem}.txt", data)
        shot.split = ""
    team.drop_lists()
    team.expect("split")


def val_is_a_copy_of_train(team: Team, rng: Rng) -> None:
    """val.txt is train.txt once more: said; those pictures train; the true validation pictures are unlisted."""
    team.write("val.txt", (team.folder / "train.txt").read_bytes())
    team.lose(*(s for s in team.shots if s.split == "val"))
    team.expect("val")


def lines_of_another_team(team: Team, rng: Rng) -> None:
    """The template's lines of another team are still in the list."""
    with (team.folder / "train.txt").open("a", encoding="utf-8") as file:
        file.write("./velo/les_soigneux/3/images/frame_000001.jpg\n")
    team.expect("another team|other team|not there", "train.txt", "left out")


def a_label_called_test(team: Team, rng: Rng) -> None:
    """A picture called test.jpg has a label called test.txt: no list."""
    shot = team[1, 3]
    label = team.label(shot)
    team.move(shot, shot.path.with_name("test.jpg"))
    label.rename(team.label(shot))
    team.rewrite_lists()


@needs("velo")
def starts_middles_ends(team: Team, rng: Rng) -> None:
    """Starts of all sequences train, middles validate, ends test: their own idea of a split, kept as it is."""
    for shot in team.shots:
        shot.split = ("train", "val", "test")[shot.index // 2]
    team.rewrite_lists()


def fully_random(team: Team, rng: Rng) -> None:
    """A random split: kept as it is."""
    for shot in team.shots:
        shot.split = rng.choice(("train", "train", "val", "test"))
    team.rewrite_lists()


def sequences_in_a_list(team: Team, rng: Rng) -> None:
    """The lists name sequences, one per line: `1`, `2`, `3`."""
    for split, numbers in (("train", (1,)), ("val", (2,)), ("test", (3,))):
        team.write(f"{split}.txt", "".join(f"{n}\n" for n in numbers))
        for shot in team.shots:
            if shot.sequence in numbers:
                shot.split = split


def a_json_of_lists(team: Team, rng: Rng) -> None:
    """splits.json: {"train": [...], "val": [...], "test": [...]}"""
    import json

    team.drop_lists()
    content = {split: team.list_text(split).split() for split in ("train", "val", "test")}
    team.write("splits.json", json.dumps(content, indent=1))


def a_workbook_of_lists(team: Team, rng: Rng) -> None:
    """The split is in splits.xlsx only: not read; named, and a split is made and said."""
    from defects.packing import zipped

    team.drop_lists()
    team.write("splits.xlsx", zipped({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"}))
    for shot in team.shots:
        shot.split = ""
    team.expect(file="splits.xlsx")


def lists_and_folders_contradict(team: Team, rng: Rng) -> None:
    """train/, valid/, test/ folders, and lists that put a test picture into train: one is followed, and it is said."""
    for shot in team.shots:
        data = team.label(shot).read_bytes()
        team.label(shot).unlink()
        folder = {"val": "valid"}.get(shot.split, shot.split)
        team.move(shot, f"{folder}/images/seq{shot.sequence}_{shot.path.name}")
        team.write(f"{folder}/labels/{shot.path.stem}.txt", data)
    victim = team[3, 2]
    victim.split = "train"
    team.rewrite_lists()
    victim.split, victim.fate = "", "either"
    team.expect("folder|list|split", action="")


def trainval_beside(team: Team, rng: Rng) -> None:
    """VOC's trainval.txt beside train.txt and val.txt: it changes nothing."""
    text = (team.folder / "train.txt").read_text() + (team.folder / "val.txt").read_text()
    team.write("trainval.txt", text)


def older_lists_beside(team: Team, rng: Rng) -> None:
    """train_old.txt with everything in it: the plain names count, or it is asked which lists do."""
    team.write("old/train.txt.bak", "".join(team.list_text(s) for s in ("train", "val", "test")))
    team.write("train_old.txt", "".join(team.list_text(s) for s in ("train", "val", "test")))
    for shot in team.shots:
        shot.fate = "either"
    team.expect("train_old.txt|contradict")


def lists_of_other_frames(team: Team, rng: Rng) -> None:
    """Lists count frames from 1, the disk from 0: the last line is absent, the first frame unlisted; not shifted."""
    team.rewrite_lists(lambda s: f"./{team.place}/{s.sequence}/images/frame_{s.index + 1:06d}.jpg")
    wanted = {(s.sequence, s.index + 1): s.split for s in team.shots}
    for shot in team.shots:
        shot.split = wanted.get((shot.sequence, shot.index), "")
    team.lose(*(s for s in team.shots if not s.split))
    team.expect("not there|absent", "train.txt")


def lists_of_decomposed_names(team: Team, rng: Rng) -> None:
    """Accents composed on disk, decomposed in the lists, or the other way round."""
    import unicodedata

    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"été à Lyon {shot.index:06d}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists(None, lambda text: unicodedata.normalize("NFD", text))


def lists_in_mojibake(team: Team, rng: Rng) -> None:
    """été in a list that went through the wrong encoding twice: Ã©tÃ©. Found, or said; never another picture."""
    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"été_{shot.index:06d}.jpg"))
        label.rename(team.label(shot))
        shot.fate = "either"
        shot.known_as = (f"{shot.sequence}/images/Ã©tÃ©_{shot.index:06d}.jpg",)
    team.rewrite_lists(None, lambda text: text.replace("é", "Ã©"))
    for shot in team.shots:
        shot.split = ""


def one_list_with_words(team: Team, rng: Rng) -> None:
    """split.txt: path and train, val or test in each line."""
    team.drop_lists()
    words = {"train": "train", "val": "val", "test": "test"}
    team.write("split.txt", "".join(f"./{team.place}/{team.relative(s)} {words[s.split]}\n" for s in team.shots))


def one_list_with_sections(team: Team, rng: Rng) -> None:
    """One file, `train:` and below it the paths, then `val:` and `test:`."""
    team.drop_lists()
    team.write("split.txt", "".join(f"{split}:\n{team.list_text(split)}\n" for split in ("train", "val", "test")))


def lists_with_dashes_in_names(team: Team, rng: Rng) -> None:
    """`Train list.txt`, `val-images.txt`, `liste_test.txt`"""
    _lists_named(team, {"train": "Train list.txt", "val": "val-images.txt", "test": "liste_test.txt"})


def lists_with_bullets(team: Team, rng: Rng) -> None:
    """`- ./velo/...` in each line: out of a README."""
    team.rewrite_lists(lambda s: f"- ./{team.place}/{team.relative(s)}")


def lists_with_a_column_of_boxes(team: Team, rng: Rng) -> None:
    """keras-yolo: path x1,y1,x2,y2,class x1,y1,x2,y2,class"""

    def line(shot: Shot) -> str:
        boxes = " ".join(f"{b.x1:g},{b.y1:g},{b.x2:g},{b.y2:g},0" for b in shot.boxes)
        return f"./{team.place}/{team.relative(shot)} {boxes}".strip()

    team.rewrite_lists(line)


def lists_of_both_separators(team: Team, rng: Rng) -> None:
    """.\\velo/equipe\\1/images\\..."""
    team.rewrite_lists(lambda s: f".\\{team.place}\\{s.sequence}/images\\{s.path.name}")


def lists_percent_encoded(team: Team, rng: Rng) -> None:
    """%C3%A9t%C3%A9_000001.jpg for été_000001.jpg"""
    from urllib.parse import quote

    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"été {shot.index:06d}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists(lambda s: quote(f"./{team.place}/{team.relative(s)}"))
