"""Lists in every writing of content, of name and of place: the same split must come out of all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from labtools.prepare.splits.plan import Splits

Submit = Callable[..., Splits]
Lines = Callable[[list[str]], str | bytes]

WINDOWS = "C:\\Users\\Zoé\\Bureau\\projet 4 final\\"


def paths(truth: dict[str, str], split: str) -> list[str]:
    return [path for path, name in truth.items() if name == split]


def name(path: str) -> str:
    return path.rpartition("/")[2]


def lines(change: Callable[[str], str]) -> Lines:
    return lambda listed: "".join(change(path) + "\n" for path in listed)


def back(path: str) -> str:
    return path.replace("/", "\\")


def short(path: str) -> str:
    """``1/images/frame_000000.jpg``."""
    return path.split("/", 2)[2]


CONTENT: dict[str, Lines] = {
    "relative to the cohort": lines(lambda p: f"./{p}"),
    "without a dot": lines(lambda p: p),
    "relative to the class": lines(lambda p: p.split("/", 1)[1]),
    "relative to the team": lines(short),
    "from a folder beside": lines(lambda p: f"../tic_et_tac/{short(p)}"),
    "from a parent of the data": lines(lambda p: f"data/obj/{p}"),
    "windows": lines(lambda p: WINDOWS + back(p)),
    "windows, another team's name": lines(lambda p: WINDOWS + back(short(p))),
    "windows, drive relative": lines(lambda p: "D:" + back(p)),
    "unc": lines(lambda p: "\\\\serveur\\partage\\" + back(p)),
    "posix": lines(lambda p: f"/home/zoé/dlcv/{p}"),
    "home": lines(lambda p: f"~/dlcv/{p}"),
    "colab": lines(lambda p: f"/content/drive/MyDrive/{p}"),
    "file url": lines(lambda p: "file:///home/zo%C3%A9/" + quote(p)),
    "url": lines(lambda p: "https://gitlab.example.org/zoe/dlcv/raw/main/" + p),
    "quoted": lines(lambda p: f'"./{p}"'),
    "single quotes": lines(lambda p: f"'{p}',"),
    "guillemets": lines(lambda p: f"« {p} »"),
    "typographic quotes": lines(lambda p: f"“{p}”"),
    "stems": lines(lambda p: short(p).removesuffix(".jpg")),
    "label paths": lines(lambda p: p.replace("/images/", "/labels/").replace(".jpg", ".txt")),
    "xml paths": lines(lambda p: p.replace("/images/", "/Annotations/").replace(".jpg", ".xml")),
    "other suffix": lines(lambda p: p.replace(".jpg", ".PNG")),
    "upper case": lines(lambda p: p.upper()),
    "other padding": lines(lambda p: p.replace("frame_00000", "frame_")),
    "longer padding": lines(lambda p: p.replace("frame_0", "frame_000")),
    "other separator": lines(lambda p: p.replace("frame_", "frame-")),
    "sequence by another name": lines(lambda p: p.replace("/tic_et_tac/", "/tic_et_tac/séquence 0")),
    "split folders on the laptop": lines(lambda p: f"train/{short(p)}"),
    "a level more": lines(lambda p: p.replace("/images/", "/extrait/images/")),
    "rich text": lambda listed: "{\\rtf1{\\fonttbl\\f0 Arial;}\n\\f0 " + "".join(f"{p}\\\n" for p in listed) + "}",
    "bom and crlf": lambda listed: b"\xef\xbb\xbf" + "".join(f"{p}\r\n" for p in listed).encode(),
    "utf-16": lambda listed: "".join(f"{p}\r\n" for p in listed).encode("utf-16"),
    "utf-16 be": lambda listed: b"\xfe\xff" + "\n".join(listed).encode("utf-16-be"),
    "utf-16 without mark": lambda listed: "".join(f"{p}\r\n" for p in listed).encode("utf-16-le"),
    "utf-16 be without mark": lambda listed: "\n".join(listed).encode("utf-16-be"),
    "old mac": lambda listed: "\r".join(listed),
    "no final newline": lambda listed: "\n".join(listed),
    "cp1252": lambda listed: "".join(f"C:/été/{p}\n" for p in listed).encode("cp1252"),
    "trailing spaces": lines(lambda p: f"\t {p} \t  "),
    "no-break spaces": lines(lambda p: f"\xa0{p}\xa0"),
    "zero width": lines(lambda p: f"\u200b{p}\ufeff"),
    "copied from a dialog": lines(lambda p: f"\u202a{WINDOWS}{back(p)}\u202c"),
    "blank lines": lines(lambda p: f"\n\n{p}\n  "),
    "comments": lambda listed: "# liste\n// fichiers\n\n" + "\n".join(listed) + "\n# fin: 4 images\n",
    "a title": lambda listed: "filename\n" + "\n".join(listed),
    "a sentence": lambda listed: "Voici la liste des images :\n" + "\n".join(listed),
    "one line, commas": lambda listed: ", ".join(listed),
    "one line, semicolons": lambda listed: ";".join(listed) + ";",
    "one line, spaces": lambda listed: " ".join(listed),
    "one line, stems": lambda listed: ",".join(short(p).removesuffix(".jpg") for p in listed),
    "a python list": lambda listed: str(listed),
    "a python assignment": lambda listed: f"images = {listed}",
    "a json list": lambda listed: json.dumps(listed, indent=2),
    "numbered": lambda listed: "".join(f"{i}. {p}\n" for i, p in enumerate(listed, 1)),
    "numbered, tabs": lambda listed: "".join(f"{i}\t{p}\n" for i, p in enumerate(listed)),
    "numbered, brackets": lambda listed: "".join(f"{i}) {p}\n" for i, p in enumerate(listed)),
    "bullets": lines(lambda p: f"- {p}"),
    "keras-yolo columns": lines(lambda p: f"{p} 0 12,34,56,78,0 1,2,3,4,0"),
    "yolo3 boxes": lines(lambda p: f"{p} 12,34,56,78,0 9,8,7,6,1"),
    "class column": lines(lambda p: f"{p}\t1"),
    "comma column": lines(lambda p: f"{p}, velo"),
    "stem and 1": lines(lambda p: f"{short(p).removesuffix('.jpg')}  1"),
    "stem and -1": lines(lambda p: f"{short(p).removesuffix('.jpg')} -1"),
    "a trailing comment": lines(lambda p: f"{p}   # floue"),
    "twice": lambda listed: "\n".join([*listed, *listed]),
    "url-encoded": lines(lambda p: "./" + p.replace("/", "%2F").replace("_", "%5F")),
    "doubled slashes": lines(lambda p: ".//" + p.replace("/", "//")),
    "mixed slashes": lines(lambda p: WINDOWS + p),
    "a glob": lambda listed: "\n".join({f"{p.rpartition('/')[0]}/*.jpg": None for p in listed}),
    "folders": lambda listed: "\n".join({f"{p.rpartition('/')[0]}/": None for p in listed}),
    "windows folders": lambda listed: "\n".join({WINDOWS + back(p.rpartition("/")[0]): None for p in listed}),
    "sequence numbers": lambda listed: "\n".join({short(p)[0]: None for p in listed}),
    "sequence numbers, one line": lambda listed: ", ".join({short(p)[0]: None for p in listed}),
    "sequence names": lambda listed: "\n".join({f"Séquence {short(p)[0]}": None for p in listed}),
    "sequence folders": lambda listed: "\n".join({f"./velo/tic_et_tac/{short(p)[0]}": None for p in listed}),
    "ranges": lambda listed: "\n".join(
        {f"{short(p)[0]}/images/frame_000000 - frame_000003": None for p in listed}
    ),
    "ranges of paths": lambda listed: "\n".join(
        {f"{short(p)[0]}/images/frame_000000.jpg à {short(p)[0]}/images/frame_000003.jpg": None for p in listed}
    ),
    "names under headers": lambda listed: "".join(
        f"# sequence {s}\n" + "".join(f"{name(p)}\n" for p in listed if short(p)[0] == s)
        for s in sorted({short(p)[0] for p in listed})
    ),
}  # fmt: skip


@pytest.mark.parametrize("writing", sorted(CONTENT))
def test_content(writing: str, submit: Submit, truth: dict[str, str]) -> None:
    files = {f"{split}.txt": CONTENT[writing](paths(truth, split)) for split in ("train", "val", "test")}
    result = submit(files)
    assert result.of == truth
    assert {f.code for f in result.findings if f.severity.value != "info"} == set()


NAMES = {
    "plain": ("train.txt", "val.txt", "test.txt"),
    "capitals": ("Train.TXT", "VAL.txt", "Test.Txt"),
    "other words": ("training.txt", "validation.txt", "testing.txt"),
    "french": ("entraînement.txt", "validation.txt", "test.txt"),
    "french, of an article": ("liste d'apprentissage.txt", "liste de validation.txt", "liste des tests.txt"),
    "list of": ("liste_train.txt", "liste_val.txt", "liste_test.txt"),
    "set": ("train_set.txt", "valid_set.txt", "test-set.txt"),
    "glued": ("trainset.txt", "valset.txt", "testset.txt"),
    "copies": ("train (1).txt", "val (1).txt", "test (2).txt"),
    "doubled suffix": ("train.txt.txt", "val.txt.txt", "test.txt.txt"),
    "no suffix": ("train", "val", "test"),
    "lst": ("train.lst", "valid.lst", "test.list"),
    "year": ("train2017.txt", "val2017.txt", "test2017.txt"),
    "with the class": ("velo_train.txt", "velo_val.txt", "velo_test.txt"),
    "class behind": ("train_velo.txt", "val_velo.txt", "test_velo.txt"),
    "voc": ("ImageSets/Main/train.txt", "ImageSets/Main/val.txt", "ImageSets/Main/test.txt"),
    "in a folder": ("listes/train.txt", "listes/val.txt", "listes/test.txt"),
    "csv": ("train.csv", "val.csv", "test.csv"),
    "final": ("train_final.txt", "val_final_v2.txt", "test final.txt"),
    "spaces": (" train .txt", "val .txt", "test.txt "),
}


@pytest.mark.parametrize("naming", sorted(NAMES))
def test_names(naming: str, submit: Submit, truth: dict[str, str]) -> None:
    files = {
        file: "".join(f"./{p}\n" for p in paths(truth, split))
        for file, split in zip(NAMES[naming], ("train", "val", "test"), strict=True)
    }
    result = submit(files)
    assert result.of == truth
    assert {f.code for f in result.findings} == set()
    assert len(result.used) == 3


def coco(listed: list[str]) -> str:
    return json.dumps({"images": [{"id": i, "file_name": short(p)} for i, p in enumerate(listed)], "annotations": []})


def table(truth: dict[str, str], head: str, row: str, **words: str) -> str:
    """One file of all pictures: ``row`` with ``{path}``, ``{name}`` and ``{split}``."""
    rows = [row.format(path=p, short=short(p), split=words.get(s, s)) for p, s in truth.items()]
    return "\n".join([head, *rows] if head else rows) + "\n"


def one_file(writing: str, truth: dict[str, str]) -> dict[str, str]:
    by = {split: paths(truth, split) for split in ("train", "val", "test")}
    shorts = {split: [short(p) for p in listed] for split, listed in by.items()}
    sequences = {"train": "[1, 2, 3]", "val": "[4]", "test": "[5]"}
    wide = ["train;val;test"]
    wide += [";".join(shorts[s][i] if i < len(shorts[s]) else "" for s in shorts) for i in range(12)]
    files = {
        "csv, split column": {"split.csv": table(truth, "filename,split", "{path},{split}")},
        "csv, any name": {"liste.csv": table(truth, "image;width;Subset", "{short};640;{split}", val="Validation")},
        "csv, usage": {"data.csv": table(truth, "id,label,usage", "{short},velo,{split}", train="Training")},
        "tsv": {"splits.tsv": table(truth, "path\tset", "{path}\t{split}")},
        "a column per split": {"split.csv": "\n".join(wide)},
        "txt, split behind": {"split.txt": table(truth, "", "{path} {split}")},
        "txt, split in front": {"split.txt": table(truth, "", "{split},{path}")},
        "automl": {"splits.csv": table(truth, "", "{split},gs://b/{path},velo,0.1,0.2,,,0.3,0.4", val="VALIDATION")},
        "sections": {"splits.txt": "".join(f"[{s}]\n" + "\n".join(p) + "\n\n" for s, p in shorts.items())},
        "sections, headers": {"split.txt": "".join(f"= {s.upper()} =\n" + "\n".join(p) + "\n" for s, p in by.items())},
        "sections of sequences": {"split.txt": "train: 1, 2, 3\nval: 4\ntest: 5\n"},
        "sections of sequences, words": {"split.txt": "Entraînement : séquences 1-3\nValid : séquence 4\nTest: 5"},
        "json": {"split.json": json.dumps(by)},
        "json, windows": {"partition.json": json.dumps({s: [WINDOWS + back(p) for p in v] for s, v in by.items()})},
        "json of sequences": {"split.json": "{" + ", ".join(f'"{s}": {v}' for s, v in sequences.items()) + "}"},
        "json, nested": {"splits.json": json.dumps({s: {"images": v} for s, v in shorts.items()})},
        "json by name": {"split.json": json.dumps({short(p): s for p, s in truth.items()})},
        "json rows": {"pictures.json": json.dumps([{"file_name": p, "split": s} for p, s in truth.items()])},
        "coco per split": {f"annotations/instances_{s}.json": coco(p) for s, p in by.items()},
        "json per split": {f"{s}.json": json.dumps(p) for s, p in shorts.items()},
        "tensorflow": {
            f"data/{s}_labels.csv": "filename,width,height,class,xmin,ymin,xmax,ymax\n"
            + "".join(f"{q},64,48,velo,1,2,3,4\n{q},64,48,velo,5,6,7,8\n" for q in v)
            for s, v in shorts.items()
        },
        "yaml lists": {"data.yaml": "".join(f"{s}: {json.dumps(v)}\n" for s, v in shorts.items()) + "names: [velo]\n"},
        "yaml folders": {"data.yaml": "path: ..\ntrain: [1/images, 2/images, 3/images]\nval: 4/images\ntest: 5\n"},
        "yaml of a laptop": {
            "dlcv.yml": "path: C:/Users/zoe/\ntrain:\n  - tic_et_tac/1\n  - tic_et_tac/2\n  - tic_et_tac/3\n"
            "val: D:\\velo\\tic_et_tac\\4\ntest: /home/z/tic_et_tac/5/images\n"
        },
        "yaml to lists": {
            "data.yaml": "train: listes/a.txt\nval: ../listes/b.txt\ntest: /home/zoe/listes/c.txt\nnames: [velo]\n",
            **{f"listes/{n}.txt": "\n".join(by[s]) for n, s in (("a", "train"), ("b", "val"), ("c", "test"))},
        },
        "obj.data to lists": {
            "obj.data": "classes = 1\ntrain = data/lot1.txt\nvalid = data/lot2.txt\ntest = data/lot3.txt\n",
            **{f"lot{n}.txt": "\n".join(by[s]) for n, s in ((1, "train"), (2, "val"), (3, "test"))},
        },
        "a list per sequence": {
            f"{n}/{s}.txt": "".join(f"images/frame_{i:06d}.jpg\n" for i in range(4))
            for n, s in ((1, "train"), (2, "train"), (3, "train"), (4, "val"), (5, "test"))
        },
        "bare names beside": {
            f"{n}/{s}.txt": "".join(f"frame_{i:06d}\n" for i in range(4))
            for n, s in ((1, "train"), (2, "train"), (3, "train"), (4, "val"), (5, "test"))
        },
        "lists twice": {
            **{f"{s}.txt": "\n".join(p) for s, p in by.items()},
            **{f"copie/{s}.txt": "\n".join(p) for s, p in by.items()},
        },
        "in parts": {
            "train1.txt": "\n".join(by["train"][:5]), "train2.txt": "\n".join(by["train"][5:]),
            "val.txt": "\n".join(by["val"]), "test.txt": "\n".join(by["test"]),
        },
        "voc": {
            "ImageSets/Main/train.txt": "\n".join(shorts["train"]),
            "ImageSets/Main/trainval.txt": "\n".join(shorts["train"] + shorts["val"]),
            "ImageSets/Main/test.txt": "\n".join(shorts["test"]),
            "ImageSets/Main/velo_train.txt": "\n".join(f"{p} -1" for p in shorts["train"]),
        },
        "darknet, valid is the test list": {
            "obj.data": "train = data/train.txt\nvalid = data/test.txt\n",
            **{f"{s}.txt": "\n".join(p) for s, p in by.items()},
        },
    }  # fmt: skip
    return files[writing]


ONE_FILE = [
    "csv, split column", "csv, any name", "csv, usage", "tsv", "a column per split", "txt, split behind",
    "txt, split in front", "automl", "sections", "sections, headers", "sections of sequences",
    "sections of sequences, words", "json", "json, windows", "json of sequences", "json, nested", "json by name",
    "json rows", "coco per split", "json per split", "tensorflow", "yaml lists", "yaml folders", "yaml of a laptop",
    "yaml to lists", "obj.data to lists", "a list per sequence", "bare names beside", "lists twice", "in parts", "voc",
    "darknet, valid is the test list",
]  # fmt: skip


@pytest.mark.parametrize("writing", ONE_FILE)
def test_documents(writing: str, submit: Submit, truth: dict[str, str]) -> None:
    result = submit(one_file(writing, truth))
    assert result.of == truth
    harmless = {"split-trainval", "split-val-is-test"}
    assert {f.code for f in result.findings if f.severity.value != "info"} <= harmless


def test_odd_lines_are_counted_also_where_the_writing_changes_to_and_fro(submit: Submit) -> None:
    """The kind of line that VOC's ImageSets has: 1 and -1 behind the names, by turns."""
    listed = [f"1/images/frame_{i % 4:06d} {presence}" for i, presence in enumerate((1, 1, -1, -1, 1, 1, -1, 1))]
    (found,) = (f for f in submit({"train.txt": "\n".join(listed)}).findings if f.code == "list-extra-column")
    assert "(8 lines)" in str(found.message)
