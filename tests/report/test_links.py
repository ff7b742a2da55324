"""Names that people typed become safe, unique file names, and are found again however they are typed."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labtools.core.errors import LabError
from labtools.report.links import choose, page_paths, stem_of


@given(st.lists(st.text(max_size=300), unique=True, max_size=12))
def test_any_names_give_as_many_files_in_the_pages_folder(names: list[str]) -> None:
    paths = page_paths("team", names)
    assert list(paths) == names
    assert len({p.casefold() for p in paths.values()}) == len(names)
    for path in map(PurePosixPath, paths.values()):
        assert path.parent == PurePosixPath("pages")
        assert path.suffix == ".html"
        assert len(path.name.encode()) < 255
        assert not set('<>:"\\|?*\0') & set(path.name)


def test_the_stem_names_the_figures_of_a_page() -> None:
    assert stem_of(page_paths("class", ["The Rock"])["The Rock"]) == "class-the_rock"


@pytest.mark.parametrize("typed", ["Les Bleus", "les_bleus", "LES-BLEUS", " les  bleus "])
def test_names_are_found_however_they_are_typed(typed: str) -> None:
    assert choose("team", [typed], ["Les Bleus", "équipe"]) == ("Les Bleus",)


def test_accents_do_not_matter() -> None:
    assert choose("team", ["equipe"], ["Les Bleus", "équipe"]) == ("équipe",)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(LabError) as error:
        choose("class", ["balon"], ["ballon", "jul"])
    assert "balon" in error.value.what
    assert error.value.fix == "The classes here are: ballon, jul."
