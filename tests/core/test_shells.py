"""What people are told to type works as it is, in the shells of their system."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from labtools.core import shells


def test_words_are_quoted_and_paths_as_short_as_can_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = shells.typed("labtools", "prepare", tmp_path / "l'été 2026", "--out", Path("/elsewhere/ds"))
    assert shlex.split(command) == ["labtools", "prepare", "l'été 2026", "--out", "/elsewhere/ds"]


def test_on_windows_quotes_are_double(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "platform", "win32")
    command = shells.typed("labtools", "prepare", tmp_path / "l'été 2026" / "velo", "--out", tmp_path / "ds")
    assert command == 'labtools prepare "l\'été 2026/velo" --out ds'
