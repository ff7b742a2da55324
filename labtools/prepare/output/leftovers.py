"""Files that nothing has used: every one is reported, and annotations of a format that is not read loudly so."""

from __future__ import annotations

from collections.abc import Iterable

from labtools.core.findings import Action, Finding, Severity
from labtools.core.names import slug
from labtools.prepare.layout.places import SPLIT_WORDS
from labtools.prepare.sources.tree import Tree, is_image_name, name_of, stem_of, suffix_of

_TEXTS = frozenset({"readme", "license", "licence", "notice", "authors", "changelog"})


def leftover_findings(tree: Tree, used: Iterable[str], *, has_annotations: bool) -> list[Finding]:
    """One finding per unused file of a submission; readmes and licences are expected and stay unsaid."""
    gone = frozenset(used)
    findings = []
    for path in tree:
        if path in gone or is_image_name(path) or slug(stem_of(path)).split("_")[0] in _TEXTS:
            continue
        what = _unread_format(tree, path)
        if what and has_annotations and suffix_of(path) == ".csv":
            what = "a CSV of boxes: other annotations of this submission are used"
            findings.append(Finding("", path, 0, "file-not-used", Severity.INFO, what, Action.LEFT_OUT))
        elif what:
            what += "; meanwhile other files of this submission are used, which may hold less" * has_annotations
            findings.append(Finding("", path, 0, "format-unsupported", Severity.ERROR, what, Action.LEFT_OUT))
        elif name_of(path).lower() == "obj.data" or suffix_of(path) == ".names":
            continue  # read, though it may have said nothing new
        else:
            what = "nothing here uses this file"
            findings.append(Finding("", path, 0, "file-not-used", Severity.INFO, what, Action.LEFT_OUT))
    return findings


def outside_findings(tree: Tree) -> list[Finding]:
    """Files that lie beside the submissions and so belong to nobody; split lists there are read, see `splits`."""
    findings = []
    for path in tree:
        if slug(stem_of(path)).split("_")[0] in _TEXTS or slug(stem_of(path)) in SPLIT_WORDS:
            continue
        lost = is_image_name(path)
        what = "a picture outside any team's folder" if lost else "a file outside any team's folder"
        severity = Severity.ERROR if lost else Severity.INFO
        findings.append(Finding("", path, 0, "file-outside", severity, what, Action.LEFT_OUT))
    return findings


def _unread_format(tree: Tree, path: str) -> str:
    """What an annotation file of another format is called, ``""`` for any other file."""
    if suffix_of(path) not in {".xml", ".json", ".csv"}:
        return ""
    try:
        data = tree.read(path)
    except Exception:  # noqa: BLE001  reported as not used
        return ""
    advice = "this format is not read yet: export as YOLO 1.1, Pascal VOC or COCO"
    if suffix_of(path) == ".xml" and b"<annotations" in data[:2000]:
        shapes = sum(data.count(b"<" + tag) for tag in (b"box ", b"polygon ", b"polyline "))
        return f"CVAT XML with {shapes} shapes; {advice}"
    if suffix_of(path) == ".json" and (b'"shapes"' in data or b'"regions"' in data or b'"_via_' in data):
        return f"LabelMe or VIA JSON; {advice}"
    if suffix_of(path) == ".csv" and b"xmin" in data[:500].lower():
        return f"a CSV of boxes ({max(0, len(data.splitlines()) - 1)} rows); {advice}"
    return ""
