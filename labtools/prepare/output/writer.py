"""The dataset on disk: written aside, then swapped in, so that an interruption leaves the old one or the new one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from labtools import __version__
from labtools.artifacts.dataset import MANIFEST_HEAD, SPLITS, findings_csv
from labtools.artifacts.findings import findings_json
from labtools.artifacts.leakage import summary_csv
from labtools.core.config import dump_yaml
from labtools.core.files import hash_bytes
from labtools.core.update import aside_of, finish_update, update
from labtools.prepare.joining import Joined
from labtools.prepare.output.placing import create
from labtools.prepare.output.sheets.writing import write_sheets
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
        self.aside = aside_of(self.target)

    def __enter__(self) -> DatasetWriter:
        finish_update(self.target)
        recover(self.target)
        shutil.rmtree(self.aside, ignore_errors=True)
        for folder in ("images", "labels"):
            (self.aside / folder).mkdir(parents=True)
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.aside, ignore_errors=True)

    def tables(self, parts: Sequence[Part], names: Sequence[str], joined: Joined) -> str:
        """Lists, manifest, findings, data YAML. Returns the fingerprint.

        Args:
            parts: in the order of their prefixes.
        """
        write_lists(self.aside, parts)
        self.write("manifest.csv", MANIFEST_HEAD + "".join(part.rows for part in parts))
        self.write("findings.csv", findings_csv(joined.findings))
        self.write("findings.json", findings_json(joined.findings))
        compared = joined.compared
        if compared is not None:
            self.write("leakage.csv", compared.table)
            self.write("leakage_summary.csv", summary_csv(compared.summary))
        summary = compared.summary if compared else ()
        write_sheets(self.aside, parts, joined.findings, names, summary, self.target)
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

    def commit_parts(self, parts: Iterable[Part], gone: Iterable[str]) -> None:
        """Only these parts, and all tables, are new: the others stay where they lie.

        Args:
            gone: prefixes of parts that the dataset of before had and this one has not.
        """
        moves = [move for part in parts for move in self._moves(part)]
        tables = sorted(path.name for path in self.aside.iterdir() if path.name not in {"images", "labels"})
        removals = [folder for prefix in gone for folder in _folders(prefix)]
        removals += [file for part in parts for file in part.gone]
        update(self.target, [*moves, *sorted(tables, key=lambda name: name == "dataset.json")], removals)

    def _moves(self, part: Part) -> Iterator[str]:
        """A part's two folders; of a mended one the files that were written."""
        for folder in _folders(part.prefix):
            if part.how == "mended":
                files = sorted(path for path in (self.aside / folder).rglob("*") if path.is_file())
                yield from (path.relative_to(self.aside).as_posix() for path in files)
            elif (self.aside / folder).is_dir():
                yield folder


def _folders(prefix: str) -> tuple[str, str]:
    """A part's two folders."""
    images = prefix.rstrip("/")
    return images, "labels" + images.removeprefix("images")


def write_lists(folder: Path, parts: Sequence[Part]) -> None:
    """``train.txt``, ``val.txt``, ``test.txt``: one ``./images/...`` per line, sorted."""
    lines: dict[str, list[str]] = {split: [] for split in SPLITS}
    for part in parts:
        for image, split in zip(part.image, part.split, strict=True):
            lines[split].append(f"./{image}\n")
    for split, listed in lines.items():
        create(str(folder / f"{split}.txt"), "".join(listed).encode("utf-8"))


def fingerprint_of(parts: Sequence[Part], names: Sequence[str]) -> str:
    """Two datasets with the same one train alike: names, splits, labels and pictures."""
    return hash_bytes("\n".join([*names, *(f"{part.prefix}\t{part.digest}" for part in parts)]).encode("utf-8"))
