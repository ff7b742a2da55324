"""A field of the wrong type is found when a file is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from labtools.core.fields import from_fields


@dataclass(frozen=True)
class Thing:
    name: str
    size: float = 0.0
    epochs: int = 0
    freeze: int | None = None
    more: dict[str, Any] = field(default_factory=dict)


def test_what_fits_is_taken_and_what_is_unknown_left_out() -> None:
    assert from_fields(Thing, {"name": "a", "size": 2, "more": {"x": 1}, "novel": 3}) == Thing("a", 2, more={"x": 1})
    assert from_fields(Thing, {"name": "a", "freeze": None}).freeze is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "name is missing"),
        ({"name": 3}, "name cannot be 3"),
        ({"name": "a", "epochs": "3"}, "epochs cannot be '3'"),
        ({"name": "a", "epochs": 3.0}, "epochs cannot be 3.0"),
        ({"name": "a", "epochs": None}, "epochs cannot be None"),
        ({"name": "a", "epochs": True}, "epochs cannot be True"),
        ({"name": "a", "epochs": 10**400}, "epochs cannot be 1000"),
        ({"name": "a", "size": float("nan")}, "size cannot be nan"),
        ({"name": "a", "size": float("-inf")}, "size cannot be -inf"),
        ({"name": "a", "freeze": []}, "freeze cannot be"),
        ({"name": "a", "more": []}, "more cannot be"),
    ],
)
def test_a_wrong_type_is_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        from_fields(Thing, wrong)
