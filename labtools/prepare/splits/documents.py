"""Splits inside documents: JSON (lists of names, COCO files per split), ``data.yaml``, Darknet's ``obj.data``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from labtools.prepare.sources.text import decode, without_halves
from labtools.prepare.sources.tree import suffix_of
from labtools.prepare.splits.tables import Listed, split_of_value

_NAME_KEYS = ("file_name", "filename", "file", "image_path", "path", "image", "img", "name", "external_id")
_SPLIT_KEYS = ("split", "subset", "set", "usage", "partition")
_MOST = 1 << 26  # bytes of a JSON that is read
_DEEPEST = 6


def read_json_list(data: bytes, split: str) -> list[Listed] | None:
    """The entries of a JSON that lists pictures; None if it says nothing about splits.

    Args:
        split: what the file's name says, ``""`` for nothing: then only a document that names splits counts.
    """
    if len(data) > _MOST:
        return None
    text = decode(data).whole
    if not (split or re.search(r'"[^"\n]*(?:train|val|test|appr)', text, re.IGNORECASE)):
        return None
    try:
        content = json.loads(without_halves(text))
    except (ValueError, RecursionError):
        return None
    found = [
        Listed(reference, 0, own or split)
        for reference, own in _entries(content, split, "", 0)
        if (own or split) and len(reference) < 1000
    ]
    return list(dict.fromkeys(found)) or None


def _entries(content: Any, split: str, folder: str, depth: int) -> Iterator[tuple[str, str]]:
    """References with the split that the document gives each (``split`` where it gives none)."""
    if depth > _DEEPEST:
        return
    if isinstance(content, (str, int)) and not isinstance(content, bool):
        yield folder + str(content), split
    elif isinstance(content, list):
        for one in content:
            yield from _entries(one, split, folder, depth + 1)
    elif isinstance(content, dict):
        yield from _entries_of_object(content, split, folder, depth)


def _entries_of_object(content: dict[str, Any], split: str, folder: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(content.get("images"), list):  # COCO, and its like
        yield from _entries(content["images"], split, folder, depth + 1)
        return
    name = next((content[k] for k in _NAME_KEYS if isinstance(content.get(k), str)), None)
    if name is not None:
        own = next((content[k] for k in _SPLIT_KEYS if isinstance(content.get(k), str)), "")
        yield folder + name, split_of_value(own) or split
        return
    by_split = {key: split_of_value(key) for key in content}
    if any(by_split.values()):
        for key, value in content.items():
            if by_split[key]:
                yield from _entries(value, by_split[key], folder, depth + 1)
        return
    for key, value in content.items():
        if isinstance(value, str) and split_of_value(value):  # {"frame_000001.jpg": "train"}
            yield folder + key, split_of_value(value)
        elif split and isinstance(value, list) and all(isinstance(one, (str, int)) for one in value):
            yield from _entries(value, split, f"{folder}{key}/", depth + 1)  # {"train": {"1": ["frame_000001"]}}


def pointers(path: str, data: bytes) -> list[tuple[str, str]]:
    """The splits and what each is said to be (a list, a folder, a picture) in ``data.yaml`` or ``obj.data``."""
    if suffix_of(path) == ".data":
        given: Mapping[str, Any] = obj_data(data)
    else:
        given = _yaml(data)
    base = given.get("path")
    base = f"{base.rstrip('/')}/" if isinstance(base, str) and base not in {"", ".", "./"} else ""
    found = []
    for key, value in given.items():
        split = split_of_value(key) if isinstance(key, str) else ""
        for one in _texts(value) if split else ():
            absolute = one.startswith(("/", "~", "./")) or one[1:2] == ":"
            found.append((split, one if absolute or not base else base + one))
    return found


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value).strip():
        return [str(value).strip()]
    if isinstance(value, list):
        return [str(one).strip() for one in value if isinstance(one, (str, int)) and str(one).strip()]
    return []


def obj_data(data: bytes) -> dict[str, str]:
    """The ``key = value`` lines of a Darknet ``obj.data``."""
    pairs = (line.partition("=") for line in decode(data).lines if "=" in line)
    return {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}


def _yaml(data: bytes) -> Mapping[str, Any]:
    """The top level of a data YAML; empty for anything else."""
    if len(data) > 1 << 22 or not re.search(rb"(?m)^\W*(?:train|val|test|appr|entr)\w*\W*:", data, re.IGNORECASE):
        return {}
    text = decode(data).whole
    if re.search(r"(^|[\s\[{,])[&*]\w", text):  # towers of aliases need an anchor, which no data.yaml has
        return {}
    try:
        content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  both are safe loaders
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
