"""Files that name class ids: ``obj.names``, ``classes.txt``, ``data.yaml`` and their like, as people leave them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

import yaml

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree, folder_of, name_of, suffix_of

_LIST_NAMES = frozenset(
    {"classes.txt", "class.txt", "labels.txt", "names.txt", "class_names.txt", "class_list.txt", "obj_names.txt"}
    | {"obj.names.txt", "predefined_classes.txt"}
)
_JSON_NAMES = frozenset({"notes.json", "classes.json", "class_names.json", "names.json"})  # the first: Label Studio's
_SUFFIXES = (".names", ".yaml", ".yml", ".labels", ".txt", ".json")
_MOST_NAMES = 10_000
_MOST_BYTES = 1 << 20
_MOST_BRACKETS = 300
_NUMBERED = re.compile(r"(\d{1,4})\s*[:;,=|\t ]\s*(.*\S)")


@dataclass(frozen=True)
class NamesFile:
    """The class names that one file gives.

    Attributes:
        path: the file.
        names: in id order; ``""`` for an id that it skips.
        gapless: the names if blank lines are taken for nothing, where that makes a difference; else empty.
        keypoints: number and columns of the keypoints behind each box (``kpt_shape``).
        announced: ``nc``, the number of classes that the file itself announces.
    """

    path: str
    names: tuple[str, ...]
    gapless: tuple[str, ...] = ()
    keypoints: tuple[int, int] | None = None
    announced: int | None = None

    def for_ids(self, used: Collection[int]) -> NamesFile:
        """With blank lines read as the ids in use demand: as ids that nobody uses, or as nothing.

        Where both readings name every id, an id that they name differently has no name.
        """
        if not self.gapless:
            return self
        as_written = all(i < len(self.names) and self.names[i] for i in used)
        without = all(i < len(self.gapless) for i in used)
        if not without or not used:
            return replace(self, gapless=())
        if not as_written:
            return replace(self, names=self.gapless, gapless=())
        both = (a if i not in used or self.gapless[i] == a else "" for i, a in enumerate(self.names))
        return replace(self, names=tuple(both), gapless=())


def names_files(tree: Tree) -> tuple[list[NamesFile], list[Finding]]:
    """Every file of a submission that names ids, and what was wrong with some."""
    found: list[NamesFile] = []
    findings: list[Finding] = []
    texts = [path for path in tree.ending(".txt") if path.rpartition("/")[2].lower().strip() in _LIST_NAMES]
    for path in sorted([*texts, *(p for p in tree.ending(*_SUFFIXES) if suffix_of(p) != ".txt" and is_names_file(p))]):
        try:
            file = _read(path, tree.read(path))
        except (*READ_ERRORS, ValueError, yaml.YAMLError, RecursionError) as error:
            what = Sentence("the class names cannot be read: {why}", why=verbatim(type(error).__name__))
            findings.append(Finding("", path, 0, "names-unreadable", Severity.WARNING, what, Action.LEFT_OUT))
            continue
        if file.names:
            found.append(file)
            findings += _oddities(file)
    return found, findings


def _oddities(file: NamesFile) -> list[Finding]:
    findings = []
    given = [name for name in file.names if name]
    if file.announced is not None and file.announced != len(file.names):
        what = Sentence(
            "nc says {announced} {announced:class|classes}, but {n} {n:is|are} named: the names count",
            announced=file.announced,
            n=len(file.names),
        )
        findings.append(Finding("", file.path, 0, "names-count-differs", Severity.INFO, what, Action.REPAIRED))
    twice = sorted({name for name in given if given.count(name) > 1}) if len(given) < 500 else []
    if twice:
        what = Sentence("two ids are called {name!r}: they are one class", name=twice[0])
        findings.append(Finding("", file.path, 0, "names-twice", Severity.INFO, what, Action.REPAIRED))
    if file.gapless:
        what = Sentence("blank lines between the names: read as the ids in the labels demand")
        findings.append(Finding("", file.path, 0, "names-blank-lines", Severity.INFO, what, Action.REPAIRED))
    return findings


def is_names_file(path: str) -> bool:
    """Does the name promise class names? (A YAML file may turn out to hold something else.)"""
    name = name_of(path).lower().strip()
    return name in _LIST_NAMES or name in _JSON_NAMES or name.endswith((".names", ".yaml", ".yml", "darknet.labels"))


def _read(path: str, data: bytes) -> NamesFile:
    if len(data) > _MOST_BYTES or (suffix_of(path) == ".json" and b'"annotations"' in data):
        return NamesFile(path, ())
    if suffix_of(path) in {".yaml", ".yml", ".json"}:
        return _yaml(path, decode(data).whole)  # JSON is YAML, too
    return _list(path, decode(data).lines)


def _list(path: str, lines: tuple[str, ...]) -> NamesFile:
    """One name per line, perhaps numbered, perhaps all on one line."""
    names = [_bare(line) for line in lines if not line.lstrip().startswith("#")]
    while names and not names[-1]:
        names.pop()
    given = [name for name in names if name]
    if len(given) == 1 and re.search(r"[,;]", given[0]):
        names = given = [_bare(name) for name in re.split(r"[,;]", given[0])]
    if len(given) > _MOST_NAMES or all(re.fullmatch(r"[\d\s.,;eE+-]+", name) for name in given):
        return NamesFile(path, ())
    numbered = [_NUMBERED.fullmatch(name) for name in given]
    ids = [int(match[1]) for match in numbered if match]
    if len(ids) == len(given) and len(set(ids)) == len(ids) and (len(ids) > 1 or ids == [0]):
        by_id = {int(match[1]): _bare(match[2]) for match in numbered if match}
        return NamesFile(path, _in_order(by_id))
    # A blank line behind every name is how the editor wrote line ends, not an id.
    doubled = len(names) > 2 and not any(names[1::2]) and all(names[0::2])
    if doubled or len(given) == len(names):
        return NamesFile(path, tuple(given))
    return NamesFile(path, tuple(names), tuple(given))


def _yaml(path: str, text: str) -> NamesFile:
    # Aliases would expand: `&a [*b, *b]` towers need an anchor, which no data.yaml has.
    if re.search(r"(^|[\s\[{,])[&*]\w", text):
        raise ValueError("YAML anchors are not read")
    # A tower of brackets takes seconds to fail; a list of names has one, and a dash or two.
    if text.count("[") + text.count("{") > _MOST_BRACKETS or text.count("- -") > _MOST_BRACKETS:
        raise ValueError("YAML is nested too deep")
    # The base loader leaves every scalar as written: a class may be called `no`, `1e3` or `null`.
    content = yaml.load(text.replace("\t", "  "), yaml.BaseLoader)  # noqa: S506  it makes nothing but text
    if suffix_of(path) == ".json" and (not isinstance(content, dict) or not {"names", "classes"} & content.keys()):
        return NamesFile(path, _json_names(content))
    if not isinstance(content, dict):
        return NamesFile(path, ())
    given: object = content.get("names", content.get("classes"))
    announced = content.get("nc")
    count = int(announced) if isinstance(announced, str) and re.fullmatch(r"\d{1,5}", announced) else None
    return NamesFile(path, _yaml_names(given), (), _keypoints(content.get("kpt_shape")), count)


def _json_names(content: object) -> tuple[str, ...]:
    """A list of names, ``{"0": "velo"}``, or the ``categories`` of Label Studio's ``notes.json``."""
    categories = content.get("categories") if isinstance(content, dict) else None
    if isinstance(categories, list):
        pairs = [(one.get("id"), one.get("name")) for one in categories if isinstance(one, dict)]
        return _yaml_names({key: name for key, name in pairs if isinstance(key, str)})
    return _yaml_names(content)


def _yaml_names(given: object) -> tuple[str, ...]:
    if isinstance(given, str):
        given = re.split(r"[,;]", given.strip("[](){}")) if given.strip() else []
    if isinstance(given, list) and len(given) <= _MOST_NAMES:
        single = [next(iter(n.items())) if isinstance(n, dict) and len(n) == 1 else ("", n) for n in given]
        return tuple(_bare(name) if isinstance(name, str) else "" for _, name in single)
    if isinstance(given, dict) and given:
        by_id = {int(k): _bare(v) for k, v in given.items() if re.fullmatch(r"\s*\d{1,4}\s*", k) and isinstance(v, str)}
        if not by_id:  # `velo: 0` instead of `0: velo`
            by_id = {int(v): _bare(k) for k, v in given.items() if isinstance(v, str) and re.fullmatch(r"\d{1,4}", v)}
        return _in_order(by_id)
    return ()


def _in_order(by_id: dict[int, str]) -> tuple[str, ...]:
    return tuple(by_id.get(i, "") for i in range(max(by_id, default=-1) + 1))


def _keypoints(shape: object) -> tuple[int, int] | None:
    if isinstance(shape, list) and len(shape) == 2 and all(isinstance(n, str) and n.isdecimal() for n in shape):
        count, columns = int(shape[0][:4]), int(shape[1][:4])
        return (count, columns) if count > 0 and columns in {2, 3} else None
    return None


def _bare(name: str) -> str:
    if any("\ud800" <= c <= "\udfff" for c in name):  # YAML's "\ud83d\ude00" comes as two halves, as in no file
        name = name.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return name.strip().strip("\ufeff\u200b").strip("\"',").strip()


def nearest_names(files: list[NamesFile], label: str) -> NamesFile | None:
    """The names file for a label file: in its folder or the nearest one above; none if there is no such."""
    best: NamesFile | None = None
    rank = (-1, 0)
    folder = folder_of(label)
    for file in files:
        above = folder_of(file.path)
        if above == "" or folder == above or folder.startswith(f"{above}/"):
            # labelImg offers the predefined classes for choosing; classes.txt says what the ids mean
            is_menu = name_of(file.path).lower().startswith("predefined")
            order = -9 if is_menu else -_SUFFIXES.index(suffix_of(file.path))
            if (len(above), order) > rank:
                best, rank = file, (len(above), order)
    return best
