"""Pictures that the scout reads while the first process imports, and what of that can be taken over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labtools.prepare.sources.scout import Ahead, Known

if TYPE_CHECKING:
    from labtools.prepare.pictures.reader import Picture
    from labtools.prepare.sources.tree import Tree


def examiner() -> Ahead:
    """See `Scout`: header and hash of each sound picture; about the others there is something to say."""
    from labtools.core.files import hash_bytes
    from labtools.prepare.pictures.headers import read_header
    from labtools.prepare.pictures.opening import ImageError
    from labtools.prepare.sources.tree import READ_ERRORS, is_image_name, read_disk

    def examine(disk: str) -> Known | None:
        if not is_image_name(disk):
            return None
        try:
            data = read_disk(disk)
            header = read_header(data)
        except (ImageError, *READ_ERRORS):
            return None
        return None if header.is_doubtful else (tuple(header), hash_bytes(data), len(data))

    return examine


def taken_over(examined: Mapping[str, Known], tree: Tree) -> dict[str, Picture]:
    """By path, the pictures of which all is known."""
    from labtools.prepare.pictures.headers import Header
    from labtools.prepare.pictures.oddities import oddities
    from labtools.prepare.pictures.reader import Picture

    found: dict[str, Picture] = {}
    for path in tree.images if examined else ():
        file = tree.files[path]
        known = examined.get(file.disk) if file.member is None else None
        if known is not None:
            picture = Picture(path, Header(*known[0]), *known[1:])
            if not any(oddities(path, picture.header, "")):
                found[path] = picture
    return found
