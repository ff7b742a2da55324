"""A cohort in the course's tree with one kind of mess per team; every box must come out in its class and split."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from labtools.artifacts.dataset import open_dataset, read_boxes, read_manifest
from labtools.core.errors import LabError
from labtools.prepare.pipeline import PrepareResult, prepare

COURSE = """\
names: [piercing, ballon, the_rock, arabe, russe, téléphone]
aliases:
  arabe: [ecritures_arabe_russe]
  russe: [ecritures_arabe_russe]
  téléphone: [smartphone]
"""
WH = (64, 48)
SPLIT = {1: "train", 2: "train", 3: "val", 4: "test"}
Box = tuple[float, float, float, float]
Picture = Callable[..., bytes]


def true_box(sequence: int, frame: int) -> Box:
    return (0.25 + 0.05 * sequence, 0.5, 0.2 + 0.01 * frame, 0.3)


def yolo(class_id: int | str, *boxes: Box) -> str:
    return "".join(f"{class_id} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for x, y, w, h in boxes)


class Team:
    """A team that handed in as asked: 4 sequences of 3 frames; tests then spoil it."""

    def __init__(self, folder: Path, picture: Picture) -> None:
        self.folder = folder
        self.class_name, self.name = folder.parent.name, folder.name
        base = sum(folder.as_posix().encode())
        for sequence, split in SPLIT.items():
            for frame in range(3):
                self.write(f"{sequence}/images/frame_{frame:06d}.jpg", picture(base * 100 + sequence * 10 + frame, WH))
                self.write(f"{sequence}/labels/frame_{frame:06d}.txt", yolo(0, true_box(sequence, frame)))
                with (folder / f"{split}.txt").open("a", encoding="utf-8") as file:
                    file.write(f"./{self.class_name}/{self.name}/{sequence}/images/frame_{frame:06d}.jpg\n")

    def write(self, path: str, content: str | bytes) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return target

    def lists(self, change: Callable[[str], bytes]) -> None:
        for split in ("train", "val", "test"):
            path = self.folder / f"{split}.txt"
            path.write_bytes(change(path.read_text(encoding="utf-8")))

    def labels(self, change: Callable[[str], str]) -> None:
        for path in sorted(self.folder.glob("*/labels/*.txt")):
            path.write_bytes(change(path.read_text(encoding="utf-8")).encode())


@pytest.fixture
def cohort(tmp_path: Path, picture: Picture) -> Callable[[str], Team]:
    return lambda place: Team(tmp_path / "cohort" / place, picture)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., PrepareResult]:
    """Prepare the cohort of this test with the course above."""
    course = tmp_path / "course.yaml"
    course.write_text(COURSE, encoding="utf-8")

    def call(**options: str) -> PrepareResult:
        return prepare(tmp_path / "cohort", tmp_path / "out" / "dlcv", course, **options)  # type: ignore[arg-type]

    return call


def expect(
    result: PrepareResult, team: str, class_name: str, missing: frozenset[tuple[int, int]] = frozenset()
) -> None:
    """All 12 pictures of a team but the ``missing`` are there, in their split, with their one box."""
    dataset = open_dataset(result.out)
    manifest = read_manifest(dataset)
    manifest = manifest[manifest["team"] == team]
    boxes = read_boxes(dataset)
    boxes = boxes[boxes["team"] == team]
    wanted = [(s, f) for s in SPLIT for f in range(3) if (s, f) not in missing]
    assert len(manifest) == len(wanted) == len(boxes)
    assert sorted(zip(manifest["sequence"], manifest["frame"], strict=True)) == [(str(s), f) for s, f in wanted]
    for record in boxes.merge(manifest[["image", "frame"]], on="image").itertuples():
        where = int(str(record.sequence)), int(str(record.frame))
        assert record.split == SPLIT[where[0]]
        assert record.class_name == class_name
        assert (record.x, record.y, record.w, record.h) == pytest.approx(true_box(*where), abs=2e-5)


def codes(result: PrepareResult, team: str) -> set[str]:
    return {f.code for f in result.findings if f.team == team}


def test_a_careful_team_comes_out_as_handed_in(
    cohort: Callable[[str], Team], run: Callable[..., PrepareResult]
) -> None:
    cohort("ballon/les_bleus")
    result = run()
    expect(result, "les_bleus", "ballon")
    assert codes(result, "les_bleus") == {"class-id-zero"}
    assert (result.out / "images/ballon/les_bleus/4/frame_000002.jpg").is_file()
    assert (
        (result.out / "train.txt")
        .read_text(encoding="utf-8")
        .startswith("./images/ballon/les_bleus/1/frame_000000.jpg\n")
    )


WINDOWS = "C:\\Users\\Zoé\\Bureau\\velo final"
LISTS: dict[str, Callable[[str], bytes]] = {
    "bom and crlf": lambda t: b"\xef\xbb\xbf" + t.replace("\n", "  \r\n").encode(),
    "utf-16": lambda t: t.encode("utf-16"),
    "windows": lambda t: "".join(f'"{WINDOWS}{line[1:]}"\n' for line in t.replace("/", "\\").splitlines()).encode(
        "cp1252"
    ),
    "windows, renamed team": lambda t: t.replace("./ballon/les_bleus", "D:/mon projet").encode(),
    "posix": lambda t: t.replace("./", "/home/zoe/dlcv/").encode(),
    "relative to the team": lambda t: t.replace("./ballon/les_bleus/", "").encode(),
    "labels": lambda t: t.replace("images", "labels").replace(".jpg", ".txt").encode(),
    "no suffix": lambda t: t.replace(".jpg", "").encode(),
    "other suffix": lambda t: t.replace(".jpg", ".PNG").encode(),
    "doubled": lambda t: (t + "\n\n# twice\n" + t).encode(),
    "extra column": lambda t: t.replace(".jpg", ".jpg, 1").encode(),
}


@pytest.mark.parametrize("writing", sorted(LISTS))
def test_lists_in_every_writing(writing: str, cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    cohort("ballon/les_bleus").lists(LISTS[writing])
    cohort("ballon/others")  # the same sequences and frames under another roof
    result = run()
    expect(result, "les_bleus", "ballon")
    expect(result, "others", "ballon")


LABELS: dict[str, Callable[[str], str]] = {
    "commas": lambda t: t.replace(".", ","),
    "tabs and spaces": lambda t: "\r\n\t " + t.replace(" ", "\t ").replace("\n", " \t\r\n\r\n"),
    "course ids": lambda t: "1" + t[1:],
    "name": lambda t: "Ballon" + t[1:],
    "confidence": lambda t: t.replace("\n", " 0.87\n"),
    "twice": lambda t: t + t,
    "bad line too": lambda t: "0 nan nan nan nan\n0 0.5\n" + t + "0 0.5 0.5 0 0\n0 1.5 1.5 0.1 0.1\n",
}


@pytest.mark.parametrize("writing", sorted(LABELS))
def test_labels_in_every_writing(
    writing: str, cohort: Callable[[str], Team], run: Callable[..., PrepareResult]
) -> None:
    cohort("ballon/les_bleus").labels(LABELS[writing])
    expect(run(), "les_bleus", "ballon")


def test_trees_with_odd_names(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    team = cohort("The Rock/Les Éléphants ")
    for sequence in SPLIT:
        (team.folder / f"{sequence}/images").rename(team.folder / f"{sequence}/Images ")
        (team.folder / f"{sequence}/labels").rename(team.folder / f"{sequence}/LABEL")
    cohort("smartphone/allo")
    team = cohort("Telephone/sans_niveau")
    for path in [*team.folder.iterdir()]:  # the team level is missing
        path.rename(team.folder.parent / path.name)
    team.folder.rmdir()
    for junk in ("__MACOSX/._a.jpg", ".DS_Store", "The Rock/Thumbs.db"):
        target = team.folder.parents[1] / junk
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(b"junk")
    result = run()
    expect(result, "les_elephants", "the_rock")
    expect(result, "allo", "téléphone")
    expect(result, "telephone", "téléphone")
    assert [f.code for f in result.findings].count("junk") == 3
    assert (result.out / "images/the_rock/les_elephants/1").is_dir()


def zip_of(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("where", ["{s}/cvat.zip", "{s}.zip", "task_{s}_yolo.zip", "labels/seq{s}.zip"])
@pytest.mark.parametrize("with_images", [False, True])
def test_cvat_zips(
    where: str, with_images: bool, cohort: Callable[[str], Team], run: Callable[..., PrepareResult]
) -> None:
    team = cohort("ballon/les_bleus")
    for sequence in SPLIT:
        members: dict[str, str | bytes] = {"obj.names": "ballon\n", "obj.data": "classes = 1\ntrain = data/train.txt\n"}
        members["train.txt"] = "".join(f"data/obj_train_data/frame_{i:06d}.jpg\n" for i in range(3))
        for frame in range(3):
            label = team.folder / f"{sequence}/labels/frame_{frame:06d}.txt"
            members[f"obj_train_data/{label.name}"] = label.read_text(encoding="utf-8")
            label.unlink()
            if with_images:
                image = team.folder / f"{sequence}/images/frame_{frame:06d}.jpg"
                members[f"obj_train_data/{image.name}"] = image.read_bytes()
        team.write(where.replace("{s}", str(sequence)), zip_of(members))
    result = run()
    expect(result, "les_bleus", "ballon")
    assert "list-of-export" in codes(result, "les_bleus")


def test_a_team_that_is_one_zip(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    team = cohort("ballon/les_bleus")
    files = {p.relative_to(team.folder).as_posix(): p.read_bytes() for p in team.folder.rglob("*") if p.is_file()}
    for path in sorted(team.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    team.folder.rmdir()
    team.folder.with_name("les_bleus.zip").write_bytes(zip_of({f"les_bleus/{n}": data for n, data in files.items()}))
    expect(run(), "les_bleus", "ballon")


def to_pixels(box: Box) -> tuple[float, float, float, float]:
    x, y, w, h = box
    return ((x - w / 2) * WH[0], (y - h / 2) * WH[1], (x + w / 2) * WH[0], (y + h / 2) * WH[1])


def test_voc_and_coco_teams(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    voc, coco = cohort("ballon/voc"), cohort("ballon/coco")
    for path in [*voc.folder.glob("*/labels/*.txt"), *coco.folder.glob("*/labels/*.txt")]:
        path.unlink()
    for sequence in SPLIT:
        content: dict[str, list[dict[str, object]]] = {
            "images": [],
            "annotations": [],
            "categories": [{"id": 1, "name": "Ballon "}],
        }
        for frame in range(3):
            x1, y1, x2, y2 = to_pixels(true_box(sequence, frame))
            voc.write(
                f"{sequence}/annotations/frame_{frame:06d}.xml",
                f"<annotation><filename>x.jpg</filename><size><width>{WH[0]}</width><height>{WH[1]}</height></size>"
                f"<object><name>ballon</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax>"
                f"<ymax>{y2}</ymax></bndbox></object></annotation>",
            )
            # annotated at twice the size: the picture was shrunk afterwards
            name = f"frame_{frame:06d}.PNG"
            content["images"].append({"id": frame, "file_name": name, "width": 2 * WH[0], "height": 2 * WH[1]})
            box = [2 * x1, 2 * y1, 2 * (x2 - x1), 2 * (y2 - y1)]
            content["annotations"].append({"id": frame, "image_id": frame, "category_id": 1, "bbox": box})
        coco.write(f"{sequence}/annotations/instances_default.json", json.dumps(content))
    result = run()
    expect(result, "voc", "ballon")
    expect(result, "coco", "ballon")
    assert "size-differs" in codes(result, "coco")


def test_pictures_that_cannot_be_used(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    team = cohort("ballon/les_bleus")
    whole = (team.folder / "1/images/frame_000000.jpg").read_bytes()
    team.write("1/images/frame_000000.jpg", whole[: len(whole) // 2])
    team.write("1/images/frame_000001.jpg", b"")
    team.write("2/images/frame_000000.jpg", b"not a picture")
    (team.folder / "2/images/frame_000001.jpg").unlink()
    result = run()
    expect(result, "les_bleus", "ballon", frozenset({(1, 0), (1, 1), (2, 0), (2, 1)}))
    found = {f.code: f.file for f in result.findings if f.severity.value != "info"}
    assert found["image-truncated"] == "ballon/les_bleus/1/images/frame_000000.jpg"
    assert found["image-empty"].endswith("1/images/frame_000001.jpg")
    assert found["image-unreadable"].endswith("2/images/frame_000000.jpg")
    assert found["annotation-without-image"].endswith("2/labels/frame_000001.txt")
    assert found["list-absent"] == "ballon/les_bleus/train.txt"


def test_two_splits_one_unlisted_and_another_teams_line(
    cohort: Callable[[str], Team], run: Callable[..., PrepareResult]
) -> None:
    cohort("ballon/others")
    team = cohort("ballon/les_bleus")
    train, val = team.folder / "train.txt", team.folder / "val.txt"
    lines = train.read_text(encoding="utf-8").splitlines(keepends=True)
    foreign = "./ballon/others/4/images/frame_000000.jpg\n"
    train.write_text("".join(lines[:-1]) + foreign, encoding="utf-8")
    test_line = "./ballon/les_bleus/4/images/frame_000001.jpg\n"
    val.write_text(val.read_text(encoding="utf-8") + test_line, encoding="utf-8")
    result = run()
    expect(result, "les_bleus", "ballon", frozenset({(2, 2)}))
    by_code = {f.code: f for f in result.findings if f.team == "les_bleus"}
    assert by_code["image-unlisted"].file == "ballon/les_bleus/2/images/frame_000002.jpg"
    assert "kept in test only" in by_code["image-in-two-splits"].message
    assert by_code["list-other-team"].line == len(lines)


def test_no_lists_means_whole_sequences(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    team = cohort("ballon/les_bleus")
    for split in ("train", "val", "test"):
        (team.folder / f"{split}.txt").unlink()
    result = run()
    manifest = read_manifest(open_dataset(result.out))
    assert manifest.groupby("sequence")["split"].nunique().max() == 1
    assert manifest["split"].value_counts().to_dict() == {"train": 6, "val": 3, "test": 3}
    assert "split-made" in codes(result, "les_bleus")


def test_lists_above_all_teams_are_read(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    teams = [cohort("ballon/les_bleus"), cohort("piercing/others")]
    for split in ("train", "val", "test"):
        text = "".join((team.folder / f"{split}.txt").read_text(encoding="utf-8") for team in teams)
        (teams[0].folder.parents[1] / f"{split}.txt").write_text(text, encoding="utf-8")
        for team in teams:
            (team.folder / f"{split}.txt").unlink()
    result = run()
    expect(result, "les_bleus", "ballon")
    expect(result, "others", "piercing")


def test_a_folder_of_two_classes(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    cohort("ecritures_arabe_russe/with_ids").labels(lambda t: "4" + t[1:])
    cohort("ecritures_arabe_russe/with_names").write("obj.names", "Arabe\nrusse\n")
    cohort("ecritures_arabe_russe/neither")
    result = run()
    expect(result, "with_ids", "russe")
    expect(result, "with_names", "arabe")
    asked = [f for f in result.findings if f.code == "class-id-ambiguous"]
    assert len(asked) == 12 and {f.team for f in asked} == {"neither"}
    assert {f.action.value for f in asked} == {"asked"}


def test_guests_of_another_class_and_names_that_lie(
    cohort: Callable[[str], Team], run: Callable[..., PrepareResult]
) -> None:
    cohort("ballon/unknown_name").write("obj.names", "montgolfière\n")
    cohort("ballon/whole_course_all_zero").write("obj.names", "piercing\nballon\nthe_rock\n")
    guests = cohort("ballon/guests")
    guests.write("obj.names", "ballon\nThe Rock\nbalons\n")
    guests.write("1/labels/frame_000000.txt", yolo(0, true_box(1, 0)) + yolo(1, (0.5, 0.5, 0.1, 0.1)))
    guests.write("1/labels/frame_000001.txt", yolo(0, true_box(1, 1)) + yolo(2, (0.5, 0.5, 0.1, 0.1)))
    result = run()
    expect(result, "unknown_name", "ballon")
    expect(result, "whole_course_all_zero", "ballon")
    boxes = read_boxes(open_dataset(result.out))
    names = boxes[boxes["team"] == "guests"]["class_name"].value_counts().to_dict()
    assert names == {"ballon": 12, "the_rock": 1}
    unknown = [f for f in result.findings if f.code == "class-name-unknown"]
    assert len(unknown) == 1 and "did you mean 'ballon'?" in unknown[0].message and unknown[0].line == 2


def test_exif_orientation(cohort: Callable[[str], Team], run: Callable[..., PrepareResult], picture: Picture) -> None:
    from PIL import Image

    team = cohort("ballon/les_bleus")
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = (WH[1], WH[0])  # turned by the viewer to WH
    team.write("1/images/frame_000000.jpg", picture(7, stored, exif=exif))
    result = run()
    expect(result, "les_bleus", "ballon")
    manifest = read_manifest(open_dataset(result.out))
    assert set(zip(manifest["width"], manifest["height"], strict=True)) == {WH}


def test_same_picture_in_two_splits_is_an_error(
    cohort: Callable[[str], Team], run: Callable[..., PrepareResult]
) -> None:
    team = cohort("ballon/les_bleus")
    team.write("4/images/frame_000000.jpg", (team.folder / "1/images/frame_000000.jpg").read_bytes())
    result = run()
    twins = [f for f in result.findings if f.code == "image-twice-across-splits"]
    assert len(twins) == 1 and "with different boxes" in twins[0].message
    expect(result, "les_bleus", "ballon")


def test_hostile_archives(cohort: Callable[[str], Team], run: Callable[..., PrepareResult], tmp_path: Path) -> None:
    team = cohort("ballon/les_bleus")
    hostile = {"../../escape.txt": "x", "/etc/x.txt": "x", "C:\\x.txt": "x", "ok/notes.md": "x", "inner.zip": b"PK"}
    team.write("hostile.zip", zip_of(dict(hostile)))
    link = zipfile.ZipInfo("link.jpg")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.jpg", b"\0" * (8 << 20))
    team.write("bomb.zip", buffer.getvalue())
    encrypted = bytearray(zip_of({"secret.jpg": "x"}))
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    team.write("locked.zip", bytes(encrypted))
    team.write("broken.zip", b"PK\x03\x04 and then nothing")
    team.write("late.tar.gz", b"\x1f\x8b")
    (team.folder / "outside.jpg").symlink_to("/etc/hostname")
    (team.folder / "loop").symlink_to(team.folder, target_is_directory=True)
    result = run()
    expect(result, "les_bleus", "ballon")
    refused = [f.message for f in result.findings if f.code == "archive-member-refused"]
    for reason in ("leads out", "absolute path", "symbolic link", "zip bomb", "encrypted"):
        assert any(reason in message for message in refused), reason
    assert len(refused) == 6
    assert {"archive-damaged", "archive-unreadable", "link-refused"} <= codes(result, "les_bleus")
    assert not (tmp_path / "escape.txt").exists() and not Path("/etc/x.txt").exists()


def test_names_that_file_systems_and_lists_stumble_over(
    cohort: Callable[[str], Team], run: Callable[..., PrepareResult], picture: Picture
) -> None:
    team = cohort("ballon/les_bleus")
    names = [
        "a\nb",
        "été",
        "e\u0301te\u0301",
        "😀 (1)",
        "a'\"b",
        "con",
        "x" * 240,
        "CASE",
        "case",
        "a.b.c",
        "frame_1",
        "frame_01",
    ]
    for number, name in enumerate(names):
        team.write(f"1/images/{name}.jpg", picture(900 + number, WH))
        team.write(f"1/labels/{name}.txt", yolo(0, (0.5, 0.5, 0.5, 0.01 * (number + 1))))
        with (team.folder / "train.txt").open("a", encoding="utf-8") as file:
            file.write(f"./ballon/les_bleus/1/images/{name}.jpg\n")
    result = run()
    dataset = open_dataset(result.out)
    manifest, boxes = read_manifest(dataset), read_boxes(dataset)
    kept = manifest[manifest["source"].str.contains("1/images") & ~manifest["source"].str.contains("frame_0000")]
    assert kept["image"].str.casefold().is_unique
    heights = {s.split("/")[-1]: h for s, h in kept.merge(boxes, on="image")[["source", "h"]].itertuples(index=False)}
    for number, name in enumerate(names):
        if "\n" not in name:  # a list cannot say this name: it is left out, with a finding
            assert heights[f"{name}.jpg"] == pytest.approx(0.01 * (number + 1)), name
    assert any(f.code == "image-unlisted" and "\n" in f.file for f in result.findings)
    listed = (result.out / "train.txt").read_text(encoding="utf-8").splitlines()
    assert all((result.out / line).is_file() for line in listed)


def test_every_file_is_accounted_for(cohort: Callable[[str], Team], run: Callable[..., PrepareResult]) -> None:
    team = cohort("ballon/les_bleus")
    team.write("notes du groupe.docx", b"PK")
    (team.folder.parents[1] / "stray.jpg").write_bytes((team.folder / "1/images/frame_000000.jpg").read_bytes())
    result = run()
    assert {(f.code, f.file) for f in result.findings if f.code != "class-id-zero"} == {
        ("file-not-used", "ballon/les_bleus/notes du groupe.docx"), ("file-outside", "stray.jpg"),
    }  # fmt: skip


def test_a_dataset_of_ours_prepared_again_is_the_same(
    cohort: Callable[[str], Team], run: Callable[..., PrepareResult], tmp_path: Path
) -> None:
    cohort("ballon/les_bleus").labels(lambda t: t + yolo(0, (0.3, 0.3, 0.2, 0.2)))
    first = run()
    again = prepare(first.out, tmp_path / "again")
    assert not again.is_cohort and again.names == first.names
    keys = ["class_id", "x", "y", "w", "h", "split"]
    one, two = (read_boxes(open_dataset(r.out))[keys] for r in (first, again))
    pd.testing.assert_frame_equal(one, two)


def test_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LabError, match="no readable picture"):
        prepare(tmp_path / "empty", tmp_path / "out")
    with pytest.raises(LabError, match="does not exist"):
        prepare(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()
