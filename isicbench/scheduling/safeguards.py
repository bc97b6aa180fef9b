"""What keeps a long study going: how often a run is saved, how long it may stand still, how often it is tried again."""

import math
from dataclasses import dataclass

from isicbench.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """Raises `ConfigError` for a value that it cannot have. None of them changes a result."""

    checkpoint_minutes: float = 10.0
    """Within an epoch; 0 saves every step. An epoch's end is saved in any case, as often as that costs little."""
    hang_minutes: float = 10.0
    """Without a step, an epoch or a score, after which a worker is killed; 0 waits for ever."""
    retries: int = 1
    """New attempts of a run whose worker died, within one study."""

    def __post_init__(self) -> None:
        _require("--checkpoint-minutes", self.checkpoint_minutes)
        _require("--hang-minutes", self.hang_minutes)
        _require("--retries", self.retries)

    @property
    def hang_seconds(self) -> float:
        return self.hang_minutes * 60


def _require(option: str, value: float) -> None:
    if not (0 <= value < math.inf):
        raise ConfigError(f"{option} {value:g}: expected 0 or more", hint="See: isicbench run --help")
