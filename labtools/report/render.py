"""Pages -> HTML, through the templates, which escape everything that people typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

import jinja2

from labtools import __version__
from labtools.report.content import STAGES, VIEWS, Page, Scope, Stage, View
from labtools.report.load import Results

Sizes = dict[str, tuple[int, int]]
"""Path in the report -> (width, height) in CSS pixels."""


@dataclass(frozen=True)
class GridCell:
    """One cell of the course's grading grid: what fills it, in groups ("" for everyone, classes, teams) of
    (title, href relative to the report)."""

    groups: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


def render_pages(
    pages: list[Page], results: Results, sizes: Mapping[str, tuple[int, int]]
) -> Iterator[tuple[str, str]]:
    """(path, HTML) of every page."""
    template = _environment().get_template("page.html.j2")
    css = _read("style.css")
    groups = {scope: [p for p in pages if p.scope == scope] for scope in ("overview", "macro", "class", "team")}
    for page in pages:
        depth = page.path.count("/")
        yield (
            page.path,
            template.render(
                page=page,
                root="../" * depth,
                css=css,
                groups=groups,
                grid=grading_grid(pages) if page.scope == "overview" else None,
                contents=page_grid(page),
                neighbours=_neighbours(page, groups),
                sizes=sizes,
                results=results,
                version=__version__,
                shade=shade,
                stages=STAGES,
                views=VIEWS,
            ),
        )


def grading_grid(pages: list[Page]) -> dict[Stage, dict[tuple[str, View], GridCell]]:
    """dataset, training, inference x macro and micro x quantitative and qualitative, as the course grades."""
    return {
        stage: {(scope, view): _grid_cell(pages, stage, scope, view) for scope in ("macro", "micro") for view in VIEWS}
        for stage in STAGES
    }


def _grid_cell(pages: list[Page], stage: Stage, scope: str, view: View) -> GridCell:
    """Macro: the sections themselves. Micro: the first fitting section of every class and team."""
    wanted: dict[str, str] = {"macro": ""} if scope == "macro" else {"class": "classes", "team": "teams"}
    groups: dict[str, list[tuple[str, str]]] = {}
    for page in pages:
        if page.scope not in wanted:
            continue
        fitting = [s for s in page.sections if s.stage == stage and s.view == view]
        links = [(s.title if scope == "macro" else page.label, f"{page.path}#{s.anchor}") for s in fitting]
        groups.setdefault(wanted[page.scope], []).extend(links if scope == "macro" else links[:1])
    return GridCell(tuple((name, tuple(links)) for name, links in groups.items() if links))


def page_grid(page: Page) -> dict[Stage, dict[View, list[tuple[str, str]]]]:
    """The page's own table of contents in the same grid: stage -> view -> (title, anchor); empty stages left out."""
    grid: dict[Stage, dict[View, list[tuple[str, str]]]] = {}
    for stage in STAGES:
        sections = [s for s in page.sections if s.stage == stage]
        if sections:
            grid[stage] = {view: [(s.title, s.anchor) for s in sections if s.view == view] for view in VIEWS}
    return grid


def _neighbours(page: Page, groups: Mapping[Scope | str, list[Page]]) -> tuple[Page | None, Page | None]:
    """The page before and after, among the classes or among the teams."""
    if page.scope not in ("class", "team"):
        return None, None
    group = groups[page.scope]
    i = group.index(page)
    return (group[i - 1] if i else None), (group[i + 1] if i + 1 < len(group) else None)


def shade(value: float) -> str:
    """A background from white to blue for 0..1, light enough for dark text."""
    return f"background:hsl(207 70% {99 - 31 * value:.0f}%)"


def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _read(name: str) -> str:
    return (files("labtools.report") / "templates" / name).read_text(encoding="utf-8")
