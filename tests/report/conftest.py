"""A lab's artifacts on disk, as the other rooms leave them, for any number of classes, teams and runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest

from labtools.artifacts import results as res
from labtools.artifacts.dataset import (
    Dataset,
    findings_csv,
    format_label,
    label_path,
    manifest_csv,
    open_dataset,
    read_manifest,
)
from labtools.artifacts.leakage import SPLITS_OF_SUMMARY, leakage_csv, leakage_path, summary_csv, summary_path
from labtools.artifacts.predictions import TP_COLUMNS, write_predictions
from labtools.artifacts.runs import RunSpec
from labtools.core.boxes import xywhn_to_xyxy
from labtools.core.config import dump_yaml
from labtools.core.files import hash_bytes, write_json, write_text
from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import folder_name

COURSE = (
    "piercing", "ballon", "prise", "risk", "jul", "damso", "coeur", "griezmann", "tatouage", "feuille", "moustache",
    "the_rock", "cadran", "arabe", "russe", "ecocup", "telephone",
)  # fmt: skip
WH = (160, 120)
SPLITS = ("train", "val", "test")


@dataclass
class LabMaker:
    """Builds one lab below ``root``; change the fields before calling `make`."""

    root: Path
    classes: tuple[str, ...] = COURSE[:4]
    teams: tuple[str, ...] = ("tic_et_tac", "Les Bleus", "équipe_3", "quatre")
    models: tuple[str, ...] = ("yolov8n", "yolov8s")
    freezes: tuple[int | None, ...] = (10, None)
    sizes: tuple[int, ...] = (320, 640)
    epochs: int = 8
    frames: int = 4  # per team, split
    evaluated: tuple[str, ...] = ("val", "test")
    speed: bool = True
    study: bool = True
    untested: tuple[str, ...] = ()  # classes that the test split has no instance of
    findings: bool = True
    seed: int = 3
    rng: np.random.Generator = field(init=False)

    @property
    def matrix(self) -> Path:
        return self.root / "runs" / "lab"

    def make(self) -> Path:
        """Write dataset, runs and results; returns the matrix folder."""
        dataset = self.make_dataset()
        for i, (model, freeze, imgsz) in enumerate(self.axes()):
            self.make_run(dataset, model, freeze, imgsz, quality=0.55 + 0.03 * i % 0.4)
        for split in self.evaluated:
            self.make_results(dataset, split)
        if self.speed and self.evaluated:
            self.make_speed()
        if self.study and self.evaluated:
            self.make_study()
        return self.matrix

    def axes(self) -> list[tuple[str, int | None, int]]:
        return [(m, f, s) for m in self.models for f in self.freezes for s in self.sizes]

    def run_id(self, model: str, freeze: int | None, imgsz: int) -> str:
        return f"{model}_{imgsz}_{'nofreeze' if freeze is None else 'freeze'}"

    def make_dataset(self) -> Dataset:
        """Write the dataset alone."""
        self.rng = np.random.default_rng(self.seed)
        root = self.root / "dataset"
        rows = [
            self._image(root, t, split, frame)
            for t in range(max(1, len(self.teams)))
            for split in SPLITS
            for frame in range(self.frames)
        ]
        for split in SPLITS:
            write_text(root / f"{split}.txt", "".join(f"./{r['image']}\n" for r in rows if r["split"] == split))
        lists = {split: f"{split}.txt" for split in SPLITS}
        write_text(root / "dlcv.yaml", dump_yaml({**lists, "names": dict(enumerate(self.classes))}))
        write_text(root / "manifest.csv", manifest_csv(rows))
        write_text(root / "findings.csv", findings_csv(self._findings() if self.findings else []))
        write_json(root / "dataset.json", {"layout": 1, "fingerprint": hash_bytes(b"lab")})
        return open_dataset(root)

    def make_leakage(self, dataset: Dataset) -> None:
        """Leakage tables as prepare writes them: the nearest frame of the same sequence, made-up hashes."""
        manifest = read_manifest(dataset)
        train = manifest[manifest["split"] == "train"]
        rows = []
        for i, picture in enumerate(manifest[manifest["split"] != "train"].itertuples()):
            same = train[(train["team"] == picture.team) & (train["sequence"] == picture.sequence)]
            other = train["image"].iloc[i % len(train)]
            rows.append(
                {
                    "image": picture.image, "split": picture.split, "class_folder": picture.class_folder,
                    "team": picture.team, "sequence": picture.sequence, "frame": picture.frame,
                    "nearest_frame_image": same["image"].iloc[0] if len(same) else "",
                    "frame_gap": i % 3 if len(same) else None, "picture_gap": 1 if len(same) else None,
                    "seconds": i % 3 / 30 if len(same) else None, "nearest_hash_image": other,
                    "nearest_hash_team": "x", "hash_distance": i % 20, "mirrored": i % 7 == 0, "exact": i % 20 == 0,
                }
            )  # fmt: skip
        shares = dict.fromkeys(("shared_sequence", "within_1", "within_5", "within_30", "neighbour", "near_look"), 0.25)
        whole = {"level": "all", "class_folder": "", "team": ""}
        folders = [{**whole, "level": "class", "class_folder": f} for f in sorted(set(manifest["class_folder"]))]
        teams = [{**whole, "level": "team", "team": t} for t in self.teams]
        summary = [
            {**who, "split": split, "images": 3, **shares, "exact": 1, "median_gap": 2.0, "verdict": "leaky"}
            for who in (*teams, *folders, whole)
            for split in SPLITS_OF_SUMMARY
        ]
        write_text(leakage_path(dataset.root), leakage_csv(rows))
        write_text(summary_path(dataset.root), summary_csv(summary))

    def _findings(self) -> list[Finding]:
        team = self.teams[0] if self.teams else ""
        return [
            Finding(
                team, "velo/x/train.txt", 3, "list-windows-path", Severity.INFO, "a \\ where / belongs", Action.REPAIRED
            ),
            Finding(
                team, "velo/x/1/labels/f.txt", 2, "box-outside", Severity.WARNING, "box over the border", Action.CLIPPED
            ),
            Finding(
                team, "velo/x/1/labels/g.txt", 7, "box-outside", Severity.WARNING, "box over the border", Action.CLIPPED
            ),
            Finding("", "course.yaml", 0, "class-unused", Severity.ERROR, "nobody filmed this class", Action.ASKED),
        ]

    def _image(self, root: Path, t: int, split: str, frame: int) -> dict[str, Any]:
        team = self.teams[t] if self.teams else ""
        own = t % len(self.classes)
        sequence = str(1 + SPLITS.index(split) + frame % 2)
        where = "/".join(folder_name(part) for part in (self.classes[own], f"{team}{t}", sequence))
        image = f"images/{where}/frame_{split}_{frame:06d}.jpg"
        boxes = self._boxes(own, split, frame)
        pixels = self._paint(boxes)
        (root / image).parent.mkdir(parents=True, exist_ok=True)
        data = cv2.imencode(".jpg", pixels)[1].tobytes()
        (root / image).write_bytes(data)
        write_text(root / label_path(image), format_label(boxes))
        return {
            "image": image, "source": f"src/{where}/{frame}.jpg", "class_folder": folder_name(self.classes[own]),
            "team": team, "sequence": sequence, "frame": frame, "split": split, "state": "boxes" if boxes else "empty",
            "boxes": len(boxes), "width": WH[0], "height": WH[1], "hash": hash_bytes(data),
        }  # fmt: skip

    def _boxes(self, own: int, split: str, frame: int) -> list[tuple[int, float, float, float, float]]:
        if frame == 3:
            return []
        boxes = [(own, *self.rng.uniform((0.3, 0.3, 0.15, 0.2), (0.7, 0.7, 0.4, 0.5)))]
        if frame % 2:
            boxes.append(((own + 1) % len(self.classes), *self.rng.uniform((0.2, 0.2, 0.1, 0.1), (0.8, 0.8, 0.3, 0.3))))
        return [b for b in boxes if split != "test" or self.classes[b[0]] not in self.untested]

    def _paint(self, boxes: list[tuple[int, float, float, float, float]]) -> Any:
        noise = self.rng.integers(60, 120, (WH[1] // 8, WH[0] // 8, 3), dtype=np.uint8)
        pixels = cv2.resize(noise, WH, interpolation=cv2.INTER_CUBIC)
        for class_id, *xywhn in boxes:
            x1, y1, x2, y2 = (int(v) for v in xywhn_to_xyxy(xywhn, WH)[0])
            colour = (40 + 37 * class_id % 200, 220 - 23 * class_id % 200, 90 + 61 * class_id % 160)
            cv2.ellipse(
                pixels, ((x1 + x2) // 2, (y1 + y2) // 2), ((x2 - x1) // 2, (y2 - y1) // 2), 0, 0, 360, colour, -1
            )
        return pixels

    def make_run(self, dataset: Dataset, model: str, freeze: int | None, imgsz: int, quality: float = 0.7) -> Path:
        folder = self.matrix / self.run_id(model, freeze, imgsz)
        spec = RunSpec(
            folder.name, model, f"/weights/{model}.pt", freeze, imgsz, 64, self.epochs, 0, str(dataset.yaml),
            dataset.fingerprint,
        )  # fmt: skip
        write_json(folder / "run.json", spec.to_json())
        write_json(
            folder / "done.json", {"epochs": self.epochs, "batch": 64, "seconds": 61.5 * imgsz / 320, "map50": quality}
        )
        self._epochs(quality).to_csv(folder / "results.csv", index=False)
        cv2.imwrite(str(folder / "train_batch0.jpg"), self.rng.integers(0, 255, (240, 240, 3), dtype=np.uint8))
        return folder

    def _epochs(self, quality: float) -> pd.DataFrame:
        """Columns as Ultralytics 8.4 writes them."""
        e = np.arange(1, self.epochs + 1)
        rise = quality * (1 - np.exp(-e / 3)) + self.rng.normal(0, 0.01, len(e))
        fall = np.exp(-e / 5)
        losses = {
            f"{s}/{loss}": k + fall
            for s in ("train", "val")
            for loss, k in (("box_loss", 0.6), ("cls_loss", 0.4), ("dfl_loss", 0.9))
        }
        return pd.DataFrame(
            {
                "epoch": e, "time": 7.5 * e, **{k: v for k, v in losses.items() if k.startswith("train")},
                "metrics/precision(B)": rise, "metrics/recall(B)": rise, "metrics/mAP50(B)": rise,
                "metrics/mAP50-95(B)": rise * 0.7, **{k: v for k, v in losses.items() if k.startswith("val")},
                "lr/pg0": 0.01, "lr/pg1": 0.01, "lr/pg2": 0.01,
            }
        )  # fmt: skip

    def make_results(self, dataset: Dataset, split: str) -> None:
        tables: dict[str, list[pd.DataFrame]] = {name: [] for name in res.SPLIT_TABLES}
        folder = res.split_folder(self.matrix, split)
        for i, axes in enumerate(self.axes()):
            quality = 0.5 + 0.4 * (i * 7 % 11) / 11 - (0.05 if split == "test" else 0)
            for name, table in self._run_tables(axes, split, quality).items():
                tables[name].append(table)
            write_predictions(folder / self.run_id(*axes) / "predictions.parquet", self._predictions(dataset, split))
        for name, parts in tables.items():
            res.write_table(folder / f"{name}.csv", pd.concat(parts), res.SPLIT_TABLES[name])

    def _scores(self, quality: float) -> dict[str, float]:
        p, r, m = np.clip(self.rng.normal(quality, 0.08, 3), 0.02, 0.99)
        return {
            "precision": p,
            "recall": r,
            "f1": 2 * p * r / (p + r),
            "map50": m,
            "map75": m * 0.7,
            "map50_95": m * 0.62,
        }

    def _run_tables(self, axes: tuple[str, int | None, int], split: str, quality: float) -> dict[str, pd.DataFrame]:
        model, freeze, imgsz = axes
        run = {"run_id": self.run_id(*axes), "split": split}
        rank = self.models.index(model)
        row = {
            **run, "model": model, "freeze": pd.NA if freeze is None else freeze, "imgsz": imgsz, "batch": 64,
            "epochs": self.epochs, "seed": 0, "images": 48, "instances": 60, **self._scores(quality),
            "preprocess_ms": 0.4, "inference_ms": (2 + 3 * rank) * (imgsz / 320) ** 2, "postprocess_ms": 0.9,
            "parameters": 3_160_000 * (1 + 2 * rank), "gflops": 8.9 * (1 + 2 * rank) * (imgsz / 640) ** 2,
            "layers": 129 + 40 * rank, "weights_mb": 6.5 * (1 + 2 * rank),
        }  # fmt: skip
        return {
            "results": pd.DataFrame([row]),
            "per_class": self._per(run, "class", quality, split),
            "per_team": self._per(run, "team", quality, split),
            "curves": self._curves(run, quality, split),
            "confusion": self._confusion(run),
        }

    def _per(self, run: dict[str, str], kind: str, quality: float, split: str) -> pd.DataFrame:
        rows = []
        for i, name in enumerate(self.classes if kind == "class" else self.teams):
            absent = kind == "class" and split == "test" and name in self.untested
            scores = self._scores(quality - 0.03 * (i % 4))
            who = {"class_id": i, "class_name": name} if kind == "class" else {"team": name, "class_folder": "x"}
            rows.append(
                {
                    **run, **who,
                    "images": 0 if absent else 9, "instances": 0 if absent else 12,
                    **(dict.fromkeys(scores, np.nan) if absent else scores),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def _curves(self, run: dict[str, str], quality: float, split: str) -> pd.DataFrame:
        x = np.linspace(0, 1, 101)
        parts = []
        for i, name in enumerate([*self.classes, res.OVERALL]):
            if split == "test" and name in self.untested:
                continue
            q = quality - 0.04 * (i % 4)
            p = np.clip(0.3 + 0.7 * x**0.3, 0, 1)
            r = np.clip(q + 0.15 - x**3, 0, 1)
            f1 = np.divide(2 * p * r, p + r, out=np.zeros_like(p), where=p + r > 0)
            frame = pd.DataFrame(
                {**run, "class_name": name, "kind": "conf", "x": x, "precision": p, "recall": r, "f1": f1}
            )
            pr = np.clip(1 - (x / max(q, 0.05)) ** 6, 0, 1)
            parts += [frame, pd.DataFrame({**run, "class_name": name, "kind": "recall", "x": x, "precision": pr})]
        return pd.concat(parts)

    def _confusion(self, run: dict[str, str]) -> pd.DataFrame:
        names = [*self.classes, res.BACKGROUND]
        rows = []
        for i, true in enumerate(names):
            for j, predicted in enumerate(names):
                last = len(names) - 1
                count = 0 if i == j == last else int(self.rng.integers(20, 60) if i == j else self.rng.integers(0, 5))
                rows.append({**run, "true": true, "predicted": predicted, "count": count})
        return pd.DataFrame(rows)

    def _predictions(self, dataset: Dataset, split: str) -> pd.DataFrame:
        """Two of three true boxes found, one in ten images with a false alarm."""
        from labtools.artifacts.dataset import read_boxes

        rows = []
        for i, box in enumerate(read_boxes(dataset, split).itertuples()):
            x1, y1, x2, y2 = xywhn_to_xyxy((box.x, box.y, box.w, box.h), WH)[0] + self.rng.normal(0, 1, 4)
            if i % 3:
                rows.append((box.image, box.class_id, 0.95 - 0.01 * (i % 50), x1, y1, x2, y2, True))
            if i % 5 == 0:
                rows.append((box.image, (box.class_id + 1) % len(self.classes), 0.6, x1 + 30, y1, x2 + 30, y2, False))
        frame = pd.DataFrame(rows, columns=["image", "class_id", "conf", "x1", "y1", "x2", "y2", "hit"])
        return frame.assign(**{c: frame["hit"] & (i < 6) for i, c in enumerate(TP_COLUMNS)})

    def make_speed(self) -> None:
        results = res.read_split_table(self.matrix, self.evaluated[-1], "results")
        total = results[["preprocess_ms", "inference_ms", "postprocess_ms"]].sum(axis=1)
        table = results.assign(batch_size=1, device="cpu", threads=2, images=100, total_ms=total, fps=1000 / total)
        res.write_table(res.results_folder(self.matrix) / "speed.csv", table, res.SPEED)

    def make_study(self) -> None:
        results = res.read_split_table(self.matrix, self.evaluated[-1], "results")
        parts = [
            results.assign(trained_imgsz=results["imgsz"], imgsz=s, map50_95=results["map50_95"] * min(1, s / 480),
                           inference_ms=results["inference_ms"] * (s / results["imgsz"]) ** 2)
            for s in (160, 320, 640)
        ]  # fmt: skip
        res.write_table(res.results_folder(self.matrix) / "study.csv", pd.concat(parts), res.STUDY)


VOID = {"meta", "link", "img", "br", "hr"}


class Checker(HTMLParser):
    """Reads one page strictly: every element that opens closes, in order; collects what it refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert len(found) == len(attrs), f"<{tag}> has an attribute twice"
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value for key in ("href", "src") if (value := found.get(key)) is not None]
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag == "img":
            self.images.append(found)

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]} at {self.getpos()}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="session")
def read_page() -> Callable[[Path], Checker]:
    """``read_page(path)``: what an HTML file holds, read strictly."""

    def read(path: Path) -> Checker:
        checker = Checker()
        checker.feed(path.read_text(encoding="utf-8"))
        checker.close()
        assert checker.open == []
        return checker

    return read


@pytest.fixture
def lab_maker(tmp_path: Path) -> Callable[..., LabMaker]:
    """``lab_maker(classes=..., ...)``: a `LabMaker` below this test's folder."""
    return lambda **changes: LabMaker(tmp_path, **changes)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The matrix folder of a complete lab, 4 classes x 4 teams x 8 runs. Read only."""
    return LabMaker(tmp_path_factory.mktemp("lab")).make()


@pytest.fixture(scope="session")
def lab_maker_at() -> type[LabMaker]:
    """`LabMaker` itself, for labs that several tests share."""
    return LabMaker
