"""What is kept in the cache, and a part of it brought back into a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labtools.artifacts.dataset import label_path
from labtools.core.packed import read_packed, write_packed
from labtools.prepare.memory import code_signature, is_untouched
from labtools.prepare.output.placing import create_labels, label_texts, link, make_folders
from labtools.prepare.parts import Part, part_from_json, part_to_json
from labtools.prepare.sources.near import Near
from labtools.prepare.sources.tree import Tree


def store_part(path: str, part: Part) -> None:
    """Keep a part."""
    keep(path, part_to_json(part))


def read_part(path: str) -> Part | None:
    """A kept part; None if it is damaged, or other code has made it."""
    content = recall(path)
    return None if content is None else part_from_json(content)


def keep(path: str, value: Any) -> None:
    """Keep plain values that the next version of this code may see otherwise."""
    write_packed(Path(path), (code_signature(), value))


def recall(path: str) -> Any:
    """What this very code has kept; None if there is nothing."""
    try:
        code, value = read_packed(Path(path))
    except (OSError, ValueError, TypeError):
        return None
    return value if code == code_signature() else None


def reinstate(part: Part, tree: Tree, base: str, before: str) -> bool:
    """Bring an unchanged part into the new dataset; False if somebody touched what would be taken over.

    Pictures are linked once more from what was handed in, or from the dataset of before; labels are written anew.
    """
    own = {image: (size, time) for image, size, time in part.written}
    make_folders(base, part.image)
    with Near() as near_source, Near() as near:
        for image, source in zip(part.image, part.source, strict=True):
            expected = own.get(image)
            old = tree.files[source].disk if expected is None else f"{before}/{image}"
            is_good = expected is None or is_untouched(old, expected)
            if not (is_good and link(old, f"{base}/{image}", near_source, near)):
                _undo(part, base)
                return False
    texts = label_texts(part.image, part.state, part.label)
    create_labels([(f"{base}/{path}", text) for path, text in texts.items()])
    return True


def _undo(part: Part, base: str) -> None:
    for image in part.image:
        for path in (image, label_path(image)):
            Path(base, path).unlink(missing_ok=True)
