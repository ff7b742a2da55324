"""Pages -> a folder that opens offline from a file manager: HTML, figures, pictures and tables, all links relative.

Everything is written into a new folder beside the old one, which it then replaces: a report is never half old.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from labtools import __version__
from labtools.artifacts.leakage import leakage_path, summary_path
from labtools.artifacts.results import results_folder
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.core.progress import Tick
from labtools.core.spreadsheets import inert_table
from labtools.report.content import Gallery, Page, Picture, Plot, Table, page_blocks
from labtools.report.load import Results
from labtools.report.paint import paint
from labtools.report.pictures import placeholder, write_jpeg
from labtools.report.render import Sizes, render_pages

MARK = "report.json"
"""Only a folder that holds this file is replaced."""


@dataclass(frozen=True)
class Written:
    """How many files of each kind."""

    figures: int
    pictures: int
    tables: int


@dataclass
class _Parts:
    """What the pages need on disk, by name; a name may be used once."""

    plots: dict[str, Plot] = field(default_factory=dict)
    pictures: dict[str, Picture] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def assemble(pages: list[Page], results: Results, out: Path, tick: Tick) -> Written:
    """Write all files of a report and put them in place of ``out``.

    Raises:
        LabError: ``out`` holds something else than a report, or cannot be replaced.
    """
    _check_ours(out)
    parts = _collect(pages)
    out.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        aside.chmod(0o755)
        sizes = paint(list(parts.plots.values()), aside / "figures", tick)
        sizes = {**sizes, **_write_pictures(list(parts.pictures.values()), aside / "pictures", tick)}
        _write_tables(parts.tables, aside / "tables", tick)
        copied = _copy_results(results, aside / "tables" / "results")
        for path, html in render_pages(pages, results, sizes):
            _write(aside / path, html)
        write_json(aside / MARK, {"labtools": __version__, "matrix": results.name, "pages": [p.path for p in pages]})
        _swap(aside, out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return Written(len(parts.plots), len(parts.pictures), len(parts.tables) + copied)


def _check_ours(out: Path) -> None:
    if out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file():
        raise LabError("this folder holds something else than a report", out, "Give another folder with --out.")
    if out.exists() and not out.is_dir():
        raise LabError("a report is a folder, but this is a file", out, "Give another folder with --out.")


def _collect(pages: list[Page]) -> _Parts:
    parts = _Parts()
    for name, part in _named(pages):
        kind: dict[str, Any] = parts.plots if isinstance(part, Plot) else parts.pictures
        if isinstance(part, pd.DataFrame):
            kind = parts.tables
        if name in kind:
            raise ValueError(f"two parts of the report are called {name}")
        kind[name] = part
    return parts


def _named(pages: list[Page]) -> Iterator[tuple[str, Plot | Picture | pd.DataFrame]]:
    for page in pages:
        for block in page_blocks(page):
            if isinstance(block, Plot):
                yield block.name, block
                yield block.name, block.rows
            elif isinstance(block, Table) and block.frame is not None:
                yield block.name, block.frame
            elif isinstance(block, Gallery):
                yield from ((picture.name, picture) for picture in block.pictures)


def _write_pictures(pictures: list[Picture], folder: Path, tick: Tick) -> Sizes:
    """JPEGs, drawn in threads: OpenCV works outside Python's lock."""
    sizes: Sizes = {}

    def make(picture: Picture) -> tuple[int, int]:
        image = picture.draw()
        return write_jpeg(folder / f"{picture.name}.jpg", placeholder(220, 220) if image is None else image)

    with ThreadPoolExecutor(max_workers=4) as pool:
        for i, (picture, size) in enumerate(zip(pictures, pool.map(make, pictures), strict=True)):
            sizes[f"pictures/{picture.name}.jpg"] = size
            tick("pictures", i + 1, len(pictures))
    return sizes


def _write_tables(tables: dict[str, pd.DataFrame], folder: Path, tick: Tick) -> None:
    for i, (name, frame) in enumerate(tables.items()):
        text = inert_table(frame).to_csv(index=False, lineterminator="\n", float_format="%.6g")
        _write(folder / f"{name}.csv", text)
        tick("tables", i + 1, len(tables))


def _copy_results(results: Results, folder: Path) -> int:
    """The tables of evaluate and the dataset's, as they are; curves stay where they are, being long and drawn here."""
    found: dict[Path, Path] = {}
    if results.matrix is not None:
        source = results_folder(results.matrix)
        kept = [*sorted(source.glob("*.csv")), *(p for p in sorted(source.glob("*/*.csv")) if p.name != "curves.csv")]
        found = {path.relative_to(source): path for path in kept}
    if results.data is not None:
        data = results.data.dataset
        tables = (data.manifest, data.findings, leakage_path(data.root), summary_path(data.root))
        found |= {Path("dataset") / p.name: p for p in tables if p.is_file()}
    for relative, path in found.items():
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return len(found)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _swap(new: Path, out: Path) -> None:
    """Put the new folder in place of the old one; the old one comes back if that fails."""
    old = out.with_name(f".{out.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    except OSError as error:
        raise LabError(
            f"the old report cannot be replaced ({error.strerror})",
            out,
            "Close the programs that show it and try again.",
        ) from error
    shutil.rmtree(old, ignore_errors=True)
