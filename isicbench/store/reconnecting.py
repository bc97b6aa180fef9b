"""Going on where a server was away for a while: what was under way is done again.

Where the connection breaks during a commit, nobody knows whether it took effect, and the server's own transaction
numbers do not tell either: after a crash they are given out anew. So everything that is written may be written again:
records replace themselves, and what would be one row more is known by the `moment` of its call.
"""

import functools
import sys
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import ParamSpec, TypeVar

from isicbench.errors import StoreError
from isicbench.store.problems import LostError

PATIENCE_SECONDS = 300.0
"""How long a server may be away: a restart, also of its machine."""
LONGEST_PAUSE_SECONDS = 2.0

_MOMENT: ContextVar[datetime | None] = ContextVar("moment", default=None)

Given = ParamSpec("Given")
Result = TypeVar("Result")
Class = TypeVar("Class", bound=type)


def moment() -> datetime:
    """When the call of the store under way began: the same when it is done again."""
    return _MOMENT.get() or datetime.now(UTC)


def methods_across_restarts(store: Class) -> Class:
    """Apply `across_restarts` to every public method of a class. Each must be one transaction, or several that may
    each be done again."""
    for name, method in vars(store).copy().items():
        if callable(method) and not name.startswith("_"):
            setattr(store, name, across_restarts(method))
    return store


def across_restarts(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """Call it again while it raises `LostError`, for `PATIENCE_SECONDS`; then raise a `StoreError`.

    The first time at once and without a word, since a connection that lay idle over a restart is the usual cause.
    """

    @functools.wraps(function)
    def call(*arguments: Given.args, **options: Given.kwargs) -> Result:
        outer = _MOMENT.set(datetime.now(UTC))
        try:
            return _persist(lambda: function(*arguments, **options))
        finally:
            _MOMENT.reset(outer)

    return call


def _persist(call: Callable[[], Result]) -> Result:
    began, tries = time.monotonic(), 0
    while True:
        try:
            result = call()
        except LostError as error:
            tries += 1
            _wait_or_give_up(error, tries=tries, waited=time.monotonic() - began)
        else:
            if tries > 1:
                print("The database is back.", file=sys.stderr, flush=True)
            return result


def _wait_or_give_up(error: LostError, *, tries: int, waited: float) -> None:
    if waited > PATIENCE_SECONDS:
        raise StoreError(
            f"{error.message}, for {waited:.0f} seconds", hint="When the server is back: isicbench resume --all"
        ) from error
    if tries == 2:
        print(f"{error.message}; trying again for {PATIENCE_SECONDS:.0f} seconds", file=sys.stderr, flush=True)
    if tries > 1:
        time.sleep(min(LONGEST_PAUSE_SECONDS, 0.1 * tries))
