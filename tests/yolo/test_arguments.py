"""Training arguments that Ultralytics takes without a word, and that nobody can have meant."""

from __future__ import annotations

from typing import Any

import pytest

from labtools.yolo.arguments import argument_trouble


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("tracker", "botsort.yaml", "tracker has no effect on a training"),
        ("multi_scale", True, "multi_scale is a number, not true"),
        ("workers", False, "workers is a number, not false"),
        ("pretrained", "best.pt", "pretrained is true or false here"),
        ("cache", "disk", "several lanes would write beside the same images"),
        ("cache", "rom", "cache cannot be 'rom' here"),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, value: Any, said: str) -> None:
    trouble = argument_trouble(name, value)
    assert trouble is not None
    assert said in trouble[0]
    assert trouble[1]


@pytest.mark.parametrize(
    ("name", "value"),
    [("multi_scale", 0.5), ("pretrained", False), ("cache", "ram"), ("cache", True), ("cos_lr", True)],
)
def test_what_can_be_meant_is_not(name: str, value: Any) -> None:
    assert argument_trouble(name, value) is None
