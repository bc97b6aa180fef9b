"""Tags of studies."""

from collections.abc import Sequence

from isicbench.errors import ConfigError
from isicbench.report.wording import printable

LONGEST = 100


def read_tags(values: Sequence[str]) -> tuple[str, ...]:
    """Each once, in order. Raises `ConfigError` for an empty or overlong one, or one that cannot be printed."""
    tags = tuple(dict.fromkeys(value.strip() for value in values))
    for tag in tags:
        if not 0 < len(tag) <= LONGEST or printable(tag) != tag:
            raise ConfigError(
                f"--tag {printable(tag)!r}: expected a word of 1 to {LONGEST} printable characters",
                hint="For example: --tag baseline",
            )
    return tags
