"""Time grows with the size of a file, not with its square or worse: inputs that once took seconds or for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from fuzzing.targets import Case, check_annotations, check_list

LISTS = (
    b"a" + b" " * 50_000 + b"b",
    b"0 " + b"0523438 " * 2_000 + b"x",
    b"1" * 50_000,
    b"a.jpg " * 5_000,
    b"- " * 20_000,
    b"((" * 20_000,
    b"x " * 20_000 + b".jpg",
)
ANNOTATIONS = (
    ("labels/frame_000000.txt", b"0 0523438 0687500 0328125 0333333\n" * 300 + b"0 1 2\n"),
    ("labels/frame_000000.txt", b"0 " + b"0.5," * 3_000),
    ("annotations.xml", b"<!A" * 1_300),
    ("annotations.xml", b"<a>" * 5_000),
    ("instances.json", b"[" * 20_000),
    ("boxes.csv", b"filename,xmin,ymin,xmax,ymax,class\n" + b'"' * 20_000),
)


def check_quickly(check: Callable[[list[Case]], None], case: Case) -> None:
    start = time.process_time()
    check([case])
    assert time.process_time() - start < 5, f"{case.name} of {len(case.data)} bytes"


@pytest.mark.parametrize("data", LISTS, ids=lambda data: repr(data[:12]))
def test_lists(data: bytes) -> None:
    check_quickly(check_list, Case("test.txt", data))


@pytest.mark.parametrize(("name", "data"), ANNOTATIONS, ids=lambda value: repr(value[:14]))
def test_annotations(name: str, data: bytes) -> None:
    check_quickly(check_annotations, Case(name, data))
