"""XML from strangers: no document type, hence no entities to expand and none to fetch."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError, XMLParser, fromstring

from labtools.prepare.sources.text import decode
from labtools.prepare.sources.tree import Tree


class XmlError(ValueError):
    """Not XML, or XML that declares entities; its text says which."""


def parse_xml(data: bytes) -> Element:
    """The root element.

    Raises:
        XmlError: see there.
    """
    text = decode(data).whole
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise XmlError("it declares a document type, which could expand without end")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)  # decoded already: its encoding no longer counts
    try:
        return fromstring(text, XMLParser())  # noqa: S314  entities cannot be declared, see above
    except (ParseError, ValueError, RecursionError) as error:
        raise XmlError(f"it is not well-formed XML: {error}") from None


def root_tag(tree: Tree, path: str) -> str:
    """The first element's name, ``""`` if there is none to be seen in the first kilobytes."""
    try:
        head = decode(tree.read(path)[:4000]).whole
    except Exception:  # noqa: BLE001  unreadable members are reported when they are parsed
        return ""
    match = re.search(r"<([A-Za-z_][\w.-]*)", head)
    return match[1] if match else ""
