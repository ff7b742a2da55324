"""Archives made in memory, the same bytes every time."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping

THEN = (2024, 1, 1, 12, 0, 0)


def zipped(members: Mapping[str, bytes], name: Callable[[str], str] = str, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(name(path), THEN), data, method)
    return buffer.getvalue()


def tarred(members: Mapping[str, bytes], mode: str = "w", extra: tuple[tarfile.TarInfo, ...] = ()) -> bytes:
    """A tar with these files, and ``extra`` entries without content before them."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for info in extra:
            archive.addfile(info)
        for path, data in members.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
