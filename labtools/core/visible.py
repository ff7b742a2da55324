r"""What strangers wrote, as it may be shown: nothing in it is obeyed by a terminal, an editor or a browser.

A class called ``\x1b]52;c;...`` would write into the clipboard of whoever reads it on a terminal; a name with a
right-to-left override reads ``frame_gpj.exe`` though it ends in ``exe.jpg`` (CVE-2021-42574, "Trojan Source").
"""

from __future__ import annotations

OVERRIDES = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029)
"""What shows the characters behind it in another order, or on another line: in no name that anybody means."""

_SPACES = (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x85, 0x2028, 0x2029)
_UNSEEN = (
    *OVERRIDES,
    *range(0x80, 0xA0),  # C1: 0x9B begins a terminal's sequence as ESC [ does
    *(0x061C, 0x200B, 0x200E, 0x200F, 0xFEFF),
    *range(0x2060, 0x2066), *range(0x206A, 0x2070), *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # tags: a text that nobody sees
    *range(0xD800, 0xE000),  # halves of a character, which no file can hold
)  # fmt: skip
# Joiners (U+200C, U+200D) stay: Persian names and emoji are made with them.
_STAND_INS = {
    **{control: 0x2400 + control for control in range(0x20)},
    0x7F: 0x2421,
    **dict.fromkeys(_UNSEEN, 0xFFFD),
    **dict.fromkeys(_SPACES, 0x20),
}
_NOTHINGS = {character: 0x20 if character in _SPACES else None for character in _STAND_INS}


def visible(text: str) -> str:
    r"""One line in which each character that steers instead of being seen has a stand-in; all others are as they were.

    >>> visible("a\x1b[31m"), visible("two\nlines"), visible("\u202egpj.exe"), visible("Téléphone 📱")
    ('a␛[31m', 'two lines', '�gpj.exe', 'Téléphone 📱')
    """
    return text if text.isprintable() else text.translate(_STAND_INS)


def unsteered(text: str) -> str:
    r"""One line without those characters: a name as it was meant, where `visible` shows what it is.

    >>> unsteered("ballon\u200b"), unsteered("two\nlines"), unsteered("\x1b[31mred")
    ('ballon', 'two lines', '[31mred')
    """
    return text if text.isprintable() else text.translate(_NOTHINGS)
