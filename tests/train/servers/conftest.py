"""Two real servers on loopback, as `scripts/loopback_servers.py` makes them, powered on once for all tests here."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from loopback_servers import LoopbackServers, lacking


@pytest.fixture(scope="session")
def _room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackServers]:
    if lack := lacking():
        pytest.skip(lack)
    shared = {name: os.environ[name] for name in ("LABTOOLS_OFFLINE", "LABTOOLS_CACHE", "LABTOOLS_TMUX_SOCKET")}
    with LoopbackServers(tmp_path_factory.mktemp("room"), env=shared, is_tied=True) as room:
        yield room


@pytest.fixture
def room(_room: LoopbackServers, monkeypatch: pytest.MonkeyPatch) -> LoopbackServers:
    """Servers a and b, both on, which `labtools` reaches."""
    for name in _room.names:
        _room.power_on(name)
    monkeypatch.setenv("LABTOOLS_SSH", _room.ssh)
    return _room
