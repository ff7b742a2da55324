"""What no list says: pictures without one, splits without one, lines that are nobody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from labtools.artifacts.dataset import SPLITS
from labtools.core.findings import Action, Finding, Question, Severity
from labtools.core.sentences import Sentence
from labtools.prepare.answers import LEAVE_OUT, Answers
from labtools.prepare.config import SplitPolicy
from labtools.prepare.sources.tree import folder_of, suffix_of
from labtools.prepare.splits.keys import split_key
from labtools.prepare.splits.lists import SplitList

_MANY = 0.05  # of a team's pictures in no list: too many to be a slip


def unlisted_finding(path: str, target: str) -> Finding:
    """A picture that no list names, and the split that it goes into; any other word: it is left out."""
    if target not in SPLITS:
        what = Sentence("no list of the team names this picture")
        return Finding("", path, 0, "image-unlisted", Severity.WARNING, what, Action.LEFT_OUT)
    what = Sentence("no list of the team names this picture: put into {split}", split=target)
    return Finding("", path, 0, "image-unlisted", Severity.WARNING, what, Action.REPAIRED)


def split_of_unlisted(
    unlisted: int, pictures: int, given: Collection[str], policy: SplitPolicy, root: str, answers: Answers
) -> tuple[str, list[Finding]]:
    """The split of the pictures that no list names, or another word where they are left out; and what is asked.

    Where one split has no list and pictures are in none, they may well be that split: a question.

    Args:
        unlisted: how many there are.
        pictures: how many the team has.
        given: the splits that it gave.
    """
    key = split_key(root, "unlisted")
    answer = answers.get(key)
    if answer in (*SPLITS, LEAVE_OUT):
        return answer, []
    missing = [name for name in SPLITS if name not in given]
    if len(missing) != 1 or policy.unlisted != LEAVE_OUT or unlisted < max(2, _MANY * pictures):
        return policy.unlisted, []
    name = missing[0]
    what = Sentence("there is no {split} list, and {n} pictures are in no list", split=name, n=unlisted)
    text = Sentence(
        "There is no {split} list, and {n} pictures are in no list: are they {split}?", split=name, n=unlisted
    )
    question = Question(key, text, (name, LEAVE_OUT))
    asked = Finding("", root, 0, "split-unlisted-many", Severity.ERROR, what, Action.ASKED, question)
    return policy.unlisted, [asked]


def spare_findings(spares: Mapping[str, str]) -> list[Finding]:
    """One for each folder of pictures that are there once more, with annotations, in another.

    Args:
        spares: picture -> the annotated one of the same bytes.
    """
    places: Counter[tuple[str, str]] = Counter((folder_of(path), folder_of(other)) for path, other in spares.items())
    found = []
    for (folder, other), count in places.items():
        what = Sentence(
            "{n} {n:picture|pictures} without labels, the same to the byte as {n:one|those} in {other}: only "
            "{n:that one is|those are} used",
            n=count,
            other=other,
        )
        found.append(Finding("", folder, 0, "image-spare", Severity.WARNING, what, Action.LEFT_OUT))
    return found


def missing_splits(split: Mapping[str, str], root: str) -> list[Finding]:
    """One for each split in which the team put no picture."""
    found = Counter(split.values())
    return [
        Finding("", root, 0, f"split-no-{name}", Severity.WARNING, _gave_none(name), Action.NOTED)
        for name in SPLITS
        if not found[name]
    ]


def _gave_none(split: str) -> Sentence:
    return Sentence("the team gave no {split} split", split=split)


def nobodys_lines(shared: Sequence[SplitList], taken: Collection[tuple[str, int]]) -> list[Finding]:
    """Lines of the lists above all teams that no team has taken for its own: they must not vanish unsaid.

    Args:
        taken: `Splits.shared_lines` of all teams.
    """
    findings = []
    for one in shared:
        lines = [(number, line) for number, line in enumerate(one.lines, 1)]
        lines += [(entry.line, entry.reference) for entry in one.entries]
        for number, line in lines:
            if (one.path, number) not in taken and ("/" in line or "\\" in line or suffix_of(line.strip())):
                what = Sentence("names no team's picture: {text!r}", text=line.strip()[:160])
                findings.append(Finding("", one.path, number, "list-absent", Severity.WARNING, what, Action.LEFT_OUT))
    return findings
