"""Archives of all kinds, well-meant and hostile, and what systems leave behind in them."""

from __future__ import annotations

import io
import os
import random
import shutil
import stat
import tarfile
import warnings
import zipfile
from pathlib import Path

from defects.cohort import Box, Shot, Team
from defects.packing import THEN, tarred, zipped

Rng = random.Random


def _take(team: Team, below: str = "", keep_name: bool = True) -> dict[str, bytes]:
    """The files of the team (or of one folder of it), gone from the disk, with the folder's name before them."""
    folder = team.folder / below if below else team.folder
    head = f"{folder.name}/" if keep_name else ""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    members = {head + p.relative_to(folder).as_posix(): p.read_bytes() for p in files}
    shutil.rmtree(folder)
    return members


def _pack(team: Team, suffix: str, data: bytes) -> Path:
    path = team.folder.with_name(team.folder.name + suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def team_in_a_zip(team: Team, rng: Rng) -> None:
    """The whole team is one zip with its folder inside."""
    _pack(team, ".zip", zipped(_take(team)))


def team_in_a_zip_without_folder(team: Team, rng: Rng) -> None:
    """The whole team is one zip, and its content lies at the archive's top."""
    _pack(team, ".zip", zipped(_take(team, keep_name=False)))


def team_in_a_tar(team: Team, rng: Rng) -> None:
    """The same as a tar."""
    _pack(team, ".tar", tarred(_take(team)))


def team_in_a_tar_gz(team: Team, rng: Rng) -> None:
    """The same as a tar.gz."""
    _pack(team, ".tar.gz", tarred(_take(team), "w:gz"))


def team_in_a_tgz_with_dots(team: Team, rng: Rng) -> None:
    """`tar czf equipe.tgz .`: every name begins with ./"""
    _pack(team, ".tgz", tarred({f"./{n}": d for n, d in _take(team, keep_name=False).items()}, "w:gz"))


def tar_named_zip(team: Team, rng: Rng) -> None:
    """A tar.gz that is called .zip: the content counts."""
    _pack(team, ".zip", tarred(_take(team), "w:gz"))


def zip_named_tar_gz(team: Team, rng: Rng) -> None:
    """A zip that is called .tar.gz."""
    _pack(team, ".tar.gz", zipped(_take(team)))


def zip_in_capitals(team: Team, rng: Rng) -> None:
    """EQUIPE.ZIP"""
    _pack(team, ".ZIP", zipped(_take(team)))


def zip_in_a_zip(team: Team, rng: Rng) -> None:
    """Each sequence was zipped, and then the team."""
    members = _take(team)
    inner: dict[str, dict[str, bytes]] = {}
    outer = {}
    for path, data in members.items():
        sequence = path.split("/")[1]
        if sequence in {"1", "2", "3"}:
            inner.setdefault(sequence, {})[path.split("/", 1)[1]] = data
        else:
            outer[path] = data
    outer |= {f"{team.folder.name}/{sequence}.zip": zipped(files) for sequence, files in inner.items()}
    _pack(team, ".zip", zipped(outer))


def tar_gz_in_a_zip(team: Team, rng: Rng) -> None:
    """The learning platform zips what was uploaded: one tar.gz."""
    _pack(team, ".zip", zipped({"rendu.tar.gz": tarred(_take(team), "w:gz")}))


def zip_in_a_tar(team: Team, rng: Rng) -> None:
    """And the other way round."""
    _pack(team, ".tar", tarred({"rendu/rendu.zip": zipped(_take(team))}))


def a_zip_per_sequence(team: Team, rng: Rng) -> None:
    """1.zip, 2.zip, 3.zip beside the lists."""
    for sequence in (1, 2, 3):
        team.write(f"{sequence}.zip", zipped(_take(team, str(sequence), keep_name=False)))


def images_zip_and_labels_zip(team: Team, rng: Rng) -> None:
    """images.zip and labels.zip in every sequence."""
    for sequence in (1, 2, 3):
        for kind in ("images", "labels"):
            team.write(f"{sequence}/{kind}.zip", zipped(_take(team, f"{sequence}/{kind}", keep_name=False)))


def images_tar_for_all_sequences(team: Team, rng: Rng) -> None:
    """Pictures in one images.tar, labels in folders."""
    members = {}
    for sequence in (1, 2, 3):
        members |= {f"{sequence}/{n}": d for n, d in _take(team, f"{sequence}/images").items()}
    team.write("images.tar", tarred(members))


def cvat_yolo_zips(team: Team, rng: Rng) -> None:
    """CVAT's YOLO 1.1 export per sequence: obj.names, obj.data, train.txt, obj_train_data/."""
    for sequence in (1, 2, 3):
        labels = _take(team, f"{sequence}/labels", keep_name=False)
        names = [f"data/obj_train_data/{n.replace('.txt', '.jpg')}" for n in labels]
        members = {f"obj_train_data/{n}": d for n, d in labels.items()}
        members["obj.names"] = f"{team.class_name}\n".encode()
        members["obj.data"] = b"classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n"
        members["train.txt"] = "".join(f"{n}\n" for n in names).encode()
        team.write(f"{sequence}/task_{sequence}_annotations_yolo 1.1.zip", zipped(members))


def zip_of_a_mac(team: Team, rng: Rng) -> None:
    """__MACOSX with a ._ double of every file, and .DS_Store everywhere."""
    members = _take(team)
    doubles = {}
    for path in members:
        head, _, name = path.rpartition("/")
        doubles[f"__MACOSX/{head}/._{name}"] = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "
        doubles[f"{head}/.DS_Store"] = b"\x00\x00\x00\x01Bud1"
    _pack(team, ".zip", zipped({**members, **doubles}))


def litter_of_windows(team: Team, rng: Rng) -> None:
    """Thumbs.db, desktop.ini and an Office lock file among the pictures."""
    for sequence in (1, 2, 3):
        team.write(f"{sequence}/images/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        team.write(f"{sequence}/images/desktop.ini", "[.ShellClassInfo]\r\n")
        team.write(f"{sequence}/labels/Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    team.write("~$notes.docx", b"\x05Zoe")


def zip_beside_its_unpacked_folder(team: Team, rng: Rng) -> None:
    """They left the archive beside what came out of it: everything once."""
    files = {p.relative_to(team.folder).as_posix(): p.read_bytes() for p in team.folder.rglob("*") if p.is_file()}
    team.write("rendu.zip", zipped({f"rendu/{n}": d for n, d in files.items()}))


def zip_with_backslashes(team: Team, rng: Rng) -> None:
    """An old .NET wrote backslashes into the names."""
    _pack(team, ".zip", zipped(_take(team), lambda path: path.replace("/", "\\")))


def zip_with_names_of_dos(team: Team, rng: Rng) -> None:
    """Accents in cp437 without the UTF-8 flag, as Windows' own zip writes them."""
    for shot in team.shots:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"été_{shot.index:06d}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists()
    members = _take(team)
    _pack(team, ".zip", _as_dos(zipped(members, lambda path: path.replace("é", "@"))))


def _as_dos(data: bytes) -> bytes:
    """``@t@_`` becomes ``été_`` in cp437; the flag for UTF-8 was never set, as all names were ASCII."""
    return data.replace(b"@t@_", b"\x82t\x82_")


def zip_with_paths_out(team: Team, rng: Rng) -> None:
    """Members that climb out of the archive, absolute ones, a device name: refused; the rest is read."""
    members = _take(team)
    evil = {
        "../../../evil.jpg": b"x",
        "/etc/evil.jpg": b"x",
        "C:\\Windows\\evil.jpg": b"x",
        "\\\\server\\share\\evil.jpg": b"x",
        f"{team.folder.name}/../../evil.txt": b"x",
    }
    _pack(team, ".zip", zipped({**evil, **members}))
    team.expect("path|leads out|absolute|climb", "evil", "left out")


def tar_with_links_out(team: Team, rng: Rng) -> None:
    """A symlink and a hard link to /etc/passwd, a pipe, a device: refused; the rest is read."""
    evil = []
    for name, kind, target in (
        ("link.jpg", tarfile.SYMTYPE, "/etc/passwd"),
        ("hard.jpg", tarfile.LNKTYPE, "/etc/passwd"),
        ("pipe.jpg", tarfile.FIFOTYPE, ""),
        ("device.jpg", tarfile.CHRTYPE, ""),
        ("folder", tarfile.SYMTYPE, "../../.."),
    ):
        info = tarfile.TarInfo(f"{team.folder.name}/{name}")
        info.type, info.linkname = kind, target
        evil.append(info)
    outside = tarfile.TarInfo("../../climb.jpg")
    _pack(team, ".tar.gz", tarred(_take(team), "w:gz", (*evil, outside)))
    for name in ("link.jpg", "hard.jpg", "pipe.jpg", "device.jpg", "climb.jpg"):
        team.expect(file=name, action="left out")


def zip_with_a_link(team: Team, rng: Rng) -> None:
    """A symlink inside a zip is a small file with a mode: it is no picture."""
    info = zipfile.ZipInfo("link.jpg", THEN)
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO(zipped(_take(team)))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(info, "/etc/hostname")
    _pack(team, ".zip", buffer.getvalue())
    team.expect("link", "link.jpg", "left out")


def zip_with_a_bomb(team: Team, rng: Rng) -> None:
    """A member that unpacks to a thousand times its size, beside a good submission."""
    _pack(team, ".zip", zipped({**_take(team), "bomb.jpg": bytes(16 << 20)}))
    team.expect("bomb|unpack|ratio", "bomb.jpg", "left out")


def tar_gz_bomb_beside(team: Team, rng: Rng) -> None:
    """A tar.gz of zeros lies in the team's folder: refused, and the folder is read as it is."""
    team.write("more.tar.gz", tarred({"more.jpg": bytes(32 << 20)}, "w:gz"))
    team.expect(file="more.tar.gz", action="left out")


def zip_bomb_of_zips(team: Team, rng: Rng) -> None:
    """Zips in zips in zips, ten deep: given up, and said."""
    data = zipped({"deep.jpg": bytes(1 << 20)})
    for depth in range(10):
        data = zipped({f"level{depth}_{i}.zip": data for i in range(3)})
    team.write("matryoshka.zip", data)
    team.expect(file="matryoshka.zip", action="left out")


def zip_with_a_locked_picture(team: Team, rng: Rng) -> None:
    """One picture of the archive is encrypted: that one is lost."""
    victim = team[1, 1]
    members = _take(team)
    name = f"{team.folder.name}/{team.relative(victim)}"
    data = bytearray(zipped({n: d for n, d in members.items() if n != name} | {name: members[name]}))
    at = data.rindex(b"PK\x01\x02", 0, data.rindex(name.encode()))
    data[at + 8] |= 1
    data[data.index(b"PK\x03\x04", data.index(name.encode()) - 40) + 6] |= 1
    _pack(team, ".zip", bytes(data))
    team.lose(victim, known_as=_member(team, victim, ".zip"))


def _member(team: Team, shot: Shot, suffix: str) -> str:
    return f"{team.place}{suffix}!/{team.folder.name}/{team.relative(shot)}"


def zip_with_a_flipped_byte(team: Team, rng: Rng) -> None:
    """A byte of one picture changed in transit: its checksum is wrong and only it is lost."""
    victim = team[2, 1]
    members = _take(team)
    data = bytearray(zipped(members, method=zipfile.ZIP_STORED))
    data[data.index(members[f"{team.folder.name}/{team.relative(victim)}"]) + 700] ^= 0xFF
    _pack(team, ".zip", bytes(data))
    team.lose(victim, known_as=_member(team, victim, ".zip"))


def zip_cut_short(team: Team, rng: Rng) -> None:
    """The upload of the archive broke off, its directory is gone: what can be had may be had, nothing in silence."""
    data = zipped(_take(team))
    path = _pack(team, ".zip", data[: len(data) * 2 // 3])
    for shot in team.shots:
        shot.fate, shot.split, shot.maybe, shot.boxes = "either", "", shot.boxes, []
        shot.known_as = (f"{team.place}.zip!/x",)
    team.expect("cut|damage|end|director", path.name)


def tar_gz_cut_short(team: Team, rng: Rng) -> None:
    """The same with a tar.gz: the beginning is there, the end is not, and it is said."""
    data = tarred(_take(team), "w:gz")
    path = _pack(team, ".tar.gz", data[: len(data) * 2 // 3])
    for shot in team.shots:
        shot.fate, shot.split, shot.maybe, shot.boxes = "either", "", shot.boxes, []
        shot.known_as = (f"{team.place}.tar.gz!/x",)
    team.expect(file=path.name)


def archive_of_another_kind(team: Team, rng: Rng) -> None:
    """A .rar and a .7z lie beside a good submission: not read, and said."""
    team.write("photos.rar", b"Rar!\x1a\x07\x01\x00" + bytes(80))
    team.write("photos.7z", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(80))
    team.expect(file="photos.rar", action="left out")
    team.expect(file="photos.7z", action="left out")


def empty_archives(team: Team, rng: Rng) -> None:
    """A zip of zero bytes and one without members."""
    team.write("videos.zip", b"")
    team.write("empty.zip", zipped({}))
    team.expect(file="videos.zip")


def zip_with_names_twice(team: Team, rng: Rng) -> None:
    """One member twice under one name, with other bytes: one of them is read, and it is said."""
    members = _take(team)
    buffer = io.BytesIO(zipped(members))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "a") as archive:
        warnings.simplefilter("ignore")  # zipfile warns of what is done on purpose
        archive.writestr(f"{team.folder.name}/1/labels/frame_000000.txt", "0 0.5 0.5 0.9 0.9\n")
    _pack(team, ".zip", buffer.getvalue())
    team.expect("second|twice|again|same name", "frame_000000.txt")
    shot = team[1, 0]
    shot.maybe, shot.boxes = [*shot.boxes, Box(team.class_name, 6.4, 4.8, 121.6, 91.2)], []


def _with_names(team: Team, names: list[str]) -> None:
    """The first pictures and labels of sequence 1 get these stems; lists follow."""
    for shot, stem in zip(team.sequences[0], names, strict=False):
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"{stem}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists()


def names_with_quotes_and_emoji(team: Team, rng: Rng) -> None:
    """Quotes, apostrophes, commas, semicolons, percent signs, emoji, brackets."""
    _with_names(team, ["l'été", 'le "bon"', "a, b", "😀 (1)", "100 % [vrai]", "x;y#z"])


def names_of_255_bytes(team: Team, rng: Rng) -> None:
    """As long as a file system lets them be, and equal in the first 200 characters."""
    _with_names(team, [c + "x" * 249 + c for c in "ab"] + ["é" * 120 + c for c in "ab"])


def names_with_a_newline(team: Team, rng: Rng) -> None:
    """A line break in a name: no list can say it, so its picture may be left out, but not in silence."""
    _with_names(team, ["a\nb"])
    victim = team[1, 0]
    victim.fate = "either"
    victim.known_as = ("a\nb", "a\\nb", "a b.jpg", "a?b")


def names_that_are_twins(team: Team, rng: Rng) -> None:
    """été composed and decomposed, CASE and case, in one folder: four pictures."""
    _with_names(team, ["\u00e9t\u00e9", "e\u0301te\u0301", "CASE", "case"])


def names_of_twins_in_a_zip(team: Team, rng: Rng) -> None:
    """The same in an archive, which Windows could not even unpack."""
    _with_names(team, ["\u00e9t\u00e9", "e\u0301te\u0301", "CASE", "case", "con", "nul"])
    _pack(team, ".zip", zipped(_take(team)))


def a_link_out_of_the_tree(team: Team, rng: Rng) -> None:
    """A symlink to a file elsewhere, one to a folder elsewhere, one to nothing, one to itself."""
    (team.folder / "1/images/frame_000100.jpg").symlink_to("/etc/hostname")
    (team.folder / "elsewhere").symlink_to("/etc", target_is_directory=True)
    (team.folder / "loop").symlink_to(team.folder, target_is_directory=True)
    (team.folder / "nothing.jpg").symlink_to(team.folder / "gone.jpg")
    for name in ("frame_000100.jpg", "elsewhere", "loop", "nothing.jpg"):
        team.expect(file=name, action="left out")


def a_pipe_in_the_tree(team: Team, rng: Rng) -> None:
    """A named pipe must not make the reader wait for ever."""
    os.mkfifo(team.folder / "1/images/frame_000200.jpg")
    team.expect(file="frame_000200.jpg", action="left out")


def everything_in_two_archives(team: Team, rng: Rng) -> None:
    """images.zip and labels.tar.gz at the team's root, each with 1/, 2/, 3/."""
    pictures, labels = {}, {}
    for sequence in (1, 2, 3):
        pictures |= {f"{sequence}/{n}": d for n, d in _take(team, f"{sequence}/images", keep_name=False).items()}
        labels |= {f"{sequence}/{n}": d for n, d in _take(team, f"{sequence}/labels", keep_name=False).items()}
    team.write("images.zip", zipped(pictures))
    team.write("labels.tar.gz", tarred(labels, "w:gz"))


def as_moodle_hands_it_out(team: Team, rng: Rng) -> None:
    """`DUPONT Zoé_123456_assignsubmission_file_` with the zip in it, instead of the team's folder."""
    members = _take(team)
    place = f"{team.class_name}/{team.name} DUPONT Zoé_123456_assignsubmission_file_"
    path = team.root / place / "rendu final (1).zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(zipped(members))
    team.place, team.folder = place, path.parent


def zip_without_compression_and_comment(team: Team, rng: Rng) -> None:
    """Stored, not deflated, with a comment at the end and bytes before the beginning."""
    buffer = io.BytesIO(zipped(_take(team), method=zipfile.ZIP_STORED))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"made with love" * 40
    _pack(team, ".zip", b"#!/bin/sh\nexit 0\n" + buffer.getvalue())


def zip_by_bzip2_and_lzma(team: Team, rng: Rng) -> None:
    """Packed by other methods than deflate."""
    members = _take(team)
    half = len(members) // 2
    first, second = dict(list(members.items())[:half]), dict(list(members.items())[half:])
    buffer = io.BytesIO(zipped(first, method=zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_LZMA) as archive:
        for name, data in second.items():
            archive.writestr(zipfile.ZipInfo(name, THEN), data, zipfile.ZIP_LZMA)
    _pack(team, ".zip", buffer.getvalue())


def tar_by_xz(team: Team, rng: Rng) -> None:
    """.tar.xz"""
    _pack(team, ".tar.xz", tarred(_take(team), "w:xz"))


def tar_with_hard_links_within(team: Team, rng: Rng) -> None:
    """GNU tar stores the second name of a file as a link to the first: both are files, with the same bytes."""
    source, twin = team[1, 0], team[1, 1]
    twin.number = source.number
    members = _take(team)
    link = tarfile.TarInfo(f"{team.folder.name}/{team.relative(twin)}")
    link.type, link.linkname = tarfile.LNKTYPE, f"{team.folder.name}/{team.relative(source)}"
    del members[link.name]
    buffer = io.BytesIO(tarred(members))
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        archive.addfile(link)
    _pack(team, ".tar", buffer.getvalue())
    team.expect("same bytes|identical|twice")


def older_labels_in_an_archive(team: Team, rng: Rng) -> None:
    """labels_old.zip beside newer labels: the folder counts, and it is said."""
    old = {f"2/labels/{s.path.stem}.txt": b"0 0.500000 0.500000 0.100000 0.100000\n" for s in team.sequences[1]}
    team.write("labels_old.zip", zipped(old))
    team.expect("second time|also|twice|other boxes|disagree", "labels_old.zip")


def cvat_zips_that_name_no_sequence(team: Team, rng: Rng) -> None:
    """job_a.zip, job_b.zip, job_c.zip, each with frame_000000.txt: whose labels are these? Asked, never guessed."""
    for sequence, letter in ((1, "b"), (2, "a"), (3, "c")):
        members = {f"obj_train_data/{n}": d for n, d in _take(team, f"{sequence}/labels", keep_name=False).items()}
        team.write(f"job_{letter}.zip", zipped({**members, "obj.names": f"{team.class_name}\n".encode()}))
    for shot in team.shots:
        shot.maybe, shot.boxes = shot.boxes, []
    team.expect("any of|ambiguous|could|which", "job_a.zip")


def cvat_project_in_one_zip(team: Team, rng: Rng) -> None:
    """One YOLO 1.1 export of the project: obj_train_data/1/..., /2/..., /3/..."""
    members = {"obj.names": f"{team.class_name}\n".encode(), "obj.data": b"classes = 1\ntrain = data/train.txt\n"}
    for sequence in (1, 2, 3):
        labels = _take(team, f"{sequence}/labels", keep_name=False)
        members |= {f"obj_train_data/{sequence}/{n}": d for n, d in labels.items()}
    lines = [f"data/obj_train_data/{s.sequence}/{s.path.name}\n" for s in team.shots]
    members["train.txt"] = "".join(lines).encode()
    team.write("project_velo_yolo 1.1.zip", zipped(members))


def tar_with_long_names(team: Team, rng: Rng) -> None:
    """Names over 100 bytes and with accents: GNU and pax headers."""
    for shot in team.sequences[0]:
        label = team.label(shot)
        team.move(shot, shot.path.with_name(f"{'très ' * 30}long {shot.index}.jpg"))
        label.rename(team.label(shot))
    team.rewrite_lists()
    _pack(team, ".tar", tarred(_take(team)))


def tar_with_absolute_names(team: Team, rng: Rng) -> None:
    """`tar cPf`: every name begins with /home/zoe. Read below the archive, or refused by name; nothing outside."""
    path = _pack(team, ".tar", tarred({f"/home/zoe/{n}": d for n, d in _take(team).items()}))
    for shot in team.shots:
        shot.fate, shot.split, shot.maybe, shot.boxes = "either", "", shot.boxes, []
        shot.known_as = (f"up to {team.place}.tar!",)  # one finding for all of them, with the last one's name
    team.expect("absolute|path", path.name)


def a_compressed_list_and_label(team: Team, rng: Rng) -> None:
    """train.txt.gz, and one label as .txt.gz."""
    import gzip

    for path in (team.folder / "train.txt", team.label(team[1, 1])):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
        path.unlink()
