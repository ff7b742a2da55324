"""YAML that people write, checked: a mistake is a sentence with the file and the line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import ErrorDetails
from yaml.reader import ReaderError

from labtools.core.errors import LabError

_MOST_NODES = 1_000_000
"""Of a file with its aliases written out: a few lines of aliases of aliases stand for more than any memory holds."""

_DEEPEST = 100  # lists in lists; Python gives up at some hundreds


class Config(BaseModel):
    """Base of every configuration model: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, written: Any) -> Any:
        """``exclude:`` with nothing but comments below it is as if it were not there; what is required stays asked."""
        if not isinstance(written, dict):
            return written
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {key: value for key, value in written.items() if value is not None or key not in optional}


Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path) -> Any:
    """Read one YAML document with the safe loader.

    Raises:
        LabError: the file is absent, is not UTF-8, or is not YAML, or a key stands twice (with the line).
    """
    text = _read_text(path)
    try:
        _check_nodes(yaml.compose(text, Loader=yaml.SafeLoader), path)
        return yaml.safe_load(text)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"there is a character in this file that no text has (number {error.character})"
        raise LabError(what, f"{path}:{line}", "Remove it from that line.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise LabError(f"this is not valid YAML: {problem}", where, "Mend that line.") from None
    except RecursionError:
        raise _too_deep(path) from None


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabError("this configuration file does not exist", path, "Check the path.") from None
    except UnicodeDecodeError as error:
        raise LabError(f"this file is not UTF-8 text ({error.reason})", path, "Save it as UTF-8.") from None
    except OSError as error:
        what = f"this configuration file cannot be read: {error.strerror or error}"
        if path.is_dir():  # what the system says of it differs: on Windows, that it is forbidden
            what = "there is a folder where a file should be"
        raise LabError(what, path, "Give the path of a YAML file that you may read.") from None


def _check_nodes(root: yaml.Node | None, path: Path) -> None:
    """Refuse what YAML would take otherwise than whoever wrote it, or that means more than fits into memory.

    Raises:
        LabError: with the line.
    """
    for count, node in enumerate(_nodes(root, path)):
        if count > _MOST_NODES:
            raise LabError("the aliases (*) of this file stand for too much", path, "Write its values out.")
        if isinstance(node, yaml.MappingNode):
            _refuse_twice(node, path)
        elif isinstance(node, yaml.ScalarNode):
            _refuse_old_numbers(node, path)


def _nodes(root: yaml.Node | None, path: Path) -> Iterator[yaml.Node]:
    """All nodes in the order written, aliases written out."""
    left = [] if root is None else [(root, 0)]
    while left:
        node, depth = left.pop()
        if depth > _DEEPEST:
            raise _too_deep(path, node)
        yield node
        if isinstance(node, yaml.SequenceNode):
            left.extend((child, depth + 1) for child in reversed(node.value))
        elif isinstance(node, yaml.MappingNode):
            left.extend((child, depth + 1) for pair in reversed(node.value) for child in reversed(pair))


def _too_deep(path: Path, node: yaml.Node | None = None) -> LabError:
    where = path if node is None else f"{path}:{node.start_mark.line + 1}"
    return LabError("this file holds lists in lists without an end", where, "Write its values out, without aliases.")


def _refuse_twice(node: yaml.MappingNode, path: Path) -> None:
    """Raises:
    LabError: a key stands twice in one mapping: YAML would take the last without a word.
    """
    first: dict[str, int] = {}
    for name, _ in node.value:
        line = name.start_mark.line + 1
        if isinstance(name, yaml.ScalarNode) and name.value != "<<" and first.setdefault(name.value, line) != line:
            what = f"`{name.value}:` is given twice, in line {first[name.value]} and here: only one would count"
            raise LabError(what, f"{path}:{line}", "Remove one of them.")


def _refuse_old_numbers(node: yaml.ScalarNode, path: Path) -> None:
    """YAML 1.1 reads 10:00:00 (a time) as 36000, and 0640 in base 8, as 416.

    Raises:
        LabError: with what it would read.
    """
    if node.style is not None or not re.fullmatch(r"[-+]?(0[0-7_]+|\d[\d_]*(:[0-5]?\d)+(\.\d*)?)", node.value):
        return
    value = yaml.safe_load(node.value)
    if isinstance(value, (int, float)) and node.value.lstrip("-+0") != str(abs(value)).lstrip("0"):
        what = f"YAML reads {node.value} as the number {value}"
        fix = f"A time or a name belongs in quotes: '{node.value}'; a number begins with no 0."
        raise LabError(what, f"{path}:{node.start_mark.line + 1}", fix)


def load_config(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into its checked model.

    Raises:
        LabError: as `read_yaml`, or a value does not fit; every misfit is named with its line.
    """
    data = read_yaml(path)
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise LabError(
            f"this file should hold `key: value` lines, but holds {_kind(data)}",
            path,
            "Compare it with the example in configs/.",
        )
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = error.errors()
        lines = [line_of(path, p["loc"]) for p in problems]
        sentences = [
            f"{'.'.join(map(str, p['loc'])) or 'file'}: {_plain(p)} (line {line})"
            for p, line in zip(problems, lines, strict=True)
        ]
        raise LabError("; ".join(sentences), f"{path}:{lines[0]}", _fix(problems, model)) from None


def _fix(problems: Sequence[ErrorDetails], model: type[BaseModel]) -> str:
    """What to do, with the keys that may stand where one is unknown or missing."""
    of_keys = [problem for problem in problems if problem["type"] in ("extra_forbidden", "missing")]
    if not of_keys:
        return "Mend this value." if len(problems) == 1 else "Mend these values."
    key, known = str(of_keys[0]["loc"][-1]), list(_model_at(model, of_keys[0]["loc"][:-1]).model_fields)
    if of_keys[0]["type"] == "missing":  # what was written in its place, where any key may stand
        written = of_keys[0]["input"]
        close = get_close_matches(key, [str(k) for k in written if k not in known], n=1)
        hint = f"did you mean {key} by {close[0]}? " if close else ""
    else:
        hint = "".join(f"did you mean {name}? " for name in get_close_matches(key, known, n=1))
    return f"Mend that; {hint}{'T' if hint else 't'}he keys known here are: {', '.join(known)}."


def _model_at(model: type[BaseModel], location: tuple[int | str, ...]) -> type[BaseModel]:
    """The model of a part of the file, as far as that path leads: whose keys they are that may stand there."""
    for key in location:
        field = model.model_fields.get(str(key))
        model = (_model_in(field.annotation) if field is not None else None) or model
    return model


def _model_in(hint: Any) -> type[BaseModel] | None:
    """The model in a type such as ``list[Server]`` or ``Slurm | None``."""
    if get_origin(hint) is None and isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint
    return next((found for part in get_args(hint) if (found := _model_in(part)) is not None), None)


def _plain(problem: ErrorDetails) -> str:
    """What is wrong with a value, in words of people who have never heard of pydantic."""
    kind, value = problem["type"], problem["input"]
    sentences = {
        "extra_forbidden": "unknown key",
        "missing": "is missing",
        "int_type": f"{_shown(value)} is not a whole number",
        "int_from_float": f"{_shown(value)} is not a whole number",
        "string_type": f"{_shown(value)} is not text: put it in quotes",
        "list_type": f"should be a list, such as [a, b], but is {_kind(value)}",
        "model_type": f"should hold `key: value` lines, but holds {_kind(value)}",
        "dict_type": f"should hold `key: value` lines, but holds {_kind(value)}",
    }
    message = sentences.get(kind, problem["msg"].removeprefix("Value error, "))
    return message.replace("Input should be", f"{_shown(value)} should be")


def _kind(value: Any) -> str:
    """What was written, said to people."""
    if isinstance(value, dict):
        return "`key: value` lines"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else _shown(value)


def _shown(value: Any) -> str:
    """As it is written in YAML, cut short."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1000).removesuffix("...\n").strip()
    return text if len(text) <= 60 else f"{text[:60]} ..."


def line_of(path: Path, location: tuple[int | str, ...]) -> int:
    """The 1-based line of a value in a YAML file (e.g. at ``("axes", "imgsz", 1)``), as far as that path leads."""
    node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    line = 1
    for key in location:
        child = _child(node, key)
        if child is None:
            break
        node, line = child
    return line


def _child(node: yaml.Node | None, key: int | str) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if str(name.value) == str(key):
                return value, name.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key].start_mark.line + 1
    return None


def dump_yaml(value: Any) -> str:
    """YAML text in the order given, readable accents, no aliases."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
