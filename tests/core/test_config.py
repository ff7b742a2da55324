"""A mistake in a YAML file is a sentence with the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field

from labtools.core.config import Config, load_config, read_yaml
from labtools.core.errors import LabError


class Split(Config):
    seed: int = 0


class Team(Config):
    members: int = 0
    room: str = ""


class Course(Config):
    names: tuple[str, ...] = ()
    split: Split = Field(default_factory=Split)
    teams: list[Team] | None = None


def _trouble(tmp_path: Path, text: str) -> LabError:
    path = tmp_path / "course.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LabError) as caught:
        load_config(path, Course)
    return caught.value


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "course.yaml"
    path.write_text("\ufeffnames: [ballon, téléphone]\n", encoding="utf-8")
    assert load_config(path, Course).names == ("ballon", "téléphone")


def test_an_unknown_key_is_named_with_its_line(tmp_path: Path) -> None:
    trouble = _trouble(tmp_path, "names: [a]\nsplit:\n  seed: 1\n  sead: 2\n")
    assert "split.sead: unknown key (line 4)" in trouble.what
    assert trouble.where is not None and trouble.where.endswith("course.yaml:4")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("naems: [a]\n", "names, split, teams."),
        ("split: {sead: 2}\n", "seed."),
        ("teams: [{members: 1}, {member: 2}]\n", "members, room."),
    ],
)
def test_the_keys_that_are_told_are_those_of_that_place(tmp_path: Path, text: str, keys: str) -> None:
    assert _trouble(tmp_path, text).fix.endswith(f"the keys known here are: {keys}")


def test_a_wrong_value_is_named_with_its_line(tmp_path: Path) -> None:
    assert "split.seed" in _trouble(tmp_path, "names: [a]\nsplit: {seed: many}\n").what


def test_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    trouble = _trouble(tmp_path, "names: [a\nsplit: 1\n")
    assert "not valid YAML" in trouble.what and ":2" in str(trouble.where)


def test_a_list_is_not_a_configuration(tmp_path: Path) -> None:
    assert "holds a list" in _trouble(tmp_path, "- a\n").what


def test_yaml_that_would_run_code_does_not(tmp_path: Path) -> None:
    path = tmp_path / "evil.yaml"
    path.write_text("!!python/object/apply:os.mkdir ['made']\n", encoding="utf-8")
    with pytest.raises(LabError):
        read_yaml(path)
    assert not Path("made").exists()


def test_an_absent_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="does not exist"):
        load_config(tmp_path / "nothing.yaml", Course)


def test_a_key_given_twice_is_named_with_both_lines(tmp_path: Path) -> None:
    trouble = _trouble(tmp_path, "names: [a]\nsplit:\n  seed: 1\n  seed: 2\n")
    assert "`seed:` is given twice, in line 3 and here" in trouble.what
    assert str(trouble.where).endswith("course.yaml:4")


def test_the_same_key_in_two_places_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("- {seed: 1}\n- {seed: 2}\n", encoding="utf-8")
    assert read_yaml(path) == [{"seed": 1}, {"seed": 2}]
