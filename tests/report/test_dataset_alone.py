"""A report of a dataset that nothing was trained on yet, beside another one, with its leakage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from labtools.artifacts.dataset import open_dataset
from labtools.core.errors import LabError
from labtools.core.files import write_json
from labtools.report.content import Missing, Plot, Table, page_blocks
from labtools.report.load import USUAL_SIZES, load_results
from labtools.report.pipeline import build_pages, plan_pages, write_report
from labtools.report.subject import find_subject

TEAMS = ("<script>alert(1)</script>", "les bleus")
CLASSES = ("<b>ballon", "téléphone $x$", "lunettes de soleil à monture dorée")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, lab_maker_at: Callable[..., Any]) -> Path:
    """Two datasets, this year's with leakage, last year's with other classes."""
    root = tmp_path_factory.mktemp("alone")
    maker = lab_maker_at(root, classes=CLASSES, teams=TEAMS)
    maker.make_leakage(maker.make_dataset())
    lab_maker_at(root / "2022", classes=("Telephone x", "velo"), teams=("anciens",)).make_dataset()
    other = lab_maker_at(root / "other", classes=CLASSES, teams=TEAMS)
    other.make_leakage(other.make_dataset())
    return root


@pytest.fixture(scope="module")
def written(root: Path) -> Path:
    out = root / "out"
    report = write_report(
        None, out, data=root / "dataset", compare=root / "2022" / "dataset", classes=CLASSES[1:2], teams=TEAMS[:1]
    )
    assert report.split is None and report.best is None
    return out


def test_every_link_of_its_pages_leads_somewhere(written: Path, read_page: Callable[[Path], Any]) -> None:
    pages = sorted(written.rglob("*.html"))
    names = {p.relative_to(written).as_posix() for p in pages}
    assert {"index.html", "pages/dataset.html", "pages/compare.html", "pages/leakage.html"} < names and len(names) == 6
    for path in pages:
        page = read_page(path)
        assert "script" not in page.tags
        for link in page.links:
            target = unquote(link.partition("#")[0])
            assert link == "data:," or not target or (path.parent / target).is_file(), f"{path.name}: {link}"
    assert (written / "tables" / "results" / "dataset" / "leakage.csv").is_file()


def test_pages_about_runs_are_not_there_and_nothing_asks_for_them(root: Path) -> None:
    results = load_results(None, root / "dataset")
    assert results.name == "dataset" and results.image_sizes == USUAL_SIZES
    pages = build_pages(plan_pages(results, (), ()))
    assert not any(s.stage != "dataset" for p in pages for s in p.sections)
    missing = [b for p in pages for b in page_blocks(p) if isinstance(b, Missing)]
    assert ["Nothing has been trained on this dataset yet" in m.what for m in missing] == [True]


def test_leakage_that_was_not_looked_for_is_said(root: Path) -> None:
    results = load_results(None, root / "2022" / "dataset")
    (page,) = [p for p in build_pages(plan_pages(results, (), ())) if p.path == "pages/leakage.html"]
    assert not page.sections and isinstance(page.opening[0], Missing)


def test_a_class_is_beside_itself_only_where_the_other_dataset_has_it(root: Path) -> None:
    results = load_results(None, root / "dataset", compare=root / "2022" / "dataset")
    pages = {p.label: p for p in build_pages(plan_pages(results, (), ()))}
    assert [any(s.anchor == "beside" for s in pages[c].sections) for c in CLASSES] == [False, True, False]
    plots = {b.name for p in pages.values() for b in page_blocks(p) if isinstance(b, Plot)}
    assert {"compare-centres-all", "compare-centres-classes", "compare-sizes-all", "compare-box-sizes"} <= plots


def test_numbers_of_the_page_are_those_of_the_manifest(root: Path) -> None:
    results = load_results(None, root / "dataset")
    data = results.data
    assert data is not None
    plots = {b.name: b.rows for p in build_pages(plan_pages(results, (), ())) for b in page_blocks(p)
             if isinstance(b, Plot)}  # fmt: skip
    total = int(data.manifest["boxes"].sum())
    sizes = plots["dataset-box-sizes"].set_index(["label", "imgsz"])
    assert sizes.loc[("all classes", "native"), "boxes"] == total == len(data.boxes)
    assert sizes.xs("native", level="imgsz").loc[list(CLASSES), "boxes"].sum() == total
    for name in ("dataset-centres", "dataset-sizes"):
        cells = plots[name].groupby("label")["boxes"].sum()
        assert cells["all classes"] == total and cells[list(CLASSES)].sum() == total
    assert plots["dataset-boxes-per-image"]["images"].sum() == len(data.manifest)
    assert plots["leakage-gaps"].groupby("label")["images"].sum()["all"] == len(data.leakage)


def test_two_datasets_that_were_both_looked_at_have_their_leakage_side_by_side(root: Path) -> None:
    results = load_results(None, root / "dataset", compare=root / "other" / "dataset")
    pages = {p.path: p for p in build_pages(plan_pages(results, (), ()))}
    page = pages["pages/compare.html"]
    (section,) = [s for s in page.sections if s.anchor == "leakage"]
    (table,) = [b for b in section.blocks if isinstance(b, Table)]
    assert [row[0].text for row in table.rows] == [f"{root.name}/dataset"] * 3 + ["other/dataset"] * 3


def test_a_folder_of_separate_pictures_has_no_time(root: Path) -> None:
    results = load_results(None, root / "dataset")
    assert results.data is not None
    summary = results.data.leakage_summary.assign(verdict="separate pictures")
    results = replace(results, data=replace(results.data, leakage_summary=summary))
    names = {b.name for p in build_pages(plan_pages(results, (), ())) for b in page_blocks(p) if isinstance(b, Plot)}
    assert "leakage-looks" in names and "leakage-gaps" not in names


# What is meant by what was typed.


def test_the_runs_that_were_planned_on_a_dataset_are_found(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(models=("yolov8n",), sizes=(320,), evaluated=())
    runs = maker.make().parent
    data = maker.root / "dataset"
    assert find_subject(None, data, None, runs).matrix == maker.matrix
    assert find_subject(None, None, None, runs).out == maker.matrix / "report"
    elsewhere = data.rename(maker.root / "moved")
    assert find_subject(None, elsewhere, None, runs).matrix == maker.matrix, "the same fingerprint"
    write_json(elsewhere / "dataset.json", {"layout": 1, "fingerprint": "another"})
    alone = find_subject(None, elsewhere, None, runs)
    assert alone.matrix is None and alone.out == runs / "moved" / "report"
    assert find_subject(maker.matrix, elsewhere, None, runs).matrix == maker.matrix, "named, so meant"


def test_two_matrices_on_one_dataset_must_be_told_apart(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(models=("yolov8n",), sizes=(320,), freezes=(None,), evaluated=())
    matrix = maker.make()
    shutil.copytree(matrix, matrix.parent / "second")
    with pytest.raises(LabError, match="lab, second"):
        find_subject(None, maker.root / "dataset", None, matrix.parent)


def test_the_labs_own_dataset_is_meant_where_nothing_was_trained(
    lab_maker: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = lab_maker()
    monkeypatch.chdir(maker.root)
    with pytest.raises(LabError, match="no runs yet"):
        find_subject(None, None, None, Path("runs"))
    dataset = maker.make_dataset().root
    (maker.root / "datasets").mkdir()
    dataset.rename(maker.root / "datasets" / "dlcv")
    subject = find_subject(None, None, None, Path("runs"))
    assert subject.matrix is None and subject.out == Path("runs/dlcv/report")
    assert open_dataset(Path(str(subject.data))).root == maker.root / "datasets" / "dlcv"
