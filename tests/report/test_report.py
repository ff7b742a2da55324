"""A whole report, as its readers get it: links lead somewhere, nothing comes from elsewhere, a browser opens it."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pandas as pd
import pytest

import labtools.report.pages
from labtools.artifacts.results import RESULTS, read_split_table, split_folder, write_table
from labtools.core.errors import LabError
from labtools.core.registry import members
from labtools.report import assemble
from labtools.report.content import Missing, Plot, page_blocks
from labtools.report.load import load_results
from labtools.report.pipeline import build_pages, plan_pages, write_report
from labtools.report.render import render_pages

TEAMS = ("<script>alert(1)</script>", '../"><img src=x onerror=alert(1)>')
CLASSES = ("<b>ballon", "عربي")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, lab_maker_at: Callable[..., Any]) -> Path:
    """The report of a lab whose teams and classes have hostile names, and whose last class is not in test."""
    root = tmp_path_factory.mktemp("hostile")
    maker = lab_maker_at(root, classes=CLASSES, teams=TEAMS, models=("yolov8n",), untested=CLASSES[1:])
    return write_report(maker.make(), root / "my report").folder


def pages_of(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.html"))


def test_every_page_is_there(written: Path) -> None:
    names = {p.relative_to(written).as_posix() for p in pages_of(written)}
    macro = {"index.html", *(f"pages/{name}.html" for name in ("dataset", "leakage", "training", "inference"))}
    assert macro < names
    micro = {name for name in names if name.startswith(("pages/class-", "pages/team-"))}
    assert len(micro) == len(CLASSES) + len(TEAMS)


def test_html_is_whole_and_every_link_leads_somewhere(written: Path, read_page: Any) -> None:
    ids = {path: read_page(path).ids for path in pages_of(written)}
    for path in pages_of(written):
        page = read_page(path)
        assert len(page.ids) == len(set(page.ids))
        for link in page.links:
            if link == "data:,":
                continue
            target, _, anchor = link.partition("#")
            assert not re.match(r"[a-z]+:|/", target), f"{link} leaves the folder"
            goal = (path.parent / unquote(target)).resolve() if target else path
            assert goal.is_relative_to(written.resolve()) and goal.is_file(), f"{path.name}: {link}"
            if anchor:
                assert anchor in ids[goal], f"{path.name}: {link}"


def test_images_have_words_and_sizes(written: Path, read_page: Any) -> None:
    for path in pages_of(written):
        for image in read_page(path).images:
            assert image["alt"]
            assert int(image["width"] or 0) > 0 and int(image["height"] or 0) > 0


def test_no_file_is_left_that_no_page_shows(written: Path, read_page: Any) -> None:
    linked = {(p.parent / unquote(link)).resolve() for p in pages_of(written) for link in read_page(p).links}
    for folder in ("figures", "pictures"):
        for path in (written / folder).iterdir():
            assert path.resolve() in linked


def test_names_stay_text(written: Path, read_page: Any) -> None:
    for path in pages_of(written):
        page = read_page(path)
        assert "script" not in page.tags
        assert all(image.get("onerror") is None for image in page.images)
    assert any("<script>alert(1)</script>" in piece for piece in read_page(written / "index.html").text)


def test_the_grid_of_the_course_is_the_navigation(written: Path, read_page: Any) -> None:
    text = " ".join(" ".join(read_page(written / "index.html").text).split())
    for word in ("macro: everyone", "micro: one class or team", "quantitative", "qualitative", "dataset", "inference"):
        assert word in text
    for stage in ("dataset", "training", "inference"):
        for view in ("quantitative", "qualitative"):
            for path in pages_of(written):
                if path.name.startswith(("class-", "team-")):
                    assert f"{stage} · {view}" in "".join(read_page(path).text)


def test_a_class_without_test_images_says_so(written: Path, read_page: Any) -> None:
    page = "".join(read_page(written / "pages" / "inference.html").text)
    assert f"No instance in test, hence nothing to measure: {CLASSES[1]}." in page


def test_tables_are_beside_their_figures(written: Path) -> None:
    for figure in (written / "figures").iterdir():
        assert len(pd.read_csv(written / "tables" / f"{figure.stem}.csv")) > 0
    assert (written / "tables" / "results" / "test" / "results.csv").is_file()
    assert (written / "tables" / "results" / "dataset" / "manifest.csv").is_file()


def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed")
    return found


ASK = """<script>
addEventListener("load", () => {
  const bad = [...document.images].filter(i => !i.naturalWidth);
  document.body.dataset.seen = document.images.length + " images, bad: " + bad.length;
});
</script></body>"""


def open_in_chromium(folder: Path, page: str, profile: Path, *, allow: bool = True) -> tuple[str, list[str]]:
    """Open a page of a copied report: what the browser says of its images, and what its console said.

    The console is silent about pictures that a page cannot load from the disk, so a line of script, which only
    this copy has, asks each of them once all are loaded. Args: allow: let this script run, which the page forbids.
    """
    path = folder / page
    html = path.read_text(encoding="utf-8").replace(' loading="lazy"', "").replace("</body>", ASK)
    if allow:
        html = html.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'", 1)
    path.write_text(html, encoding="utf-8")
    command = [
        chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
        "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}", "--window-size=1200,3000",
        "--enable-logging=stderr", "--virtual-time-budget=5000", "--dump-dom", path.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    seen = re.search(r'data-seen="([^"]*)"', done.stdout)
    return seen.group(1) if seen else "", [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("page", ["index.html", "pages/inference.html"])
def test_a_browser_opens_it_from_the_file_manager(written: Path, page: str, tmp_path: Path, read_page: Any) -> None:
    folder = shutil.copytree(written, tmp_path / "copy of it")
    images = len(read_page(folder / page).images)
    assert open_in_chromium(folder, page, tmp_path / "profile") == (f"{images} images, bad: 0", [])


def test_the_browser_would_tell_of_a_missing_picture(written: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(written, tmp_path / "broken")
    next((folder / "pictures").glob("overview-*")).unlink()
    seen, _ = open_in_chromium(folder, "index.html", tmp_path / "profile")
    assert seen.endswith("bad: 1")


def test_a_script_that_got_in_would_not_run(written: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(written, tmp_path / "injected")
    seen, console = open_in_chromium(folder, "index.html", tmp_path / "profile", allow=False)
    assert seen == ""
    assert len(console) == 1 and "Content Security Policy" in console[0]


# Inputs that are not there, seen without drawing anything.


def build(matrix: Path, **options: Any) -> tuple[str, list[Plot], list[Missing]]:
    """All text of a report, its plots and what it misses; every plot must have rows to draw."""
    results = load_results(matrix, options.pop("data", None), options.pop("split", None))
    pages = build_pages(plan_pages(results, **{"classes": (), "teams": (), **options}))
    blocks = [block for page in pages for block in page_blocks(page)]
    plots = [b for b in blocks if isinstance(b, Plot)]
    for plot in plots:
        assert len(plot.rows), f"{plot.name} has nothing to draw"
    sizes: dict[str, tuple[int, int]] = {f"figures/{p.name}.png": (10, 10) for p in plots}
    sizes |= {f"pictures/{p.name}.jpg": (10, 10) for b in blocks if b.kind == "gallery" for p in b.pictures}  # type: ignore[union-attr]
    html = "\n".join(html for _, html in render_pages(pages, results, sizes))
    return html, plots, [b for b in blocks if isinstance(b, Missing)]


def test_every_page_answers_the_protocol() -> None:
    modules = members(labtools.report.pages)
    assert len(modules) >= 6
    for module in modules.values():
        assert isinstance(module.title, str) and isinstance(module.order, int) and callable(module.build)


def test_nothing_evaluated(lab_maker: Callable[..., Any]) -> None:
    _, plots, missing = build(lab_maker(evaluated=(), models=("yolov8n",)).make())
    assert any(command.startswith("labtools evaluate --split test") for m in missing for command in m.commands)
    assert "training-map" in {p.name for p in plots} and "inference-pr" not in {p.name for p in plots}
    assert "class-ballon-centres" in {p.name for p in plots}


def test_only_val_evaluated(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(evaluated=("val",), models=("yolov8n",), speed=False, study=False)
    html, plots, missing = build(maker.make())
    assert "The test split has not been evaluated yet, so these are figures on val" in html
    names = {p.name for p in plots}
    assert "inference-pr" in names and "inference-gap" not in names
    assert any("--task speed" in command for m in missing for command in m.commands)
    html, plots, _ = build(maker.matrix, split="test")
    assert "Evaluated so far: val." in html and "inference-pr" not in {p.name for p in plots}


def test_one_run_has_no_pair(lab_maker: Callable[..., Any]) -> None:
    _, plots, missing = build(lab_maker(models=("yolov8n",), freezes=(None,), sizes=(640,)).make())
    assert "training-freeze" not in {p.name for p in plots}
    assert any("differ in freeze alone" in m.what for m in missing)


def test_one_class_and_no_team(lab_maker: Callable[..., Any]) -> None:
    html, plots, _ = build(lab_maker(classes=("raccoon",), teams=(), models=("yolov8n",)).make())
    assert "pages/team-" not in html and "pages/class-raccoon.html" in html
    assert "class-raccoon-beside-others" not in {p.name for p in plots}


def test_no_findings_and_no_boxes(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(findings=False, models=("yolov8n",), sizes=(320,), evaluated=())
    maker._boxes = lambda *_: []
    html, _, _ = build(maker.make())
    assert "every file was read as it came" in html
    assert "There is no box in this dataset." in html


def test_nothing_trained_yet_has_no_epochs(lab_maker: Callable[..., Any]) -> None:
    matrix = lab_maker(evaluated=(), models=("yolov8n",), epochs=0).make()
    for run in matrix.iterdir():
        (run / "done.json").unlink()
        (run / "results.csv").unlink()
    html, _, missing = build(matrix)
    assert any("No training has finished an epoch yet." in m.what for m in missing)
    assert "to do" in html and "trainings are not finished" in html


def test_the_dataset_went_away(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(models=("yolov8n",))
    matrix = maker.make()
    shutil.rmtree(maker.root / "dataset")
    _, plots, missing = build(matrix)
    assert any("--data" in command for m in missing for command in m.commands)
    assert "inference-pr" in {p.name for p in plots}


def test_a_run_that_saw_nothing(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(models=("yolov8n",), freezes=(None,), sizes=(320,))
    matrix = maker.make()
    for split in ("val", "test"):
        table = read_split_table(matrix, split, "results")
        scores = dict.fromkeys(("precision", "recall", "f1", "map50", "map75", "map50_95"), float("nan"))
        write_table(split_folder(matrix, split) / "results.csv", table.assign(**scores), RESULTS)
        path = split_folder(matrix, split) / "yolov8n_320_nofreeze" / "predictions.parquet"
        path.unlink()
    _, _, missing = build(matrix)
    assert any("are not on disk" in m.what for m in missing)


def test_a_changed_dataset_is_said(lab_maker: Callable[..., Any]) -> None:
    maker = lab_maker(models=("yolov8n",), evaluated=())
    matrix = maker.make()
    path = maker.root / "dataset" / "dataset.json"
    path.write_text('{"fingerprint": "another", "layout": 1}')
    html, _, _ = build(matrix)
    assert "The dataset has changed since 4 of 4 trainings were planned" in html


def test_only_the_pages_asked_for(lab: Path) -> None:
    html, _, _ = build(lab, classes=["BALLON"], teams=["equipe 3"])
    assert set(re.findall(r"pages/((?:class|team)-[^.]+)\.html", html)) == {"class-ballon", "team-equipe_3"}


# The folder.


def test_a_folder_with_something_else_is_left_alone(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(LabError, match="something else than a report"):
        write_report(lab, tmp_path / "out")
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "thesis.txt"]


def test_the_old_report_stays_where_the_new_one_fails(
    lab_maker: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maker = lab_maker(classes=("a", "b"), teams=(), models=("yolov8n",), sizes=(320,), evaluated=(), frames=1)
    matrix, out = maker.make(), tmp_path / "out"
    write_report(matrix, out, classes=["a"])
    before = {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()}

    def no_space(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(assemble, "paint", no_space)
    with pytest.raises(OSError, match="no space"):
        write_report(matrix, out, classes=["b"])
    monkeypatch.undo()
    assert {p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    write_report(matrix, out, classes=["b"])
    assert not (out / "pages" / "class-a.html").exists() and (out / "pages" / "class-b.html").exists()
    assert {p.name for p in tmp_path.iterdir()} >= {"out"} and not list(tmp_path.glob(".out*"))
