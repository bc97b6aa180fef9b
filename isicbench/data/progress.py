"""How far a long piece of work on data has come."""

from typing import Protocol


class Progress(Protocol):
    """Called from one thread with a label, what is done, and the total (0 where it is not known yet)."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


def silent(what: str, done: int, total: int) -> None:
    """Report nothing."""
    del what, done, total
