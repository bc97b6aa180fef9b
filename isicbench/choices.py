"""Names in messages: one that fits none of the valid ones, with a guess at what was meant; and the first of many."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from isicbench.errors import ConfigError

LISTED_UP_TO = 60
TRUTH = {"true": True, "false": False}
_WORD = re.compile(r"\w[\w-]*")


def unknown(option: str, value: str, choices: Iterable[str]) -> ConfigError:
    """`--sort dise: there is no such value`, with the nearest of the choices and all of them as the hint."""
    valid = list(dict.fromkeys(choices))
    return ConfigError(f"{option} {value}: there is no such value", hint=f"{_guess(value, valid)}{_listed(valid)}")


def some_of(names: Sequence[str], most: int) -> str:
    """`a, b, and 3 more`: the first of them, and how many are left out."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*names[:most], *more])


def _guess(value: str, valid: list[str]) -> str:
    """The nearest choice, or the nearest word of one."""
    words = [word for choice in valid for word in _WORD.findall(choice)]
    by_folded = {choice.casefold(): choice for choice in [*words, *valid]}
    near = get_close_matches(value.casefold(), by_folded, n=1, cutoff=0.5)
    return f"Did you mean {by_folded[near[0]]}? " if near else ""


def _listed(valid: list[str]) -> str:
    if not valid:
        return "There is none."
    if any(" " in choice for choice in valid):
        return "\n".join(["There are:", *(f"  {choice}" for choice in valid[:LISTED_UP_TO]), *_more(valid)])
    return f"There are: {', '.join([*valid[:LISTED_UP_TO], *_more(valid)])}"


def _more(valid: list[str]) -> list[str]:
    more = len(valid) - LISTED_UP_TO
    return [f"and {more} more"] if more > 0 else []
