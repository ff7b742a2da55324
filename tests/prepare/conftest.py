"""Small cohorts built in code, and the real datasets where they are at hand."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def wild() -> Path:
    """The folder of real datasets; tests that need it are skipped where it is absent."""
    shared = Path(os.environ.get("LABTOOLS_SHARED", ROOT / "../shared")).resolve()
    folder = shared / "data" / "wild"
    if not (folder / "expected.json").is_file():
        pytest.skip(f"the real datasets are not at {folder} (set LABTOOLS_SHARED)")
    return folder


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """``picture(seed, wh=(64, 48), format="JPEG", **save options)``: the bytes of a picture of its own."""

    def make(seed: int, wh: tuple[int, int] = (64, 48), format: str = "JPEG", **options: Any) -> bytes:  # noqa: A002
        pixels = np.random.default_rng(seed).integers(0, 256, (wh[1], wh[0], 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, format, **options)
        return buffer.getvalue()

    return make


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """``put("in/velo/a.txt", content)`` writes a file below the test's folder."""

    def write(path: str, content: str | bytes) -> Path:
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    return write
