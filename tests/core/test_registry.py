"""A folder of modules as a table."""

from __future__ import annotations

import labtools.core
from labtools.core.registry import members


def test_members_come_in_name_order_without_helpers() -> None:
    found = members(labtools.core)
    assert list(found) == sorted(found)
    assert found["boxes"].__name__ == "labtools.core.boxes"
    assert not any(name.startswith("_") for name in found)
