"""What keeps a lane from starting its next training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hold:
    """A reason to wait.

    Attributes:
        why: a sentence without a full stop.
        is_final: it will not pass: the lane retires.
        is_idle: nothing is wrong, there is only nothing to do just now.
    """

    why: str
    is_final: bool = False
    is_idle: bool = False
