"""The dataset on disk: written aside, then swapped in, so that an interruption leaves the old one or the new one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from labtools import __version__
from labtools.artifacts.dataset import SPLITS, findings_csv, manifest_csv
from labtools.core.config import dump_yaml
from labtools.core.files import hash_bytes
from labtools.core.findings import Finding
from labtools.prepare.output.placing import create
from labtools.prepare.output.swap import recover, swap
from labtools.prepare.parts import Part

LAYOUT = 1


class DatasetWriter:
    """The folder that becomes the dataset with `commit`.

    A context: leaving it early throws the half-written folder away. ``out`` must have passed `check_target`.

    Attributes:
        target: where it will be; a link to another disk stays a link, and the swap happens there.
        aside: where it is written.
    """

    def __init__(self, out: Path) -> None:
        self.target = out.resolve()
        self.aside = self.target.with_name(f".{self.target.name}.partial")

    def __enter__(self) -> DatasetWriter:
        recover(self.target)
        shutil.rmtree(self.aside, ignore_errors=True)
        for folder in ("images", "labels"):
            (self.aside / folder).mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.aside, ignore_errors=True)

    def tables(self, parts: Sequence[Part], names: Sequence[str], findings: Iterable[Finding]) -> str:
        """Lists, manifest, findings, data YAML. Returns the fingerprint."""
        write_lists(self.aside, parts)
        self.write("manifest.csv", manifest_csv(row for part in parts for row in part.rows()))
        self.write("findings.csv", findings_csv(findings))
        # No `path:`: Ultralytics then takes this file's own folder, wherever it is moved and whoever loads it.
        content = {**{split: f"{split}.txt" for split in SPLITS}, "names": dict(enumerate(names))}
        self.write("dlcv.yaml", dump_yaml(content))
        fingerprint = fingerprint_of(parts, names)
        about = {"layout": LAYOUT, "labtools": __version__, "fingerprint": fingerprint}
        self.write("dataset.json", json.dumps(about, indent=2, sort_keys=True) + "\n")
        return fingerprint

    def write(self, name: str, text: str) -> None:
        """One more file of the dataset."""
        create(str(self.aside / name), text.encode("utf-8"))

    def commit(self) -> None:
        """The new dataset takes the old one's place."""
        swap(self.aside, self.target)


def write_lists(folder: Path, parts: Sequence[Part]) -> None:
    """``train.txt``, ``val.txt``, ``test.txt``: one ``./images/...`` per line, sorted."""
    lines: dict[str, list[str]] = {split: [] for split in SPLITS}
    for part in parts:
        for image, split in zip(part.image, part.split, strict=True):
            lines[split].append(f"./{image}\n")
    for split, listed in lines.items():
        create(str(folder / f"{split}.txt"), "".join(sorted(listed)).encode("utf-8"))


def fingerprint_of(parts: Sequence[Part], names: Sequence[str]) -> str:
    """Two datasets with the same one train alike: names, splits, labels and pictures."""
    rows = sorted(
        f"{image}\t{split}\t{state}\t{digest}\t{label}"
        for part in parts
        for image, split, state, digest, label in zip(
            part.image, part.split, part.state, part.hash, part.label, strict=True
        )
    )
    return hash_bytes("\n".join([*names, *rows]).encode("utf-8"))
