"""A zip whose directory is sound but whose members are damaged: findings for those, no crash, the rest is kept."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from labtools.prepare.pipeline import prepare


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("member", ["obj.names", "notes/0001.txt", "more.json", "frame.txt"])
def test_a_damaged_member_costs_only_itself(member: str, compression: int, tmp_path: Path) -> None:
    folder = tmp_path / "in" / "train"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    picture = cv2.imencode(".png", np.full((32, 32, 3), 90, np.uint8))[1].tobytes()
    (folder / "images" / "a.png").write_bytes(picture)
    (folder / "labels" / "a.txt").write_text("0 0.5 0.5 0.25 0.5\n")
    archive = tmp_path / "in" / "task.zip"
    with zipfile.ZipFile(archive, "w", compression) as target:
        target.writestr(member, b"0 0.5 0.5 0.25 0.5\n" * 40)
        info = target.infolist()[0]
    data = bytearray(archive.read_bytes())
    start = info.header_offset + 30 + len(member)  # behind the local header and the name
    for index in range(start, start + 8):
        data[index] ^= 0xFF
    archive.write_bytes(data)

    result = prepare(tmp_path / "in", tmp_path / "out")

    assert list((result.out / "labels").rglob("a.txt"))
    assert any(f.file == f"task.zip!/{member}" for f in result.findings)
