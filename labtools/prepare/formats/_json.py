"""JSON from strangers: byte-order marks, UTF-16, one object per line, a comma too many, nests without end."""

from __future__ import annotations

import json
import re
from typing import Any

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, verbatim
from labtools.prepare.sources.text import decode, without_halves
from labtools.prepare.sources.tree import READ_ERRORS, Tree

MOST_BYTES = 256 << 20
"""Annotations of a course take a few megabytes; Python needs some ten times a file's size to hold it."""


def read_json(tree: Tree, path: str, findings: list[Finding]) -> Any:
    """A file's content; None, and a finding, if it cannot be read."""
    try:
        data = tree.read(path)
    except READ_ERRORS as error:
        what = Sentence("this file cannot be read: {why}", why=verbatim(type(error).__name__))
        findings.append(_unreadable(path, what))
        return None
    if len(data) > MOST_BYTES:
        what = Sentence("{size} MB of JSON, over {most} MB", size=len(data) >> 20, most=MOST_BYTES >> 20)
        findings.append(_unreadable(path, what))
        return None
    try:
        return _parse(_text(data), path, findings)
    except (ValueError, RecursionError) as error:
        what = Sentence("this JSON cannot be read: {why}", why=verbatim(str(error)[:120]))
        findings.append(_unreadable(path, what))
        return None


def items(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, or of an object's values (``{"0": {...}}``); nothing of anything else."""
    if isinstance(value, dict):
        value = list(value.values())
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """A name: text, or a number that somebody used as one; ``""`` for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**9 else ""


def _text(data: bytes) -> str:
    if data[1:2] == b"\0" and data[:1] in b"{[ \n":  # UTF-16 without its mark
        data = b"\xff\xfe" + data
    elif data[:1] == b"\0":
        data = b"\xfe\xff" + data
    return without_halves(decode(data).whole)


def _parse(text: str, path: str, findings: list[Finding]) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if error.msg == "Extra data" and len(lines) > 1:
            return [json.loads(line) for line in lines]
        if "\n" not in text.strip() and error.pos < len(text) / 2:
            raise
        # JavaScript and hand editing leave `,]`; commas within strings stay.
        mended = re.sub(r'("(?:[^"\\]|\\.)*")|,(?=\s*[\]}])', lambda match: match[1] or "", text)
        content = json.loads(mended) if mended != text else None
        if content is None:
            raise
        what = Sentence("a comma too many before a closing bracket")
        findings.append(Finding("", path, 0, "json-comma", Severity.INFO, what, Action.REPAIRED))
        return content


def _unreadable(path: str, what: Sentence) -> Finding:
    return Finding("", path, 0, "json-unreadable", Severity.ERROR, what, Action.LEFT_OUT)
