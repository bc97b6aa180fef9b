"""What a scheduler says to its worker."""

import os
import queue
import threading
from collections.abc import Iterator
from typing import TextIO


class Orders:
    """The groups of run ids that the scheduler sends; read by a thread, so that a stop is heard during a training."""

    def __init__(self, source: TextIO) -> None:
        self.stop_requested = threading.Event()
        self._loading = True
        self._waiting: queue.Queue[list[int] | None] = queue.Queue()
        threading.Thread(target=self._read, args=(source,), daemon=True).start()

    def __iter__(self) -> Iterator[list[int]]:
        while (run_ids := self._waiting.get()) is not None:
            yield run_ids

    def loaded(self) -> None:
        """Runs can be claimed from now on. Until then a stop ends the process at once: loading torch takes seconds."""
        self._loading = False

    def stop(self) -> None:
        if self._loading:
            os._exit(0)
        self.stop_requested.set()
        self._waiting.put(None)

    def _read(self, source: TextIO) -> None:
        for line in source:
            match line.split():
                case ["train", *run_ids]:
                    self._waiting.put([int(run_id) for run_id in run_ids])
                case ["stop"]:
                    break
        self.stop()
