"""One attempt at one run, in a process of its own: train, beat, and record how it ended.

The exit codes of that process; a negative one (a signal) or any other is for the lane to explain.
"""

EXIT_FAILED = 1
"""The training failed; ``end.<n>.json`` says why."""

EXIT_NO_SPACE = 74
"""The disk is so full that not even the end could be written: the lane records `Cause.DISK` when it can."""

EXIT_FENCED = 75
"""Somebody else has this run now; nothing was recorded."""

EXIT_ORPHAN = 76
"""The lane died; whoever notices ends the attempt."""
