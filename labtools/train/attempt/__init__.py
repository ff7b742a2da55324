"""One attempt at one run, in a process of its own: train, beat, and record how it ended."""

EXIT_FAILED = 1
EXIT_FENCED = 75
EXIT_ORPHAN = 76
