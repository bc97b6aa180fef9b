"""Axes of the page's charts: from values to places in the drawing, with round numbers beside them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

ROOM = 1.3
"""Between the smallest or the largest value and an end of a logarithmic axis, as a factor."""
MOST_POWERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """Values from `low` to `high` between the places `start` and `end`, in units of the drawing."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Place and text of each tick."""
        step = min((b - a for a, b in zip(self.ticks, self.ticks[1:], strict=False)), default=1.0)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        return [(coordinate(self.place(tick)), f"{tick:.{decimals}f}") for tick in self.ticks]


def value_axis(low: float, high: float, *, start: float, end: float) -> Axis:
    """From `low` to `high` exactly."""
    return Axis(low=low, high=high, start=start, end=end, ticks=round_ticks(low, high))


def epoch_axis(last: int, *, start: float, end: float) -> Axis:
    """Epochs 1 to `last`, whole numbers only."""
    low, high = (0.5, 1.5) if last <= 1 else (1.0, float(last))
    step = max(1, round_step(last, most=10))
    ticks = tuple(float(epoch) for epoch in range(1, last + 1) if epoch % step == 0 or (epoch == 1 and step < 3))
    return Axis(low=low, high=high, start=start, end=end, ticks=ticks)


def round_ticks(low: float, high: float, *, most: int = 6) -> tuple[float, ...]:
    """Multiples of 1, 2 or 5 times a power of ten within the range, at most about `most` of them."""
    step = round_step(high - low, most=most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(number * step, 12) for number in range(first, last + 1))


def round_step(span: float, *, most: int) -> float:
    """The smallest of 1, 2 or 5 times a power of ten that goes into the span at most `most` times."""
    power = 10.0 ** math.floor(math.log10(span / most))
    return next(factor * power for factor in (1, 2, 5, 10) if span / (factor * power) <= most)


def coordinate(value: float) -> str:
    """A place in the drawing, to a tenth of a unit."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogAxis:
    """Values above 0 by their logarithm, from `low` to `high` between the places `start` and `end`."""

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, values: Sequence[float], *, start: float, end: float) -> "LogAxis":
        """With some room beside the smallest and the largest."""
        return cls(low=min(values) / ROOM, high=max(values) * ROOM, start=start, end=end)

    def place(self, value: float) -> float:
        return self.start + math.log(value / self.low) / math.log(self.high / self.low) * (self.end - self.start)

    @property
    def marks(self) -> list[tuple[str, str]]:
        """Place and text of 1, 2 and 5 times each power of ten; of the powers alone where those would be many, and of
        equal steps within one."""
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        factors = (1, 2, 5) if len(powers) <= MOST_POWERS else (1,)
        ticks: Sequence[float] = [factor * 10.0**power for power in powers for factor in factors]
        if self.high < 10 * self.low:
            ticks = round_ticks(self.low, self.high)
        return [(coordinate(self.place(tick)), f"{tick:g}") for tick in ticks if self.low <= tick <= self.high]
