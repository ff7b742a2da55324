"""Parsers: known writings give known boxes, any bytes give records or findings."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from labtools.core.registry import members
from labtools.prepare import formats
from labtools.prepare.formats import Parsed
from labtools.prepare.formats._xml import XmlError, parse_xml
from labtools.prepare.layout.places import ImageIndex
from labtools.prepare.sources.tree import File, Tree
from labtools.prepare.splits.lines import read_line
from labtools.prepare.splits.lists import read_list
from labtools.prepare.splits.meanings import Meanings

FORMATS = members(formats)


class Files(Tree):
    """A tree whose files are bytes in memory; everything else is the real thing."""

    def __init__(self, content: dict[str, bytes]) -> None:
        super().__init__({path: File(path, path) for path, data in sorted(content.items())})
        object.__setattr__(self, "content", content)

    def read(self, path: str, near: object = None) -> bytes:
        return self.content[path]  # type: ignore[attr-defined]


def parse(module: ModuleType, content: dict[str, bytes], image: str = "images/a.jpg") -> Parsed:
    tree = Files({image: b"", **content})
    return module.parse(tree, module.sniff(tree), ImageIndex([image], ""))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_format_answers(name: str) -> None:
    module = FORMATS[name]
    assert module.TITLE and module.RICHNESS > 0
    assert module.sniff(Files({})) == []
    assert parse(module, {}).records == ()


def test_voc_corners_and_swapped_corners() -> None:
    xml = b"""<?xml version="1.0" encoding="ISO-8859-1"?><annotation><filename>stale.jpg</filename>
    <size><width>64</width><height>48</height></size>
    <object><name>v\xc3\xa9lo</name><bndbox><xmin>30</xmin><ymin>8</ymin><xmax>10</xmax><ymax>20,5</ymax></bndbox></object>
    <object><name>x</name><bndbox><xmin>1</xmin></bndbox></object></annotation>"""
    parsed = parse(FORMATS["voc_xml"], {"annotations/a.xml": xml})
    record = parsed.records[0]
    assert (record.image, record.size_wh, record.bad_lines) == ("images/a.jpg", (64.0, 48.0), 1)
    assert [(b.class_name, b.xyxy) for b in record.boxes] == [("vélo", (10.0, 8.0, 30.0, 20.5))]
    assert {f.code for f in parsed.findings} == {"box-corners-swapped", "voc-bad-object"}


def test_xml_that_declares_entities_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "lol"><!ENTITY y "&x;&x;">]><annotation>&y;</annotation>'
    with pytest.raises(XmlError, match="document type"):
        parse_xml(bomb)
    with pytest.raises(XmlError):
        parse_xml(bomb.decode().encode("utf-16"))
    parsed = parse(FORMATS["voc_xml"], {"annotations/a.xml": bomb})
    assert [f.code for f in parsed.findings] == ["xml-unreadable"]


coordinates = st.floats(-3, 3) | st.sampled_from(["nan", "1e999", "0,5", "x", "", "１", "1_0"])
label_text = st.lists(st.lists(coordinates.map(str), max_size=9).map(" ".join), max_size=8).map("\n".join)
bytes_of_all_kinds = st.binary(max_size=300) | label_text.map(str.encode) | st.text(max_size=200).map(str.encode)
xml_texts = st.lists(
    st.sampled_from(["<annotation>", "</annotation>", "<object>", "</object>", "<name>a</name>", "<bndbox>",
                     "</bndbox>",
                     "<xmin>1</xmin>", "<ymin>x</ymin>", "<xmax>9e99</xmax>", "<ymax>4</ymax>", "<size>", "</size>",
                     "<width>nan</width>", "&amp;", "&x;", "<!DOCTYPE a>", "<![CDATA[", "]]>", "\x00", "é"]),
    max_size=25,
).map("".join)  # fmt: skip
settings.register_profile("parsers", max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


@settings(settings.get_profile("parsers"))
@given(bytes_of_all_kinds | xml_texts.map(str.encode))
def test_any_bytes_are_voc_or_findings(data: bytes) -> None:
    parsed = parse(FORMATS["voc_xml"], {"annotations/a.xml": b"<annotation>" + data, "annotations/b.xml": data})
    assert all(isinstance(r.image, str) for r in parsed.records)


@settings(settings.get_profile("parsers"))
@given(bytes_of_all_kinds)
@example(b"0\t.\t.\t.\t.")
def test_any_bytes_are_lists_or_findings(data: bytes) -> None:
    index = ImageIndex(["1/images/a.jpg", "2/images/a.jpg"], "")
    for name in ("train.txt", "train.csv"):
        one = read_list(Files({name: data}), name, "train")
        if one is None:  # labels that are called like a list: numbers only, some of them fractions
            assert b"." in data
            continue
        meanings = Meanings(index, name, {})
        for line in one.lines:
            for reference in read_line(line, meanings.is_something).references:
                assert set(meanings.of(reference).pictures) <= set(index.paths)
        assert all(0 < entry.line <= len(data) + 1 for entry in one.entries)
        assert {index.find(entry.reference, name).path for entry in one.entries} <= {None, *index.paths}


@settings(settings.get_profile("parsers"))
@given(
    folder=st.sampled_from(
        ["./velo/t/4/images/", "C:\\Users\\Zoé\\velo\\t\\4\\images\\", "/home/x/4/images/", "4/", "seq_04/"]
    ),
    quote=st.sampled_from(["", '"', "'"]),
    padding=st.sampled_from(["", " ", "\t", "  \t"]),
    suffix=st.sampled_from([".jpg", ".JPG", ".txt", ".png", ""]),
)  # fmt: skip
def test_a_listed_path_is_found_in_every_writing(folder: str, quote: str, padding: str, suffix: str) -> None:
    images = [f"velo/t/{s}/images/frame_{i:06d}.jpg" for s in (1, 4, 14) for i in (2, 22)]
    line = f"{padding}{quote}{folder}frame_000002{suffix}{quote}{padding}"
    (reference,) = read_line(line, lambda text: False).references
    found = ImageIndex(images, "velo/t").find(reference, "velo/t/train.txt")
    assert found.path == "velo/t/4/images/frame_000002.jpg"


@pytest.mark.parametrize(
    "reference", ["./velo/t/6/images/frame_000002.jpg", "6/frame_000002.jpg", "frame_000003", "./velo/t/4/frame_20.jpg"]
)
def test_a_path_of_another_picture_is_not_matched(reference: str) -> None:
    images = [f"velo/t/{s}/images/frame_000002.jpg" for s in (1, 4)]
    assert ImageIndex(images, "velo/t").find(reference).path is None


def test_a_bare_name_that_means_two_pictures_is_asked() -> None:
    match = ImageIndex(["t/1/images/a.jpg", "t/2/images/a.jpg"], "t").find("a")
    assert match.path is None and len(match.rivals) == 2


@settings(settings.get_profile("parsers"))
@given(st.binary(max_size=400))
def test_any_bytes_are_an_archive_or_findings(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    from labtools.prepare.sources.walk import read_tree

    folder = tmp_path_factory.mktemp("zip", numbered=True)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "0 0.5 0.5 0.1 0.1")
    whole = buffer.getvalue()
    cut = len(data) % len(whole)
    Path(folder / "a.zip").write_bytes(whole[:cut] + data + whole[cut:])
    tree, _ = read_tree(folder)
    for path in tree:
        try:
            tree.read(path)
        except Exception as error:  # noqa: BLE001  the callers turn it into a finding
            assert str(error) is not None
