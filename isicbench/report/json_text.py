"""JSON as text that is safe to print."""

import json
from typing import Any

from isicbench.harmless import steers


def json_text(value: Any) -> str:
    """Indented, with a line's end; a character that could steer a terminal stands as an escape.

    Raises `ValueError` for a number that is not finite, which JSON does not have.
    """
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    if text.isascii() and "\x7f" not in text:
        return f"{text}\n"  # json itself has escaped all others that could steer
    return "".join(f"\\u{ord(c):04x}" if steers(c) and c != "\n" else c for c in text) + "\n"
