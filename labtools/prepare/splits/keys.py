"""The keys of questions about a team's split: an answer in the teacher's file goes back to whoever asked."""

from __future__ import annotations

from labtools.prepare.sources.tree import below


def split_key(root: str, what: str) -> str:
    """The key of one question.

    Args:
        root: the team's folder in the tree.
        what: the path of one of its files, or a word for what is asked: ``lists``, ``folders``, ``unlisted``.
    """
    return f"split:{root}:{below(what, root)}"
