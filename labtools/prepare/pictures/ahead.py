"""Pictures that the scout reads while the first process imports, and what of that can be taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from labtools.prepare.sources.scout import Ahead, Known

if TYPE_CHECKING:
    from labtools.prepare.pictures.headers import Header
    from labtools.prepare.pictures.reader import Picture
    from labtools.prepare.sources.tree import Tree


def examiner() -> Ahead:
    """See `Scout`: header and hash of each sound picture; about the others there is something to say."""
    from labtools.core.files import hash_bytes

    def examine(disks: Sequence[str]) -> dict[str, Known]:
        return {disk: (tuple(header), hash_bytes(data), len(data)) for disk, data, header in _sound(disks)}

    return examine


def looker() -> Ahead:
    """`examiner`, and what they look like."""
    from labtools.core.files import hash_bytes
    from labtools.prepare.pictures.hashing import Thumbnail, seen_in, shrink
    from labtools.prepare.pictures.opening import ImageError

    def examine(disks: Sequence[str]) -> dict[str, Known]:
        thumbnails: list[Thumbnail] = []
        found: dict[str, Known] = {}
        for disk, data, header in _sound(disks):
            try:
                thumbnail = shrink(data, header)
            except ImageError:
                continue
            if not thumbnail.damage:
                thumbnails.append(thumbnail)
                found[disk] = (tuple(header), hash_bytes(data), len(data))
        looks = zip(found.items(), seen_in(thumbnails), strict=True)
        return {disk: (*known, seen.phash, seen.tone) for (disk, known), seen in looks}

    return examine


def _sound(disks: Sequence[str]) -> Iterator[tuple[str, bytes, Header]]:
    from labtools.prepare.pictures.headers import read_header
    from labtools.prepare.pictures.opening import ImageError
    from labtools.prepare.sources.near import Near
    from labtools.prepare.sources.tree import READ_ERRORS, is_image_name, read_disk

    with Near() as near:
        for disk in disks:
            if is_image_name(disk):
                try:
                    data = read_disk(disk, near)
                    header = read_header(data)
                except (ImageError, *READ_ERRORS):
                    continue
                if not header.is_doubtful:
                    yield disk, data, header


def taken_over(examined: Mapping[str, Known], tree: Tree, *, looks: bool) -> dict[str, Picture]:
    """By path, the pictures of which all is known.

    Args:
        looks: `looker` says all, `examiner` does not.
    """
    from labtools.prepare.pictures.headers import Header
    from labtools.prepare.pictures.oddities import oddities
    from labtools.prepare.pictures.reader import Picture

    found: dict[str, Picture] = {}
    wanted = 5 if looks else 3
    for path in tree.images if examined else ():
        file = tree.files[path]
        known = examined.get(file.disk, ()) if file.member is None else ()
        if len(known) >= wanted:
            picture = Picture(path, Header(*known[0]), *known[1:wanted])
            if not any(oddities(path, picture.header, "")):
                found[path] = picture
    return found
