"""How a check says that a promise is broken."""


class BrokenPromiseError(AssertionError):
    """A plugin, or a part of isicbench, is not what every one of its kind must be."""


def require(holds: bool, promise: str) -> None:
    """Raise `BrokenPromiseError` with the promise unless it holds."""
    if not holds:
        raise BrokenPromiseError(promise)
