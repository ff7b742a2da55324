"""Messages of findings and texts of questions in French: the English template of each is the key to its translation.

The translations lie beside this file in ``french/*.yaml``, one file per folder of `labtools.prepare`::

    "{n} {n:picture is|pictures are} listed twice": "{n} {n:image est listée|images sont listées} deux fois"

What a sentence quotes (a name, what some library said) stands between guillemets there. A test holds the files against
the templates in the sources.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from labtools.artifacts.wording import Language, typeset
from labtools.artifacts.wording.phrases import is_one
from labtools.core.sentences import Sentence, Value, as_text, filled


def translated(text: str, language: Language) -> str:
    """A sentence in a language; what has no translation (the English of somebody else) as it is."""
    return _french(text, "") if language == "fr" else text


@cache
def french() -> Mapping[str, str]:
    """English template -> French one; read once (10 ms), and only where somebody wants French.

    Raises:
        ValueError: a template stands in two files.
    """
    found: dict[str, str] = {}
    for path in sorted((Path(__file__).parent / "french").glob("*.yaml")):
        # Our own file; libyaml, where PyYAML has it, is ten times as fast.
        content = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
        if twice := found.keys() & content.keys():
            raise ValueError(f"{path.name} has again what another file has: {min(twice)!r}")
        found |= {english: typeset(one, "fr") for english, one in content.items()}
    return MappingProxyType(found)


def _french(value: Value, spec: str) -> str:
    if isinstance(value, Sentence):
        template = french().get(value.template, value.template)
        return filled(template, value.values, _french)
    if isinstance(value, tuple):
        return ", ".join(_french(one, spec) for one in value)
    if isinstance(value, str):
        return as_text(value)
    if "|" in spec:
        return spec.split("|")[not is_one(value, "fr")]
    text = format(value, spec)
    return text.replace(".", ",").replace("%", "\u00a0%") if isinstance(value, float) else text
