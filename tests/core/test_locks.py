"""One at a time, and the next one as soon as that one is done."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from labtools.core.locks import awaited, held


def test_a_lock_is_waited_for_as_long_as_patience_lasts(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "a.lock"
    with held(path) as ours:
        assert ours
        with held(path) as second:
            assert not second
        start = time.monotonic()
        with awaited(path, 0.2) as late:
            assert not late
        assert time.monotonic() - start >= 0.2
    with held(path) as again:
        assert again, "the block was left, and with it the lock"


def test_whoever_waits_comes_next(tmp_path: Path) -> None:
    path, order = tmp_path / "a.lock", []

    def wait() -> None:
        with awaited(path, 60) as ours:
            order.append(("second", ours))

    with held(path):
        waiting = threading.Thread(target=wait)
        waiting.start()
        time.sleep(0.2)
        order.append(("first", True))
    waiting.join(60)
    assert order == [("first", True), ("second", True)]
