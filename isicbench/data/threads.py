"""Work on many files at once: Pillow and hashlib release the interpreter lock, so threads are enough."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from isicbench.compute.processes import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")


def thread_count() -> int:
    """Threads to use: the cores that this process may run on, 32 at most."""
    return min(32, usable_cores())


def map_in_order(function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """Results in the items' order. Only a few are held at once, so that memory does not grow with the dataset."""
    threads = thread_count()
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 4 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def map_within(budget: int, function: Callable[[Item], Result], items: Iterable[tuple[Item, int]]) -> Iterator[Result]:
    """Results in the order of `(item, cost)`; those at work never cost more than `budget` together, unless one alone.

    For work whose memory grows with its item: on a machine of many cores the number of threads would be no bound.
    """
    waiting: deque[tuple[Future[Result], int]] = deque()
    in_flight = 0
    with ThreadPoolExecutor(thread_count()) as pool:
        try:
            for item, cost in items:
                while waiting and in_flight + cost > budget:
                    future, done = waiting.popleft()
                    yield future.result()
                    in_flight -= done
                waiting.append((pool.submit(function, item), cost))
                in_flight += cost
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            for future, _ in waiting:
                future.cancel()
