"""How the class of boxes was decided: the decision, what it was taken from, and for how many boxes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from labtools.core.findings import Question
from labtools.core.sentences import Sentence


@dataclass(frozen=True)
class Refusal:
    """A box without a class: nothing was guessed, or the teacher does not want it."""

    code: str
    message: Sentence
    question: Question | None = None

    @property
    def is_wanted(self) -> bool:
        """Left out by the teacher's decision: nothing is missing."""
        return self.code == "class-left-out"


@dataclass(frozen=True)
class Decision:
    """The class of all boxes of one id or name in one folder.

    Attributes:
        to: class id, or why there is none.
        code, message: of the finding that says how it was decided; ``""`` and None where a name said so itself.
    """

    to: int | Refusal
    code: str = ""
    message: Sentence | None = None


@dataclass
class Scope:
    """What the files of one folder use."""

    ids: Counter[int] = field(default_factory=Counter)
    zero_has_company: bool = False  # some file uses 0 and another id

    def add(self, ids: Iterable[int]) -> None:
        counts = Counter(ids)
        self.ids += counts
        self.zero_has_company = self.zero_has_company or (0 in counts and len(counts) > 1)


@dataclass
class Tally:
    """For how many boxes a decision was taken; the first of them by its file and picture."""

    first: tuple[str, str]
    last: str = ""
    boxes: int = 0
    files: int = 0
