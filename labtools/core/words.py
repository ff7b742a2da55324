"""Numbers as people read them."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """Seconds for people: ``42 s``, ``7 min``, ``3 h 05``, ``2 d 4 h``; ``?`` for None."""
    if seconds is None:
        return "?"
    if seconds < 90:
        return f"{max(0, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02}" if hours < 24 else f"{hours // 24} d {hours % 24} h"


def score(value: float | None) -> str:
    """A metric for people: ``.842``, ``1.00``, ``?`` for None."""
    if value is None:
        return "?"
    return f"{value:.3f}".removeprefix("0") if value < 0.9995 else "1.00"


def memory(size: float | None) -> str:
    """Bytes for people: ``640 MB``, ``7.6 GB`` (powers of 1024); ``?`` for None."""
    if size is None:
        return "?"
    megabytes = size / 2**20
    return f"{megabytes:.0f} MB" if megabytes < 1000 else f"{megabytes / 1024:.1f} GB"
