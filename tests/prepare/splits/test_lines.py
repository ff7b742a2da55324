"""One line of a list: what it names, what was odd about it, and the split that it says."""

from __future__ import annotations

import pytest

from labtools.prepare.splits.lines import Reading, headed, read_line, section, unquoted

KNOWN = frozenset(
    {"a.jpg", "b.jpg", "IMG (1).jpg", "#1.jpg", "a", "img 1", "img 2", "1", "2", "3", "4-5", "seq 1", "'x' y"}
    | {"C:/x/a.jpg", "D:\\x\\a.jpg", "/home/zoe/a.jpg", "~/a.jpg", "file:///a.jpg", "1/labels/a.txt", "1/a.xml"}
)


@pytest.mark.parametrize(
    ("line", "references", "codes", "split"),
    [
        ("a.jpg", ["a.jpg"], [], ""),
        (" a.jpg\t", ["a.jpg"], ["spaces"], ""),
        ("", [], ["blank-line"], ""),
        (" \u200b ", [], ["blank-line"], ""),
        ('"a.jpg"', ["a.jpg"], ["quotes"], ""),
        ("« a.jpg »,", ["a.jpg"], ["quotes"], ""),
        ("IMG (1).jpg", ["IMG (1).jpg"], [], ""),
        ("(IMG (1).jpg)", ["IMG (1).jpg"], ["quotes"], ""),
        ("'x' y", ["'x' y"], [], ""),  # the quotes belong to the name
        ("C:/x/a.jpg", ["C:/x/a.jpg"], ["windows-path"], ""),
        ('"D:\\x\\a.jpg"', ["D:\\x\\a.jpg"], ["quotes", "windows-path"], ""),
        ("/home/zoe/a.jpg", ["/home/zoe/a.jpg"], ["absolute-path"], ""),
        ("~/a.jpg", ["~/a.jpg"], ["absolute-path"], ""),
        ("file:///a.jpg", ["file:///a.jpg"], ["absolute-path"], ""),
        ("1/labels/a.txt", ["1/labels/a.txt"], ["label-path"], ""),
        ("1/a.xml", ["1/a.xml"], ["label-path"], ""),
        ("# fin", [], ["comment"], ""),
        ("#1.jpg", ["#1.jpg"], [], ""),
        ("filename", [], ["comment"], ""),
        ("[val]", [], ["comment"], ""),  # it heads what follows
        ("nous avons filmé trois vidéos", [], ["comment"], ""),
        ("c.jpg", ["c.jpg"], [], ""),  # means nothing here: to be reported as it is written
        ("un mot", ["un mot"], [], ""),
        ("1. a.jpg", ["a.jpg"], ["numbered"], ""),
        ("7) a", ["a"], ["numbered"], ""),
        ("- a.jpg", ["a.jpg"], ["numbered"], ""),
        ("a.jpg b.jpg", ["a.jpg", "b.jpg"], ["one-line"], ""),
        ("a.jpg;b.jpg;", ["a.jpg", "b.jpg"], ["quotes", "one-line"], ""),
        ("a.jpg 12,34,56,78,0", ["a.jpg"], ["extra-column"], ""),
        ("a.jpg # floue", ["a.jpg"], ["extra-column"], ""),
        ("a.jpg,train", ["a.jpg"], [], "train"),
        ("test a.jpg b.jpg", ["a.jpg", "b.jpg"], ["one-line"], "test"),
        ("validation,a.jpg", ["a.jpg"], [], "val"),
        ("a val", ["a"], [], "val"),
        ("val;a;velo", ["a"], ["extra-column"], "val"),
        ("a;velo;val", ["a"], ["extra-column"], "val"),
        ("img 1, img 2", ["img 1", "img 2"], ["one-line"], ""),
        ("a 1", ["a"], ["extra-column"], ""),
        ("séquences 1, 2 et 4-5", ["1", "2", "4-5"], ["one-line"], ""),
        ("1 et 2", ["1", "2"], ["one-line"], ""),
        ("seq 1", ["seq 1"], [], ""),
        ("3 est floue", ["3 est floue"], [], ""),  # a remark on sequence 3, not a list of it
        ("1 et 9", ["1", "9"], ["one-line"], ""),  # there is no 9: to be reported
    ],
)
def test_a_line_and_what_is_odd_about_it(line: str, references: list[str], codes: list[str], split: str) -> None:
    expected = Reading(tuple(references), tuple(f"list-{code}" for code in codes), split)
    assert read_line(line, KNOWN.__contains__) == expected


def test_numbers_side_by_side_are_names_only_where_the_list_is_that_line() -> None:
    numbers = {"0", "1", "12", "34"}
    assert read_line("12;0", numbers.__contains__, is_alone=True).references == ("12", "0")
    assert read_line("x12 0", {"x12", "0"}.__contains__).references == ("x12",), "a name, and 0 or 1 whether it counts"


@pytest.mark.parametrize(
    ("text", "bare"),
    [("'a', ", "a"), ("[a, b]", "a, b"), ("(a)", "a"), ("a (1)", "a (1)"), ("", ""), ('""', '""'), ("a;", "a")],
)
def test_quotes_and_brackets_around(text: str, bare: str) -> None:
    assert unquoted(text) == bare


@pytest.mark.parametrize(
    ("text", "split"),
    [
        ("== TEST set ==", "test"),
        ("# jeu de validation :", "val"),
        ("train/1", ""),
        ("train\\1", ""),
        ("train_0001", ""),
        ("train val", ""),
        ("train velo", ""),
        ("train" + " " * 60, ""),
    ],
)
def test_what_a_header_names(text: str, split: str) -> None:
    assert section(text) == split


def test_what_stands_behind_a_header() -> None:
    assert headed("val: 3, 4") == ("val", "3, 4")
    assert headed("test = a.jpg") == ("test", "a.jpg")
    assert headed("C:/x/a.jpg") == ("", "C:/x/a.jpg")
    assert headed("val 3") == ("", "val 3")
