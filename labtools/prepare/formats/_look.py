"""What kind of file is it? Told by its first bytes and the words in it, never by its suffix.

Every format asks this about every file, so it is found out once per submission and kept in `Tree.memo`. Of the 28,610
label files of a cohort only a few per folder are opened: where these are text, so are the others (a file that is not
costs its own lines, with a finding for each).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from labtools.prepare.sources.tree import IMAGE_SUFFIXES, READ_ERRORS, Tree, name_of, suffix_of

_HEAD = 4096
_FEW = 20  # so many text files of a folder are all opened

# Suffixes under which annotations are expected; under any other a file must begin like XML or JSON to be looked at.
_TABLES = frozenset({".csv", ".tsv", ".txt", ".dat", ""})
_EXPECTED = frozenset({".xml", ".json", ".csv", ".tsv", ".txt"})
_MOST_STRANGE = 32 << 20
_SKIPPED = IMAGE_SUFFIXES | frozenset(
    {".names", ".data", ".yaml", ".yml", ".md", ".zip", ".gz", ".tar", ".tgz", ".rar", ".7z", ".pdf", ".html", ".htm"}
    | {
        ".mp4",
        ".avi",
        ".mov",
        ".mkv",
        ".webm",
        ".pt",
        ".pth",
        ".weights",
        ".onnx",
        ".npy",
        ".npz",
        ".pkl",
        ".py",
        ".ipynb",
        ".svg",
    }
    | {".docx", ".xlsx", ".pptx", ".odt", ".ods"}
)
_MANY = (".txt", ".jpg", ".png", ".jpeg")
_XML_WORDS = (b"annotation", b"image", b"track", b"bndbox", b"robndbox", b"polygon")
_JSON_WORDS = frozenset(
    (
        b"images annotations categories image_id bbox shapes imagePath shape_type regions shape_attributes "
        b"_via_img_metadata file metadata view vid coordinates image items objects classTitle result original_width"
    ).split()
)
_QUOTED = re.compile(rb'"(\w+)"')
_END = 1000  # bytes at each end of a JSON file that tell most: LabelMe puts a whole picture in between
_TELLING = tuple(
    frozenset(some.split())
    for some in (
        b"shapes shape_type",
        b"shapes imagePath",
        b"regions shape_attributes",
        b"images annotations categories",
    )
)


class Look(NamedTuple):
    """What a file is.

    Attributes:
        kind: ``xml``, ``json``, ``table`` (lines of text; only where a table could be), or ``""`` for anything else.
        root: of XML the first element's name; of JSON its first character.
        words: of XML the elements, of JSON the keys that occur, out of those that tell formats apart.
        head: of a table the first kilobytes.
    """

    kind: str
    root: str = ""
    words: frozenset[str] = frozenset()
    head: bytes = b""


def looks(tree: Tree) -> dict[str, Look]:
    """What each file is that could hold annotations, in the tree's order; label files of the usual kind are absent."""
    found = tree.memo.get(__name__)
    if not isinstance(found, dict):
        found = {path: look for path in _candidates(tree) if (look := _look(tree, path)).kind}
        tree.memo[__name__] = found
    return found


def of_kind(tree: Tree, kind: str) -> Iterator[tuple[str, Look]]:
    """The files of one kind, in order."""
    return ((path, look) for path, look in looks(tree).items() if look.kind == kind)


def _candidates(tree: Tree) -> list[str]:
    texts: dict[str, list[str]] = defaultdict(list)
    for path in tree.ending(".txt"):
        texts[path.rpartition("/")[0]].append(path)
    # endswith alone decides about nearly all: 28,610 pictures and as many labels
    others = [path for path in tree if not path.endswith(_MANY)]
    found = [p for p in others if suffix_of(p) not in _SKIPPED and suffix_of(p) != ".txt" and name_of(p)[:1] != "#"]
    for paths in texts.values():
        if len(paths) <= _FEW or any(
            _start(tree, path)[:1] in {b"<", b"{", b"["} for path in (paths[0], paths[len(paths) // 2], paths[-1])
        ):
            found += paths
        else:  # names without a number: lists and tables, not one of many labels
            found += [p for p in paths if not p[-5:-4].isdigit() and not any(c.isdigit() for c in name_of(p))][:_FEW]
    return sorted(found)


def _start(tree: Tree, path: str) -> bytes:
    """The first bytes without byte-order mark, NULs of UTF-16 and white space."""
    try:
        return _bare(tree.read(path)[:200])
    except READ_ERRORS:
        return b""  # reported by whoever uses the file


def _bare(head: bytes) -> bytes:
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip()


def _is_too_large(tree: Tree, path: str) -> bool:
    """Weights, videos and the like under a suffix that nobody thought of: not worth reading to see that."""
    try:
        return suffix_of(path) not in _EXPECTED and tree.files[path].size > _MOST_STRANGE
    except OSError:
        return False


def _look(tree: Tree, path: str) -> Look:
    if _is_too_large(tree, path):
        return Look("")
    try:
        data = tree.read(path)
    except READ_ERRORS:
        return _unreadable(path)
    start = _bare(data[:200])
    if start[:1] == b"<":
        return _xml(data)
    if start[:1] in {b"{", b"["}:
        return _json(data)
    suffix = suffix_of(path)
    if suffix in {".xml", ".json"}:
        return Look(suffix[1:])
    return Look("table", head=data[:_HEAD]) if suffix in _TABLES and start else Look("")


def _unreadable(path: str) -> Look:
    """Whoever expects such a file says that it cannot be read."""
    suffix = suffix_of(path)
    return Look(suffix[1:]) if suffix in {".xml", ".json"} else Look("")


def _xml(data: bytes) -> Look:
    plain = data if b"\0" not in data[:4] else data.replace(b"\0", b"")
    head = re.sub(rb"<\?.*?\?>|<!--.*?-->|<![A-Z][^>\[]*(?:\[[^\]]*\]\s*)?>", b"", plain[:_HEAD], flags=re.DOTALL)
    match = re.search(rb"<([A-Za-z_][\w.-]*)", head)
    root = match[1].decode("ascii", "replace") if match else ""
    if root.lower() in {"html", "svg"}:
        return Look("")
    if root == "annotation":  # one picture's file, of which there may be thousands: that says it all
        return Look("xml", root)
    words = frozenset(w.decode() for w in _XML_WORDS if re.search(rb"<" + w + rb"[\s>/]", plain))
    return Look("xml", root, words)


def _json(data: bytes) -> Look:
    plain = data if b"\0" not in data[:4] else data.replace(b"\0", b"")
    words = _JSON_WORDS.intersection(_QUOTED.findall(plain[:_END] + plain[-_END:]))
    if len(plain) > _END and not any(some <= words for some in _TELLING):
        words = frozenset(word for word in _JSON_WORDS if b'"' + word + b'"' in plain)
    return Look("json", _bare(plain[:200])[:1].decode(), frozenset(word.decode() for word in words))
