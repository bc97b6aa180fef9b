"""Text from elsewhere, made harmless for a terminal and a spreadsheet, and cut to what one line says."""

import unicodedata

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
JOINERS = "\u200d\u200c"
"""Zero-width joiner and non-joiner: parts of emoji and of several scripts."""


def harmless(text: str) -> str:
    """The text without characters that could steer a terminal; line ends and tabs stay."""
    return text if text.isascii() and text.isprintable() else "".join(map(_harmless_character, text))


def steers(character: str) -> bool:
    """Whether it is a control or format character, or half of one: escapes, bidirectional overrides, surrogates.

    A surrogate stands for a byte of a file's name that is no UTF-8: it is no danger, and is printed as an escape.
    """
    return character not in JOINERS and unicodedata.category(character) in ("Cc", "Cf")


def _harmless_character(character: str) -> str:
    return REPLACEMENT if steers(character) and character not in "\n\t" else character


FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell that a spreadsheet computes begins with (OWASP, CSV Injection)."""


def without_formula(text: str) -> str:
    """Text that a spreadsheet takes for text, whatever it begins with."""
    return f"'{text}" if text.startswith(FORMULA_BEGINS) else text


def first_line(text: str) -> str:
    """The first line that says something, without the space around it; empty where none does."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
