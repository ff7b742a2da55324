"""The dataset that `labtools prepare` writes and every other room reads.

::

    datasets/<name>/
      dlcv.yaml       train/val/test lists and names; no `path:`, so that the folder can be moved
      train.txt val.txt test.txt      one `./images/...` per line
      images/<class folder>/<team>/<sequence>/<frame>.jpg
      labels/<class folder>/<team>/<sequence>/<frame>.txt      xywhn lines; an empty file is background
      manifest.csv    one row per image, see `MANIFEST_COLUMNS`
      findings.csv    one row per repair and per file left out, see `FINDING_COLUMNS`
      dataset.json    version of the layout, fingerprint of the content
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from labtools.core.config import read_yaml
from labtools.core.errors import LabError
from labtools.core.files import read_json
from labtools.core.findings import Finding
from labtools.core.spreadsheets import inert, meant, meant_table
from labtools.core.update import finish_update

if TYPE_CHECKING:
    import pandas as pd

SPLITS = ("train", "val", "test")

MANIFEST_COLUMNS = {
    "image": "str",  # path in the dataset, forward slashes: images/velo/tic_et_tac/4/frame_000002.jpg
    "source": "str",  # path in the submissions folder; an archive's member is archive.zip!/member
    "class_folder": "str",  # the class whose folder it was handed in under ("" for a single dataset)
    "team": "str",
    "sequence": "str",  # "" where the submission has none
    "frame": "Int64",  # number in the file name, <NA> where there is none
    "split": "str",  # train, val, test
    "state": "str",  # boxes, empty (annotated as background), unlabelled (no annotation was found)
    "boxes": "int64",
    "width": "int64",  # pixels
    "height": "int64",
    "hash": "str",  # 128-bit xxHash3 of the bytes handed in, which are the dataset's unless the picture was converted
    "look": "str",  # perceptual hash and brightness grid, 32 hex digits; "" if nobody asked (prepare --no-leakage)
}

_MAY_LACK = frozenset({"look"})
"""Columns that datasets of earlier versions have not."""

FINDING_COLUMNS = ("severity", "code", "team", "file", "line", "message", "action")

BOX_COLUMNS = (
    "image", "split", "class_folder", "team", "sequence", "class_id", "class_name", "x", "y", "w", "h",
)  # fmt: skip


@dataclass(frozen=True)
class Dataset:
    """A prepared dataset, opened.

    Attributes:
        root: absolute folder.
        names: class id -> class name, ids 0..n-1 in order.
        fingerprint: hash of labels, splits, names and image hashes: two equal ones train alike.
    """

    root: Path
    names: dict[int, str]
    fingerprint: str

    @property
    def yaml(self) -> Path:
        """The data YAML that Ultralytics loads."""
        return self.root / "dlcv.yaml"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.csv"

    @property
    def findings(self) -> Path:
        return self.root / "findings.csv"


def open_dataset(path: Path) -> Dataset:
    """Open a prepared dataset by its folder or by its ``dlcv.yaml``.

    Raises:
        LabError: it does not exist, or was not written by `labtools prepare`.
    """
    root = (path.parent if path.suffix in {".yaml", ".yml"} else path).absolute()
    finish_update(root.resolve())  # an interrupted `labtools prepare` had begun to bring in a team's fix
    fix = "Run `labtools prepare SUBMISSIONS --out DATASET` and give the folder that it wrote."
    for name in ("dlcv.yaml", "manifest.csv", "dataset.json"):
        if not (root / name).is_file():
            what = f"there is no prepared dataset here: {name} is missing" if root.is_dir() else "no such dataset"
            raise LabError(what, root, fix)
    names = {int(k): str(v) for k, v in read_yaml(root / "dlcv.yaml")["names"].items()}
    return Dataset(root, names, str(read_json(root / "dataset.json")["fingerprint"]))


def read_fingerprint(data: Path) -> str:
    """The fingerprint of the dataset of that ``dlcv.yaml`` at this moment; quick, and checks nothing else.

    Raises:
        OSError, ValueError, KeyError: it cannot be read, or is no prepared dataset.
    """
    return str(read_json(data.parent / "dataset.json")["fingerprint"])


def read_manifest(dataset: Dataset) -> pd.DataFrame:
    """The manifest, one row per image, typed as `MANIFEST_COLUMNS`, in the order written (sorted by image)."""
    import pandas as pd

    dtypes = cast("dict[str, Any]", MANIFEST_COLUMNS)
    frame = pd.read_csv(dataset.manifest, dtype=dtypes, keep_default_na=False, na_values={"frame": [""]})
    frame = frame.assign(source=frame["source"].map(meant)) if "source" in frame else frame
    frame = frame.assign(**{column: "" for column in _MAY_LACK if column not in frame.columns})
    missing = [c for c in MANIFEST_COLUMNS if c not in frame.columns]
    if missing:
        raise LabError(f"columns are missing: {', '.join(missing)}", dataset.manifest, "Run `labtools prepare` again.")
    return frame


def manifest_csv(rows: Iterable[dict[str, Any]]) -> str:
    """The text of ``manifest.csv``: rows sorted by image."""
    ordered: list[dict[str, Any]] = sorted(rows, key=lambda row: str(row["image"]))
    return MANIFEST_HEAD + manifest_lines(
        [inert(row.get(c, "") if c in _MAY_LACK else row[c]) for c in MANIFEST_COLUMNS] for row in ordered
    )


MANIFEST_HEAD = ",".join(MANIFEST_COLUMNS) + "\n"


def manifest_lines(rows: Iterable[Sequence[Any]]) -> str:
    """Lines of ``manifest.csv`` without its head, as given; one value for each of `MANIFEST_COLUMNS`, `inert` ones."""
    return _csv(rows)


def _csv(rows: Iterable[Sequence[Any]]) -> str:
    """CSV as pandas writes it (None is empty, quotes only where needed), without the third of a second to import it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def read_findings(dataset: Dataset) -> pd.DataFrame:
    """The findings as strings (``line`` as int64), in the order written."""
    import pandas as pd

    dtypes = cast("dict[str, Any]", {c: "int64" if c == "line" else "str" for c in FINDING_COLUMNS})
    return meant_table(pd.read_csv(dataset.findings, keep_default_na=False, dtype=dtypes))


def findings_csv(findings: Iterable[Finding]) -> str:
    """The text of ``findings.csv``: sorted by team, file and line."""
    rows = [
        (f.severity.value, f.code, f.team, inert(f.file), f.line, inert(f.message), f.action.value)
        for f in sorted(findings)
    ]
    return ",".join(FINDING_COLUMNS) + "\n" + _csv(rows)


def label_path(image: str) -> str:
    """``images/a/b.jpg`` -> ``labels/a/b.txt``: the rule of every YOLO loader, in dataset paths."""
    return "labels/" + image.removeprefix("images/").rpartition(".")[0] + ".txt"


def format_label(rows: Iterable[tuple[int, float, float, float, float]]) -> str:
    """The text of one label file: ``class_id x y w h`` per box, xywhn with six decimals."""
    return "".join(f"{c} {x:.6f} {y:.6f} {w:.6f} {h:.6f}\n" for c, x, y, w, h in rows)


def read_boxes(dataset: Dataset, split: str | None = None) -> pd.DataFrame:
    """Every true box of a split (of all, if None), one row each with `BOX_COLUMNS`; x y w h are xywhn.

    Rows follow the manifest's order, then the label file's.
    """
    import pandas as pd

    manifest = read_manifest(dataset)
    if split is not None:
        manifest = manifest[manifest["split"] == split]
    manifest = manifest[manifest["boxes"] > 0]
    rows: list[tuple[Any, ...]] = []
    keys = ("image", "split", "class_folder", "team", "sequence")
    for record in zip(*(manifest[k] for k in keys), strict=True):
        text = (dataset.root / label_path(record[0])).read_text(encoding="utf-8")
        for line in text.splitlines():
            class_id, x, y, w, h = line.split()
            rows.append((*record, int(class_id), "", float(x), float(y), float(w), float(h)))
    boxes = pd.DataFrame(rows, columns=list(BOX_COLUMNS))
    boxes["class_name"] = boxes["class_id"].map(dataset.names).astype(str) if len(boxes) else ""
    return boxes
