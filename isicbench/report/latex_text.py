"""Any text as LaTeX that shows it as it is: plain ASCII, under every engine and input encoding."""

import re
import unicodedata

from isicbench.report.wording import printable

_ADJACENT_HYPHENS = re.compile(r"-(?=-)")
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "{''}",
    "`": "{`}",
    "[": "{[}",  # after the end of a row it would be taken for its height
    "]": "{]}",
    "*": "{*}",
    "–": "--",
    "—": "---",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "…": r"\ldots{}",
    "±": r"$\pm$",
    "×": r"$\times$",
    "°": r"$^\circ$",
    "µ": r"$\mu$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "−": "$-$",
    "†": r"$^{\dagger}$",
    "ß": r"\ss{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
    "\u00a0": "~",
    "\u200d": "",
    "\u200c": "",
}
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}


def escape_latex(text: str) -> str:
    """On one line. A character that LaTeX's usual fonts do not have stands as its number: `[U+4E2D]`."""
    apart = _ADJACENT_HYPHENS.sub("-\0", printable(text))  # two of them would be another dash
    return "".join("{}" if character == "\0" else _escaped(character) for character in apart)


def number_in_latex(text: str) -> str:
    """A number with a real minus, a missing one as a dash."""
    return text.replace("-", "$-$").replace("–", "--").replace("<", "$<$")


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isascii():
        return character
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in _ACCENTS:
        return f"\\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"{{[}}U+{ord(character):04X}{{]}}"
