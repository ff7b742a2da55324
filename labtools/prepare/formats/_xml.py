"""XML from strangers: no document type, hence no entities to expand and none to fetch."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring
from xml.parsers import expat

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence, SentenceError, reason, verbatim
from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import READ_ERRORS, Tree

_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_MANY, _DEEPEST = 1000, 50
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")


class XmlError(SentenceError, ValueError):
    """Not XML, or XML that declares entities; its sentence says which."""


def xml_text(data: bytes) -> str:
    """The document as text, whatever its bytes are: UTF-8 first, then what it declares, then Windows-1252.

    Raises:
        XmlError: it declares a document type.
    """
    if data[:2] == b"<\0":  # UTF-16 without its mark
        data = b"\xff\xfe" + data
    elif data[:2] == b"\0<":
        data = b"\xfe\xff" + data
    text = _plain(data) or _as_declared(data) or decode(data).whole
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise XmlError(Sentence("it declares a document type, which could expand without end"))
    if "&" in text:  # a path such as `Tom & Zoé`, by a script that knew no XML
        text = _BARE_AMPERSAND.sub("&amp;", text)
    # Decoded already: the encoding that it declares no longer counts. Its line ends stay, for the line numbers.
    return _DECLARATION.sub(lambda match: "\n" * match[0].count("\n"), text)


def _plain(data: bytes) -> str:
    """UTF-8 without a mark, as most files are, spared a look at its lines."""
    try:
        return data.decode("utf-8") if data[:64].lstrip()[:1] == b"<" and b"\0" not in data else ""
    except UnicodeDecodeError:
        return ""


def _as_declared(data: bytes) -> str:
    """Text that is not UTF-8, in the encoding that the document names, if that is none of the usual ones."""
    match = re.match(rb"\s*<\?xml[^>]*encoding\s*=\s*[\"']([\w.:-]+)", data[:200])
    if not match or match[1].lower() in {b"utf-8", b"utf8", b"iso-8859-1", b"windows-1252", b"latin-1", b"us-ascii"}:
        return ""
    try:
        return data.decode(match[1].decode("ascii"))
    except (LookupError, ValueError):
        return ""


def parse_xml(data: bytes) -> Element:
    """The root element.

    Raises:
        XmlError: see there.
    """
    text = xml_text(data)
    if text.count("</") > _MANY:
        _refuse_towers(text)
    try:
        return fromstring(text, XMLParser())  # noqa: S314  entities cannot be declared, see above
    except (ParseError, ValueError, RecursionError) as error:
        if isinstance(error, XmlError):
            raise
        raise _malformed(error) from None


def walk_xml(
    data: bytes,
    start: Callable[[str, dict[str, str], int], None],
    end: Callable[[str, str], None],
) -> None:
    """Call ``start(tag, attributes, line)`` and ``end(tag, text)`` on the way through: no tree, hence little memory.

    ``text`` is what stands directly before the end tag, without outer white space.

    Raises:
        XmlError: see there; what was called until then was well-formed.
    """
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    texts: list[str] = []

    def begin(tag: str, attributes: dict[str, str]) -> None:
        texts.clear()
        start(tag, attributes, parser.CurrentLineNumber)

    def finish(tag: str) -> None:
        end(tag, "".join(texts).strip())
        texts.clear()

    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = texts.append
    try:
        parser.Parse(xml_text(data).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise _malformed(error) from None


def _refuse_towers(text: str) -> None:
    """Raises: XmlError, if elements stand in each other so deep that looking for one below each takes hours."""
    depth = 0
    for match in re.finditer(r"<(/?)[A-Za-z_][^<>]*?(/?)>", text):
        depth += -1 if match[1] else 0 if match[2] else 1
        if depth > _DEEPEST:
            raise XmlError(Sentence("its elements stand more than {n} deep in each other", n=_DEEPEST))


def _malformed(error: Exception) -> XmlError:
    return XmlError(Sentence("it is not well-formed XML: {why}", why=reason(error)))


def read_xml(tree: Tree, path: str, findings: list[Finding]) -> bytes | None:
    """A file's bytes; None, and a finding, if it cannot be read."""
    try:
        return tree.read(path)
    except READ_ERRORS as error:
        what = Sentence("this file cannot be read: {why}", why=verbatim(type(error).__name__))
        findings.append(unreadable(path, what))
        return None


def unreadable(path: str, what: Sentence) -> Finding:
    return Finding("", path, 0, "xml-unreadable", Severity.ERROR, what, Action.LEFT_OUT)
