"""Names that students chose, followed to every file and screen: shown everywhere, obeyed nowhere."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from labtools.artifacts.dataset import open_dataset, read_boxes, read_findings, read_manifest

SIGNS = ("+", "-", "=", "×", "C", "C++", "C#", "2", "+2", "!?")
HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "[a](javascript:alert(1))", "[red]b[/red] [/]",
    "\x1b]52;c;ZXZpbA==\x07c", "\x1b[31md", "\x9b31me", "\u202egpj.f", "g\nh", "i\udcffj", "k\x00l", "m{0}%s$x^2$",
    "=cmd|'/c calc'!A1", "@SUM(n)", '!!python/object/apply:os.system ["o"]', "&p *p", "$(q)", "../../r", "CON", "no",
)  # fmt: skip
NAMES = (*SIGNS, *HOSTILE)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, picture: Callable[..., bytes]) -> tuple[Path, str]:
    """A COCO dataset with a class of each name, prepared by the command; and what that wrote to its screen."""
    root = tmp_path_factory.mktemp("hostile")
    images, boxes = [], []
    (root / "given").mkdir()
    for i in range(2 * len(NAMES)):
        name = f"=1+1 {i}.jpg" if i % 3 else f"[b]{i}[|]`{i}.jpg"
        (root / "given" / name).write_bytes(picture(i))
        images.append({"id": i, "file_name": name, "width": 64, "height": 48})
        boxes.append({"id": i, "image_id": i, "category_id": i % len(NAMES), "bbox": [8, 8, 20, 20]})
    images.append({"id": 999, "file_name": "gone\x1b]0;title\x07\udcff.jpg", "width": 64, "height": 48})
    boxes.append({"id": 999, "image_id": 999, "category_id": 0, "bbox": [8, 8, 20, 20]})
    categories = [{"id": i, "name": name} for i, name in enumerate(NAMES)]
    text = json.dumps({"images": images, "annotations": boxes, "categories": categories})
    (root / "given" / "labels.json").write_text(text)
    command = [sys.executable, "-m", "labtools", "prepare", str(root / "given"), "--out", str(root / "out"), "--json"]
    done = subprocess.run(command, capture_output=True, cwd=root, timeout=100, env=None)
    assert done.returncode == 0, done.stderr.decode()
    return root / "out", (done.stdout + done.stderr).decode()


def test_every_class_stays_itself(prepared: tuple[Path, str]) -> None:
    dataset = open_dataset(prepared[0])
    boxes = read_boxes(dataset)
    found = boxes.merge(dataset_sources(prepared[0]), on="image")
    ids = [int(re.findall(r"(\d+)\D*\.jpg", source)[0]) % len(NAMES) for source in found["source"]]
    assert list(found["class_id"]) == ids
    assert dataset.names[5] == "C++" and dataset.names[1] == "-"
    kept = [name for name in NAMES if name.isprintable()]
    assert set(kept) < set(dataset.names.values())
    assert {"]52;c;ZXZpbA==c", "[31md", "31me", "gpj.f", "g h", "kl"} < set(dataset.names.values())


def dataset_sources(out: Path) -> pd.DataFrame:
    return read_manifest(open_dataset(out))[["image", "source"]]


def test_nothing_steers_in_any_file_or_on_the_screen(prepared: tuple[Path, str]) -> None:
    out, screen = prepared
    texts = {path: path.read_text("utf-8") for path in out.rglob("*") if path.is_file() and path.suffix != ".jpg"}
    assert len(texts) > len(NAMES)
    for where, text in {**texts, Path("screen"): screen}.items():
        steering = {c for c in text if unicodedata.category(c) in {"Cc", "Cs"} and c != "\n"}
        assert not steering and not re.search("[\u202a-\u202e\u2066-\u2069]", text), (where, steering)
    assert yaml.safe_load(texts[out / "dlcv.yaml"])["names"][SIGNS.index("2")] == "2"


def test_what_was_changed_is_said(prepared: tuple[Path, str]) -> None:
    findings = read_findings(open_dataset(prepared[0]))
    said = findings.loc[findings["code"] == "names-steering", "message"]
    assert len(said) == sum(not name.isprintable() and "\udcff" not in name for name in NAMES)


def test_a_spreadsheet_computes_nothing(prepared: tuple[Path, str]) -> None:
    for path in prepared[0].glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if re.match(r"[=@\t\r]|[+-](?![\d.]+$)", cell)], path
