"""A mistake in a YAML file is a sentence with the file and the line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ConfigDict, Field

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
    assert _trouble(tmp_path, text).fix.endswith(f"he keys known here are: {keys}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nams: [a]\n", "did you mean names? The keys"),
        ("split: {sead: 2}\n", "did you mean seed? The keys"),
        ("xyz: 1\n", "Mend that; the keys known"),
    ],
)
def test_a_key_that_is_nearly_one_is_recognised(tmp_path: Path, text: str, said: str) -> None:
    assert said in _trouble(tmp_path, text).fix


class Open(Config):
    model_config = ConfigDict(extra="allow", frozen=True)
    batch: int


def test_a_missing_key_is_recognised_in_what_was_written_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "axes.yaml"
    path.write_text("batchs: 3\n", encoding="utf-8")
    with pytest.raises(LabError, match="batch: is missing") as caught:
        load_config(path, Open)
    assert "did you mean batch by batchs?" in caught.value.fix


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("split: [1]\n", "split: should hold `key: value` lines, but holds a list"),
        ("split: {seed: 1.5}\n", "split.seed: 1.5 is not a whole number"),
        ("teams: none\n", "teams: should be a list, such as [a, b], but is none"),
        ("teams: [{room: 2026-11-22}]\n", "teams.0.room: 2026-11-22 is not text: put it in quotes"),
        ("just words\n", "but holds just words"),
    ],
)
def test_a_value_of_another_kind_is_told_in_plain_words(tmp_path: Path, text: str, said: str) -> None:
    assert said in _trouble(tmp_path, text).what


def test_a_section_with_nothing_in_it_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    path = tmp_path / "course.yaml"
    path.write_text("names: [a]\nsplit:\n  # seed: 3\nteams:\n", encoding="utf-8")
    assert load_config(path, Course) == Course(names=("a",))


@pytest.mark.parametrize("written", ["010", "1:30", "10:00:00", "-0640"])
def test_numbers_that_only_old_yaml_reads_are_refused(tmp_path: Path, written: str) -> None:
    trouble = _trouble(tmp_path, f"names: [a]\nsplit: {{seed: {written}}}\n")
    assert f"YAML reads {written} as the number" in trouble.what
    assert str(trouble.where).endswith("course.yaml:2")


@pytest.mark.parametrize(
    ("written", "value"),
    [("0", 0), ("007", 7), ("-3", -3), ("0.5", 0.5), ("'010'", "010"), ("1_000", 1000), ("0x1F", 31)],
)
def test_other_numbers_are_not(tmp_path: Path, written: str, value: object) -> None:
    path = tmp_path / "numbers.yaml"
    path.write_text(f"- {written}\n", encoding="utf-8")
    assert read_yaml(path) == [value]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("names: &n [*n]\n", "lists in lists without an end"),
        (f"names: {'[' * 3000}{']' * 3000}\n", "lists in lists without an end"),
        (BOMB, "the aliases (*) of this file stand for too much"),
        ("names: [a]\n\n# \a\n", "a character in this file that no text has (number 7)"),
    ],
)
def test_yaml_that_never_ends_is_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    assert said in _trouble(tmp_path, text).what


def test_the_line_of_a_character_that_no_text_has_is_told(tmp_path: Path) -> None:
    assert str(_trouble(tmp_path, "names: [a]\n\n# \a\n").where).endswith("course.yaml:3")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="there is a folder where a file should be") as caught:
        read_yaml(tmp_path)
    assert caught.value.where == str(tmp_path)


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
