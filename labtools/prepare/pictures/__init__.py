"""Pictures, read once: format, size, orientation, hash; which are usable, and which are the same."""
