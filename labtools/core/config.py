"""YAML that people write, checked: a mistake is a sentence with the file and the line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from labtools.core.errors import LabError


class Config(BaseModel):
    """Base of every configuration model: unknown keys are mistakes, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path) -> Any:
    """Read one YAML document with the safe loader.

    Raises:
        LabError: the file is absent, is not UTF-8, or is not YAML, or a key stands twice (with the line).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise LabError("this configuration file does not exist", path, "Check the path.") from None
    except UnicodeDecodeError as error:
        raise LabError(f"this file is not UTF-8 text ({error.reason})", path, "Save it as UTF-8.") from None
    try:
        _refuse_twice(yaml.compose(text, Loader=yaml.SafeLoader), path)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise LabError(f"this is not valid YAML: {problem}", where, "Mend that line.") from None


def _refuse_twice(node: yaml.Node | None, path: Path) -> None:
    """Raises:
    LabError: a key stands twice in one mapping: YAML would take the last without a word.
    """
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_twice(child, path)
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int] = {}
    for name, value in node.value:
        line = name.start_mark.line + 1
        if isinstance(name, yaml.ScalarNode) and name.value != "<<" and first.setdefault(name.value, line) != line:
            what = f"`{name.value}:` is given twice, in line {first[name.value]} and here: only one would count"
            raise LabError(what, f"{path}:{line}", "Remove one of them.")
        _refuse_twice(value, path)


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
            f"this file should hold `key: value` lines, but holds a {type(data).__name__}",
            path,
            "Compare it with the example in configs/.",
        )
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems = error.errors()
        lines = [line_of(path, p["loc"]) for p in problems]
        sentences = [
            f"{'.'.join(map(str, p['loc'])) or 'file'}: {_plain(p['msg'])} (line {line})"
            for p, line in zip(problems, lines, strict=True)
        ]
        raise LabError("; ".join(sentences), f"{path}:{lines[0]}", _fix(problems, model)) from None


def _fix(problems: Sequence[ErrorDetails], model: type[BaseModel]) -> str:
    """What to do, with the keys that may stand where one is unknown or missing."""
    places = [problem["loc"][:-1] for problem in problems if problem["type"] in ("extra_forbidden", "missing")]
    if not places:
        return "Mend this value." if len(problems) == 1 else "Mend these values."
    return f"Mend that; the keys known here are: {', '.join(_model_at(model, places[0]).model_fields)}."


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


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Extra inputs are not permitted", "unknown key")


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
