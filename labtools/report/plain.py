"""Any dataset that Ultralytics trains on, read as far as counting and drawing boxes needs: last year's, somebody's.

Its lists, folders and labels are taken as Ultralytics takes them; nothing is repaired. What `labtools prepare` does
with such a folder is another matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from labtools.artifacts.dataset import BOX_COLUMNS, MANIFEST_COLUMNS, Dataset
from labtools.core.boxes import polygon_to_xyxy, xyxyn_to_xywhn
from labtools.core.config import read_yaml
from labtools.core.errors import LabError

_KEYS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
_SUFFIXES = frozenset(
    {".bmp", ".dng", ".heic", ".jpeg", ".jpg", ".mpo", ".png", ".tif", ".tiff", ".webp"}
)  # Ultralytics' IMG_FORMATS
_FIX = "Give the folder of a prepared dataset, or the YAML that Ultralytics trains on (train, val, names)."


def is_prepared(path: Path) -> bool:
    """Whether `labtools prepare` wrote this folder, or the folder of this YAML."""
    root = path.parent if path.suffix in {".yaml", ".yml"} else path
    return all((root / name).is_file() for name in ("dlcv.yaml", "manifest.csv", "dataset.json"))


def read_plain(path: Path) -> tuple[Dataset, pd.DataFrame, pd.DataFrame]:
    """A dataset by its data YAML, or by the folder that holds exactly one.

    Returns:
        the dataset (without a fingerprint), its manifest and its boxes, with the columns of `labtools prepare`;
        nobody knows teams and sequences. Images that cannot be read and lines that are no box are left out.

    Raises:
        LabError: there is no such YAML, it names no classes, or no image is found.
    """
    yaml = _find_yaml(path)
    content = read_yaml(yaml)
    names = _names(content.get("names"), yaml)
    root = _root(content, yaml)
    images = {image: split for split, keys in _KEYS.items() for image in _images(content, keys, root)}
    with ThreadPoolExecutor(max_workers=4) as pool:
        read = list(pool.map(_read_image, images))
    manifest: list[dict[str, Any]] = []
    boxes: list[tuple[Any, ...]] = []
    for (image, split), found in zip(images.items(), read, strict=True):
        if found is None:
            continue
        wh, label = found
        shown = image.relative_to(root).as_posix() if image.is_relative_to(root) else image.as_posix()
        rows = [row for row in _boxes(label or "") if row[0] in names]
        boxes += [(shown, split, "", "", "", row[0], names[row[0]], *row[1:]) for row in rows]
        state = "unlabelled" if label is None else "boxes" if rows else "empty"
        entry = {"image": shown, "split": split, "state": state, "boxes": len(rows), "width": wh[0], "height": wh[1]}
        manifest.append({**dict.fromkeys(MANIFEST_COLUMNS, ""), **entry, "frame": pd.NA})
    if not manifest:
        raise LabError("no image of this dataset was found", yaml, _FIX)
    return Dataset(root, names, ""), pd.DataFrame(manifest), pd.DataFrame(boxes, columns=list(BOX_COLUMNS))


def _find_yaml(path: Path) -> Path:
    if path.is_file():
        return path.absolute()
    found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
    if len(found) != 1:
        what = f"there are {len(found)} YAML files in this folder" if found else "this is not a dataset"
        raise LabError(what, path, _FIX)
    return found[0].absolute()


def _names(value: Any, yaml: Path) -> dict[int, str]:
    if isinstance(value, list):
        return {i: str(name) for i, name in enumerate(value)}
    if isinstance(value, dict) and all(str(key).isdecimal() for key in value):
        return {int(key): str(name) for key, name in value.items()}
    raise LabError("this YAML names no classes", yaml, _FIX)


def _root(content: dict[str, Any], yaml: Path) -> Path:
    """The folder that the splits are relative to: ``path``, where it still leads somewhere."""
    given = yaml.parent / str(content.get("path") or "")
    return given if given.is_dir() else yaml.parent


def _images(content: dict[str, Any], keys: tuple[str, ...], root: Path) -> Iterator[Path]:
    entry = next((content[key] for key in keys if content.get(key)), None)
    for part in entry if isinstance(entry, list) else [entry] if entry else []:
        path = root / str(part)
        if not path.exists():  # Roboflow writes ../train/images into a YAML that lies beside train/
            path = root / re.sub(r"^(\.\./)+", "", str(part))
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.suffix.lower() in _SUFFIXES)
        elif path.is_file():
            lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
            yield from (path.parent / line.strip() for line in lines if line.strip())


def _read_image(image: Path) -> tuple[tuple[int, int], str | None] | None:
    """(width, height) and the text of its label file, None where there is none; None if the image cannot be read."""
    try:
        with Image.open(image) as opened:
            wh = opened.size
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    # The rule of every YOLO loader: the last /images/ of the path becomes /labels/.
    before, found, after = image.as_posix().rpartition("/images/")
    label = Path(f"{before}/labels/{after}" if found else after).with_suffix(".txt")
    try:
        return wh, label.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return wh, None


def _boxes(text: str) -> Iterator[tuple[int, float, float, float, float]]:
    """Class id and xywhn of every line that is a box or a polygon."""
    for line in text.splitlines():
        try:
            class_id, *numbers = (float(word) for word in line.split())
        except ValueError:
            continue
        if len(numbers) >= 6 and len(numbers) % 2 == 0:
            numbers = xyxyn_to_xywhn(polygon_to_xyxy(numbers))[0].tolist()
        if len(numbers) == 4 and all(0 <= v <= 1 for v in numbers):
            x, y, w, h = numbers
            yield int(class_id), x, y, w, h
