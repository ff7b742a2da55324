"""A cache of plain values: they come back as they were, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from labtools.core.packed import read_packed, write_packed

VALUE = {"a": (1, 2.5, None, "é\udcff", b"\0"), "b": [True, (1 << 63, -1)]}


def test_plain_values_come_back(tmp_path: Path) -> None:
    write_packed(tmp_path / "a.b", VALUE)
    assert read_packed(tmp_path / "a.b") == VALUE
    assert [path.name for path in tmp_path.iterdir()] == ["a.b"]


def test_any_damaged_byte_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_packed(path, VALUE)
    sound = path.read_bytes()
    spoiled = [sound[:i] + bytes([sound[i] ^ 1]) + sound[i + 1 :] for i in range(len(sound))]
    for data in [*spoiled, *(sound[:i] for i in range(len(sound))), sound + b"\0", b"{}"]:
        path.write_bytes(data)
        with pytest.raises(ValueError, match="damaged"):
            read_packed(path)


def test_only_plain_values(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="marshal"):
        write_packed(tmp_path / "a", tmp_path)
