"""Make the demo's pretrained checkpoints: our stand-in for COCO, about ten CPU minutes for both.

    python scripts/pretrain_demo.py [--epochs 14] [--images 1200] [--models yolov8p yolov8f]

Trains each of `labtools.demo.scales.SCALES` from scratch on random coloured shapes (colour carries no information)
and writes ``labtools/demo/weights/<model>.pt``: half precision, without optimiser, paths or dates.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import torch

from labtools import yolo
from labtools.artifacts.dataset import format_label
from labtools.core.boxes import xyxy_to_xywhn
from labtools.core.config import dump_yaml
from labtools.demo.scales import SCALES, WEIGHTS, write_scale
from labtools.demo.simulate import SHAPES, random_actor, simulate_clip

SIDE = 160
FRAMES_OF_A_CLIP = 2
RECIPE = {
    "optimizer": "AdamW",
    "lr0": 0.005,
    "warmup_epochs": 0.5,
    "warmup_bias_lr": 0.0,
    "nbs": 16,  # Ultralytics' 64 would mean few updates on few images
    "mosaic": 0.0,
    "close_mosaic": 0,
    "flipud": 0.5,
    "conf": 0.01,  # NMS of an untrained network's boxes takes a quarter of the time
    "plots": False,
    "amp": False,
    "workers": 0,
    "cache": "ram",
}


def write_shapes(root: Path, images: dict[str, int], seed: int) -> Path:
    """A YOLO dataset of random shapes; returns its YAML."""
    rng = np.random.default_rng(seed)
    kinds = list(SHAPES)
    for split, count in images.items():
        for folder in ("images", "labels"):
            (root / folder / split).mkdir(parents=True)
        for index in range(0, count, FRAMES_OF_A_CLIP):
            cast = [random_actor(rng, str(rng.choice(kinds)), (SIDE, SIDE)) for _ in range(int(rng.integers(2, 6)))]
            for k, frame in enumerate(simulate_clip(rng, (SIDE, SIDE), FRAMES_OF_A_CLIP, cast)):
                stem = f"{index + k:05d}"
                cv2.imwrite(str(root / "images" / split / f"{stem}.jpg"), frame.image)
                xywhn = xyxy_to_xywhn(frame.xyxy, (SIDE, SIDE))
                rows = ((kinds.index(kind), *map(float, box)) for kind, box in zip(frame.kinds, xywhn, strict=True))
                (root / "labels" / split / f"{stem}.txt").write_text(format_label(rows), encoding="utf-8")
    data = root / "shapes.yaml"
    names = dict(enumerate(kinds))
    data.write_text(dump_yaml({"train": "images/train", "val": "images/val", "names": names}), encoding="utf-8")
    return data


def strip_checkpoint(source: Path, target: Path, imgsz: int) -> None:
    """Keep the network alone: half precision, no optimiser, no path, no date; loadable with weights_only=True."""
    checkpoint = torch.load(source, map_location="cpu", weights_only=False)  # our own file of a minute ago
    network = (checkpoint.get("ema") or checkpoint["model"]).half()
    arguments = {"task": "detect", "imgsz": imgsz}
    network.args = arguments
    network.pt_path = target.name
    network.yaml_file = f"{target.stem}.yaml"
    network.yaml.pop("yaml_file", None)
    for parameter in network.parameters():
        parameter.requires_grad = False
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = {"epoch": -1, "model": network, "train_args": arguments, "version": checkpoint["version"]}
    torch.save(kept, target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--images", type=int, default=1200)
    parser.add_argument("--models", nargs="+", default=list(SCALES), choices=list(SCALES))
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        data = write_shapes(work / "shapes", {"train": options.images, "val": 96}, seed=7)
        for model in options.models:
            outcome = yolo.train(
                write_scale(model, work),
                data,
                work / model,
                epochs=options.epochs,
                imgsz=SIDE,
                batch=16,
                freeze=None,
                seed=0,
                device="cpu",
                args=RECIPE,
                on_epoch=lambda e: print(f"{e.epoch}/{e.epochs} mAP50 {e.map50:.3f} mAP50-95 {e.map50_95:.3f}"),
            )
            target = options.out / f"{model}.pt"
            strip_checkpoint(work / model / "weights" / "best.pt", target, SIDE)
            size = target.stat().st_size / 1e6
            print(f"{target}: mAP50 {outcome.map50:.3f}, {size:.2f} MB, {outcome.seconds:.0f} s")


if __name__ == "__main__":
    main()
