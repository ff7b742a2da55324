"""A team's sheet as Markdown, in one language: what is fine, what was repaired, what to fix and how."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labtools.artifacts.dataset import SPLITS
from labtools.artifacts.wording import Language, words
from labtools.artifacts.wording.phrases import Phrases, percent, written
from labtools.artifacts.wording.translating import translated
from labtools.core.findings import Question, Severity
from labtools.core.visible import visible
from labtools.prepare.output.sheets.counts import MEASURES, STATES, Medians, TeamCounts
from labtools.prepare.output.sheets.gallery import Drawing
from labtools.prepare.output.sheets.kinds import Kind, Place, is_telling, places

_PHRASES = Path(__file__).with_name("phrases.yaml")
_MOST_KINDS = 12
_MOST_PLACES = 5


@dataclass(frozen=True)
class Sheet:
    """All that a sheet says, in no language yet.

    Attributes:
        team: as its folder is called.
        class_name: the course's name for its class folder, ``""`` where there is none.
        root: the submission's folder in the tree.
        counts: the team's numbers.
        of_class, of_all: the others'; None where there are none to stand beside.
        kinds: see `kinds_of`.
        drawings: those that exist.
        leakage: the team's row of the leakage summary for val and test together, empty where nobody looked.
        names: the dataset's classes in id order.
    """

    team: str
    class_name: str
    root: str
    counts: TeamCounts
    of_class: Medians | None
    of_all: Medians | None
    kinds: tuple[Kind, ...]
    drawings: tuple[Drawing, ...]
    leakage: Mapping[str, Any]
    names: tuple[str, ...]


def render(sheet: Sheet, language: Language) -> str:
    """The sheet's Markdown; ``pictures/...`` beside it are the drawings."""
    page = _Page(sheet, language)
    sections = (
        page.head(),
        page.remarks("heading-fix", Severity.ERROR, _MOST_KINDS),
        page.questions(),
        page.remarks("heading-look", Severity.WARNING, page.room_for_warnings),
        page.fine(),
        page.small_ones("heading-repaired", is_repaired=True),
        page.small_ones("heading-notes", is_repaired=False),
        page.leakage(),
        page.numbers(),
        page.foot(),
    )
    return "\n\n".join(block for section in sections for block in section if block) + "\n"


class _Page:
    """One sheet in one language; each method gives the blocks of one section, none where there is nothing to say."""

    def __init__(self, sheet: Sheet, language: Language) -> None:
        self._sheet = sheet
        self._language: Language = language
        self._say = Phrases(_PHRASES, language)
        self._of = {s: [kind for kind in sheet.kinds if kind.severity is s] for s in Severity}

    @property
    def room_for_warnings(self) -> int:
        """Errors come first; nobody reads twenty remarks."""
        return max(3, _MOST_KINDS - len(self._of[Severity.ERROR]))

    def head(self) -> Iterator[str]:
        sheet = self._sheet
        names = {"team": plain(sheet.team), "class_name": plain(sheet.class_name)}
        yield "# " + (self._say("title", **names) if sheet.class_name else names["team"])
        yield self._say("greeting-class" if sheet.class_name else "greeting", **names)
        errors, warnings = len(self._of[Severity.ERROR]), len(self._of[Severity.WARNING])
        if not sheet.counts.pictures():
            yield self._say("verdict-nothing")
        elif errors:
            yield self._say("verdict-fix", n=errors)
        elif warnings:
            yield self._say("verdict-look", n=warnings)
        else:
            yield self._say("verdict-fine")

    def remarks(self, heading: str, severity: Severity, most: int) -> Iterator[str]:
        """What people have to read: each kind with its meaning, remedy, places and pictures."""
        kinds = self._of[severity]
        if kinds:
            yield f"## {self._say(heading)}"
        for number, kind in enumerate(kinds[:most], 1):
            yield from self._remark(f"{number}. ", kind)
        if len(kinds) > most:
            yield self._say("more-kinds", n=len(kinds) - most)

    def _remark(self, number: str, kind: Kind) -> Iterator[str]:
        told = words(kind.code, self._language)
        times = f" ({written(len(kind.findings), self._language)})" if len(kind.findings) > 1 else ""
        yield f"### {number}{told.title}{times}"
        if told.means:
            yield f"{told.means} **{self._say('what-to-do')}** {told.remedy}"
        shown, more = places(kind.findings, self._sheet.root, _MOST_PLACES)
        lines = [self._place(place, with_message=is_telling(shown)) for place in shown]
        lines += [self._say("more-places", n=more)] if more else []
        yield "\n".join(f"- {line}" for line in lines if line)
        for drawing in self._sheet.drawings:
            if drawing.code == kind.code:
                yield f"![{plain(told.title)}](pictures/{drawing.name})\\\n{_caption(drawing)}"

    def _place(self, place: Place, *, with_message: bool) -> str:
        message = f"*{plain(translated(place.message, self._language))}*" if with_message else ""
        if place.last:
            run = self._say("range", first=place.first, last=place.last, n=place.times)
            where = _fenced(run, place.first, place.last)
        else:
            where = code(place.first) if place.first else ""
        return self._say("place", where=where, message=message) if where and message else where or message

    def questions(self) -> Iterator[str]:
        asked: dict[str, Question] = {}
        for kind in self._sheet.kinds:
            for finding in kind.findings:
                if finding.question is not None:
                    asked.setdefault(finding.question.key, finding.question)
        if not asked:
            return
        yield f"## {self._say('heading-questions')}"
        yield self._say("questions-intro")
        yield "\n".join(f"- {self._question(one)}" for one in list(asked.values())[:_MOST_KINDS])
        if len(asked) > _MOST_KINDS:
            yield f"- {self._say('more-places', n=len(asked) - _MOST_KINDS)}"

    def _question(self, one: Question) -> str:
        options = ", ".join(code(translated(option, self._language)) for option in one.options[:8])
        told = f" ({self._say('options', options=options)})" if options else ""
        return plain(translated(one.text, self._language)) + told

    def fine(self) -> Iterator[str]:
        lines = [self._say(key, **values) for key, values in _what_is_fine(self._sheet)]
        if lines:
            yield f"## {self._say('heading-fine')}"
            yield "\n".join(f"- {line}" for line in lines)

    def small_ones(self, heading: str, *, is_repaired: bool) -> Iterator[str]:
        """What needs nothing done, as a table."""
        kinds = [kind for kind in self._of[Severity.INFO] if kind.is_repaired == is_repaired]
        if not kinds:
            return
        yield f"## {self._say(heading)}"
        rows = []
        for kind in kinds[:_MOST_KINDS]:
            told = words(kind.code, self._language)
            first = places(kind.findings, self._sheet.root, 1)[0][0].first
            what = f"**{told.title}**. {told.means}"
            rows.append((what, written(len(kind.findings), self._language), code(first) if first else ""))
        yield table([self._say(f"column-{c}") for c in ("what", "times", "first")], rows, "lrl")
        if len(kinds) > _MOST_KINDS:
            yield self._say("more-kinds", n=len(kinds) - _MOST_KINDS)

    def leakage(self) -> Iterator[str]:
        row = self._sheet.leakage
        verdict = str(row.get("verdict", "")).replace(" ", "-")
        if not verdict or verdict == "nothing-to-compare":
            return
        yield f"## {self._say('heading-leakage')}"
        shares = {k: float(row[k]) for k in ("near_look", "within_30", "within_5", "neighbour")}
        shares["close"] = max(shares["within_5"], shares["neighbour"])
        text = self._say(f"leak-{verdict}", **{k: percent(v, self._language) for k, v in shares.items()})
        yield f"{text} {self._say('leak-exact', n=int(row['exact']))}" if row["exact"] else text

    def numbers(self) -> Iterator[str]:
        if not self._sheet.counts.pictures():
            return
        yield f"## {self._say('heading-counts')}"
        yield self._splits_table()
        if self._sheet.of_all is not None:
            yield self._beside_table()
            yield self._say("medians")

    def _splits_table(self) -> str:
        counts, language = self._sheet.counts, self._language
        total = counts.pictures()
        shares = [percent(counts.pictures(split) / total, language) for split in SPLITS]
        rows: list[tuple[str | int, ...]] = [
            (self._say("pictures"), *(counts.pictures(split) for split in SPLITS), total),
            (self._say("share"), *shares, ""),
        ]
        for state in STATES:
            if counts.pictures(state=state):
                rows.append((self._say(f"state-{state}"), *(counts.pictures(s, state) for s in (*SPLITS, ""))))
        rows.append((self._say("boxes"), *(counts.boxes[split] for split in SPLITS), sum(counts.boxes.values())))
        if len(counts.classes) > 1:
            for class_id, n in counts.classes.items():
                rows.append((self._say("boxes-of", name=plain(self._sheet.names[class_id])), "", "", "", n))
        cells = [[c if isinstance(c, str) else written(c, language) for c in row] for row in rows]
        return table(["", *SPLITS, self._say("total")], cells, "lrrrr")

    def _beside_table(self) -> str:
        sheet = self._sheet
        columns = [(self._say("you"), sheet.counts.measures)]
        if sheet.of_class is not None:
            title = self._say("of-class", class_name=plain(sheet.class_name), n=sheet.of_class.teams)
            columns.append((title, sheet.of_class.measures))
        if sheet.of_all is not None:
            columns.append((self._say("of-all", n=sheet.of_all.teams), sheet.of_all.measures))
        rows = []
        for i, measure in enumerate(MEASURES[:4]):
            rows.append([self._say(measure), *(self._measure(measure, values[i]) for _, values in columns)])
        splits = [" / ".join(self._measure(s, v) for s, v in zip(SPLITS, m[4:], strict=True)) for _, m in columns]
        rows.append([self._say("splits-shares"), *splits])
        return table([self._say("beside"), *(title for title, _ in columns)], rows, "l" + "r" * len(columns))

    def _measure(self, name: str, value: float) -> str:
        if math.isnan(value):
            return "-"
        if name in {"pictures", "boxes-per-picture"}:
            return written(round(value, 2) if value % 1 else int(value), self._language)
        return percent(value, self._language, 1 if name == "box-area" else 0)

    def foot(self) -> Iterator[str]:
        yield self._say("closing") if self._sheet.kinds else ""


def _what_is_fine(sheet: Sheet) -> Iterator[tuple[str, dict[str, int]]]:
    """Phrases with their values, for what no finding spoils."""
    counts, codes = sheet.counts, {kind.code for kind in sheet.kinds if kind.severity is not Severity.INFO}

    def is_spoilt(*starts: str) -> bool:
        return any(code.startswith(starts) for code in codes)

    total = counts.pictures()
    if not total:
        return
    lost = {"image-empty", "image-truncated", "image-unreadable", "image-format", "image-huge", "image-tiny"}
    if not codes & lost and not is_spoilt("archive-", "folder-", "image-unlisted", "file-outside"):
        yield "fine-readable", {"n": total}
    if not counts.pictures(state="unlabelled"):
        yield "fine-annotated", {}
    boxes = sum(counts.boxes.values())
    if boxes and not is_spoilt("box-", "label-", "class-", "coco-", "voc-", "annotation-", "format-", "image-lost"):
        yield "fine-boxes", {"n": boxes}
    if not is_spoilt("split-", "list-", "image-unlisted", "image-in-two-splits"):
        yield "fine-split", {}
    if not is_spoilt("image-twice"):
        yield "fine-twins", {}


def _caption(drawing: Drawing) -> str:
    """The files side by side, with their splits where these differ; in bold the one that is meant, beside others."""
    has_splits = len({panel.split for panel in drawing.panels}) > 1
    has_others = not all(panel.is_meant for panel in drawing.panels)
    named = []
    for panel in drawing.panels:
        name = code("/".join(panel.image.split("/")[-2:])) + (f" ({panel.split})" if has_splits else "")
        named.append(f"**{name}**" if panel.is_meant and has_others else name)
    return ", ".join(named)


def plain(text: str) -> str:
    """Text of somebody else's that Markdown and HTML leave as it is, and that is still readable as it stands.

    >>> plain("les *bleus* <3 tic_et_tac _ici_")
    'les \\\\*bleus\\\\* &lt;3 tic_et_tac \\\\_ici\\\\_'
    """
    flat = " ".join(visible(text).split()).replace("&", "&amp;").replace("<", "&lt;")
    # An underscore inside a word is only that; GitHub and mail programs make links of addresses.
    return re.sub(r"([\\`*\[\]]|~(?=~)|(?<=https):|(?<=http):|(?<=www)\.|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", flat)


def code(text: str) -> str:
    """A code span that holds any text, backticks too.

    >>> code("a b"), code("a`b"), code("a``b")
    ('`a b`', '`` a`b ``', '``` a``b ```')
    """
    flat = " ".join(visible(text).split())
    longest = max(map(len, re.findall("`+", flat)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {flat} {fence}" if longest else f"`{flat}`"


def _fenced(sentence: str, *spans: str) -> str:
    """A sentence whose code spans may hold backticks."""
    for span in spans:
        sentence = sentence.replace(f"`{span}`", code(span), 1)
    return sentence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> str:
    """A table; ``sides`` has an ``l`` or an ``r`` for each column."""
    rule = ["---:" if side == "r" else "---" for side in sides]
    lines = ([cell.replace("|", "\\|") for cell in cells] for cells in (heads, rule, *rows))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
