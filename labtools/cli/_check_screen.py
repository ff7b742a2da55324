"""What `labtools prepare --check` shows a student about their own folder: what to fix, in which order, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from labtools.artifacts.wording import Language, words
from labtools.artifacts.wording.phrases import Phrases, written
from labtools.artifacts.wording.translating import translated
from labtools.core.findings import Finding, Severity
from labtools.prepare.output.sheets.kinds import Kind, is_telling, kinds_of, places

if TYPE_CHECKING:
    from labtools.prepare.output.summary import Summary

_PHRASES = Path(__file__).with_name("_check.yaml")
_MOST_KINDS = 12
_MOST_PLACES = 3

# Mending what comes first may mend what comes later: a damaged archive is why pictures and labels are missing.
_ORDER = (
    "folder", "archive", "link", "name", "file", "image", "names", "class", "format", "annotation", "box", "label",
)  # fmt: skip
_CONSEQUENCES = ("image-lost", "image-unl", "image-twice", "image-in")


def show_check(console: Console, findings: Sequence[Finding], summary: Summary, language: Language) -> None:
    """The whole answer, in the course's language.

    Args:
        findings: with paths relative to the folder that was checked.
        summary: counts; all 0 where no picture could be used.
    """
    say = Phrases(_PHRASES, language)
    kinds = {s: [k for k in kinds_of(findings) if k.severity is s] for s in Severity}
    console.print(_counts(say, summary))
    for severity, heading, style in ((Severity.ERROR, "fix", "bold red"), (Severity.WARNING, "look", "bold yellow")):
        if kinds[severity]:
            console.print()
            console.print(Text(say(heading, n=len(kinds[severity])), style))
            _show_kinds(console, say, sorted(kinds[severity], key=_urgency))
    _show_questions(console, say, findings)
    for heading, is_repaired in (("repaired", True), ("notes", False)):
        some = [_title(kind, say) for kind in kinds[Severity.INFO] if kind.is_repaired == is_repaired]
        if some:
            console.print()
            console.print(Text(say(heading) + "; ".join(some), "dim"), soft_wrap=not console.is_terminal)
    console.print()
    verdict = "verdict-fix" if kinds[Severity.ERROR] else "verdict-look" if kinds[Severity.WARNING] else "verdict-fine"
    console.print(Text(say(verdict), "bold red" if kinds[Severity.ERROR] else "bold green"))


def _urgency(kind: Kind) -> tuple[int, int, str]:
    family = "" if kind.code.startswith(_CONSEQUENCES) else kind.code.partition("-")[0]
    return (_ORDER.index(family) if family in _ORDER else len(_ORDER)), -len(kind.findings), kind.code


def _counts(say: Phrases, summary: Summary) -> Text:
    total = sum(summary.images.values())
    if not total:
        return Text(say("nothing"), "bold")
    boxes = sum(count.boxes for splits in summary.classes.values() for count in splits.values())
    splits = ", ".join(f"{split} {written(n, say.language)}" for split, n in summary.images.items())
    told = say("counts", pictures=say("pictures", n=total), splits=splits, boxes=say("boxes", n=boxes))
    return Text(told, "bold")


def _title(kind: Kind, say: Phrases) -> str:
    n = len(kind.findings)
    return words(kind.code, say.language).title + (f" ({written(n, say.language)})" if n > 1 else "")


def _show_kinds(console: Console, say: Phrases, kinds: Sequence[Kind]) -> None:
    for number, kind in enumerate(kinds[:_MOST_KINDS], 1):
        told = words(kind.code, say.language)
        console.print(Text.assemble(f"{number:>2}. ", (_title(kind, say), "bold")))
        for line in (told.means, f"-> {told.remedy}"):
            _indented(console, Text(line))
        for where in _places(kind, say):
            _indented(console, Text(where, "cyan"))
    if len(kinds) > _MOST_KINDS:
        _indented(console, Text(say("more-kinds", n=len(kinds) - _MOST_KINDS)))


def _indented(console: Console, text: Text) -> None:
    """A paragraph that flows to the terminal's width; one line in a file, for grep."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, 4)))
    else:
        console.print(Text.assemble("    ", text), soft_wrap=True)


def _places(kind: Kind, say: Phrases) -> Iterator[str]:
    shown, more = places(kind.findings, "", _MOST_PLACES)
    with_message = is_telling(shown)
    for place in shown:
        run = f" {say('to')} {place.last} ({written(place.times, say.language)})" if place.last else ""
        message = f"  {translated(place.message, say.language)}" if with_message else ""
        yield f"{place.first}{run}{message}".strip()
    if more:
        yield say("more-places", n=more)


def _show_questions(console: Console, say: Phrases, findings: Sequence[Finding]) -> None:
    asked = {f.question.key: f.question.text for f in findings if f.question is not None}
    if asked:
        console.print()
        console.print(Text(say("questions", n=len(asked)), "bold yellow"))
        for text in list(asked.values())[:_MOST_KINDS]:
            _indented(console, Text(f"- {translated(text, say.language)}"))
