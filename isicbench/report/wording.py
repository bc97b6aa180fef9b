"""How numbers, durations and names are written, the same in every rendering."""

import math
import unicodedata
from collections.abc import Iterable

from isicbench.harmless import REPLACEMENT, first_line, steers
from isicbench.records import Diagnosis

MISSING = "–"


def figure(value: float | None) -> str:
    """Four decimals; a dash where there is no value, `NaN` or `inf` where it is not finite."""
    if value is None:
        return MISSING
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else str(value)
    return f"{value:.4f}"


def evidence_figure(value: float) -> str:
    """Four decimals; whole numbers as such, and small ones with their exponent so that they don't read as zero."""
    if math.isfinite(value) and value == round(value):
        return f"{value:.0f}"
    return f"{value:.1e}" if 0 < abs(value) < 5e-5 else figure(value)


def evidence_text(diagnosis: Diagnosis) -> str:
    """The figures that show it: `predicted_share 0, true_share 0.2713`."""
    return ", ".join(f"{printable(name)} {evidence_figure(value)}" for name, value in diagnosis.evidence.items())


def rate(images_per_second: float | None) -> str:
    """Images a second: whole from 10 up, one decimal below."""
    if images_per_second is None or not math.isfinite(images_per_second):
        return MISSING
    return f"{images_per_second:.0f}" if images_per_second >= 9.95 else f"{images_per_second:.1f}"


def duration(seconds: float | None) -> str:
    """`8.2 s`, `4 min 05 s`, `2 h 07 min`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def time_left(seconds: float | None) -> str:
    """A rough, narrow duration for what is still to come: `45 s`, `12 min`, `3h 10m`."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60}h {minutes % 60:02d}m"


def memory(mebibytes: float | None) -> str:
    return MISSING if mebibytes is None else f"{mebibytes:.0f} MiB"


def number_ranges(numbers: Iterable[int]) -> str:
    """`1, 3-5, 9` for 1, 3, 4, 5, 9."""
    ranges: list[list[int]] = []
    for number in sorted(set(numbers)):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    return ", ".join(_range(first, last) for first, last in ranges)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def capitalised(text: str) -> str:
    """With its first letter large, and the others as they are."""
    return text[:1].upper() + text[1:]


def printable(text: str) -> str:
    """The text without characters that could steer a terminal or break a line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if c in "\n\r\t" else REPLACEMENT if steers(c) or _is_half(c) else c for c in text)


def headline(text: str, *, limit: int = 200) -> str:
    """The first line that says something, shortened to `limit` characters."""
    line = first_line(text)
    return printable(line if len(line) <= limit else line[: limit - 1] + "…")


def _range(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}, {last}" if last == first + 1 else f"{first}-{last}"


def _is_half(character: str) -> bool:
    """A surrogate: half a character, which no file can hold."""
    return unicodedata.category(character) == "Cs"
