"""Names that people type in many ways, made comparable."""

from __future__ import annotations

import re
import unicodedata

# Device names that Windows refuses as a file or folder name, with or without an extension.
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))}
)


def is_device_name(name: str) -> bool:
    """Would Windows take this file or folder for a device?

    >>> is_device_name("CON"), is_device_name("aux.jpg"), is_device_name("contour.jpg")
    (True, True, False)
    """
    return name.partition(".")[0].strip().casefold() in _RESERVED


def slug(name: str) -> str:
    """A name for comparing and for folders: ASCII lower case, digits and single underscores.

    >>> slug("  The Rock ")
    'the_rock'
    >>> slug("Téléphone-Portable")
    'telephone_portable'

    Letters without an ASCII form (Arabic, Cyrillic) are kept, so that two such names stay apart.
    """
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return re.sub(r"[^\w]+|_+", "_", bare.casefold()).strip("_")


def folder_name(name: str) -> str:
    """`slug`, made safe as one folder of a dataset on Linux, Windows and macOS.

    ``images`` and ``labels`` get a trailing underscore: YOLO loaders find a label by replacing the last
    ``/images/`` of a path, so no other folder may bear these names.

    >>> folder_name("Images"), folder_name("CON"), folder_name("!!!")
    ('images_', 'con_', 'unnamed')
    """
    clean = slug(name)[:100].encode()[:150].decode("utf-8", "ignore").strip("_") or "unnamed"  # of at most 255 bytes
    return f"{clean}_" if clean in _RESERVED or clean in {"images", "labels"} else clean


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorts names as people do: ``team 2`` before ``team 10``, ``équipe`` beside ``equipe``.

    >>> sorted(["team 10", "zoo", "team 2", "Équipe"], key=natural_key)
    ['Équipe', 'team 2', 'team 10', 'zoo']
    """
    parts = re.split(r"(\d+)", unicodedata.normalize("NFKD", name))
    # (1, n) and (0, text): a number and a text at the same place can be compared
    return tuple((1, int(part), part) if part.isdecimal() else (0, 0, part.casefold()) for part in parts if part)
