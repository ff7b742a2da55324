"""One label file with oddities: line by line, and what is said about it."""

from __future__ import annotations

from collections import Counter, defaultdict

from labtools.core.findings import Action, Finding, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.formats import RawBox, Record
from labtools.prepare.formats._names import NamesFile
from labtools.prepare.formats._yolo_line import REPAIRS, Line, LineError, is_comment, parse_lines
from labtools.prepare.formats._yolo_tokens import is_blank
from labtools.prepare.sources.text import REPAIR_MESSAGES, decode
from labtools.prepare.sources.tree import folder_of

_CHANGES = frozenset(
    {"label-polygon", "label-negative-size", "label-six-columns", "label-keypoints", "label-percent"}
    | {"label-trailing-text", "label-foreign-digits", "label-joined-lines", "text-not-utf8", "text-nul"}
)
_ABOUT_FILES = {
    "label-name-differs": Sentence("the file's name differs from its picture's in zeros, case or a doubled suffix")
}
_MOST_FILES = 5
_MOST_REASONS = 10
_CONTROL = frozenset(range(1, 32)) - {9, 10, 11, 12, 13, 26}


class Repairs:
    """What was repaired, collected: more than a few files of one folder with the same oddity are one finding."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[tuple[str, int, int]]] = defaultdict(list)

    def add(self, path: str, code: str, line: int, count: int = 1) -> None:
        """``count`` lines of a file, the first of which is ``line``."""
        self._found[folder_of(path), code].append((path, line, count))

    def findings(self) -> list[Finding]:
        findings: list[Finding] = []
        for (_, code), places in self._found.items():
            what = REPAIRS.get(code) or REPAIR_MESSAGES.get(code) or _ABOUT_FILES[code]
            severity = Severity.WARNING if code in _CHANGES else Severity.INFO
            if len(places) > _MOST_FILES:
                path, line, _ = places[0]
                total = sum(count for _, _, count in places)
                message = Sentence("{what} ({n} files of this folder; this is the first)", what=what, n=len(places))
                if total > len(places):
                    message = Sentence(
                        "{what} ({lines} lines of {n} files of this folder; this is the first)",
                        what=what,
                        lines=total,
                        n=len(places),
                    )
                findings.append(Finding("", path, line, code, severity, message, Action.REPAIRED))
                continue
            for path, line, count in places:
                message = Sentence("{what} ({n} lines)", what=what, n=count) if count > 1 else what
                findings.append(Finding("", path, line, code, severity, message, Action.REPAIRED))
        return findings


class FileReader:
    """Reads label files whose ids have the names of one names file; fills ``repairs`` and ``findings``."""

    def __init__(self, names: NamesFile, repairs: Repairs, findings: list[Finding]) -> None:
        self._names = names.names
        self._keypoints = names.keypoints
        self._repairs = repairs
        self._findings = findings

    def record(self, path: str, image: str, data: bytes) -> Record:
        """What a file says about its picture."""
        if _is_binary(data):
            what = Sentence("nothing but zero bytes")
            if data.strip(b"\0"):
                what = Sentence("this is no text, and hence no label file")
            self._findings.append(Finding("", path, 0, "label-unreadable", Severity.ERROR, what, Action.LEFT_OUT))
            return Record(path, image, (), None, self._names, 1)
        text = decode(data)
        boxes: list[RawBox] = []
        bad: dict[Sentence, list[int]] = defaultdict(list)
        repairs = Counter(text.repairs)
        first: dict[str, int] = {}
        for number, line in enumerate(text.lines, 1):
            try:
                found, codes = self._line(line, number)
            except LineError as error:
                bad[error.sentence].append(number)
                continue
            boxes += found
            repairs.update(codes)
            for code in codes:
                first.setdefault(code, number)
        for code, count in repairs.items():
            self._repairs.add(path, code, first.get(code, 0), count)
        self._say_bad(path, bad)
        return Record(path, image, tuple(boxes), None, self._names, sum(map(len, bad.values())))

    def _line(self, line: str, number: int) -> tuple[list[RawBox], tuple[str, ...]]:
        """The boxes of a line, and what was odd about it.

        Raises:
            LineError: it cannot be read.
        """
        if is_blank(line):
            return [], ("label-blank-line",)
        if is_comment(line):
            return [], ("label-comment",)
        parsed = parse_lines(line, self._keypoints)
        return [self._box(one, number) for one in parsed], tuple(code for one in parsed for code in one.repairs)

    def _box(self, line: Line, number: int) -> RawBox:
        if not isinstance(line.label, int):
            return RawBox(None, line.label, line.xyxy, number, line.form)
        name = self._names[line.label] if line.label < len(self._names) and self._names[line.label] else None
        return RawBox(line.label, name, line.xyxy, number, line.form)

    def _say_bad(self, path: str, bad: dict[Sentence, list[int]]) -> None:
        """A finding per reason; lines beyond that are counted in the last one."""
        reasons = list(bad.items())
        for reason, lines in reasons[:_MOST_REASONS]:
            numbers = ", ".join(map(str, lines[:8])) + " ..." * (len(lines) > 8)
            more = Sentence("{reason} (lines {lines})", reason=reason, lines=numbers)
            self._bad(path, lines[0], more if len(lines) > 1 else reason)
        rest = [line for _, lines in reasons[_MOST_REASONS:] for line in lines]
        if rest:
            what = Sentence("{n} more {n:line that means|lines that mean} no box", n=len(rest))
            self._bad(path, rest[0], what)

    def _bad(self, path: str, line: int, what: Sentence) -> None:
        self._findings.append(Finding("", path, line, "label-bad-line", Severity.ERROR, what, Action.LEFT_OUT))


def _is_binary(data: bytes) -> bool:
    """More control characters than any text has; UTF-16 is text, and so is text with zero bytes behind it."""
    if data and not data.strip(b"\0"):
        return True
    head = data[:4096]
    if not head or "text-utf16" in decode(head[: len(head) // 2 * 2]).repairs:
        return False
    return sum(byte in _CONTROL for byte in head) > 0.05 * len(head)
