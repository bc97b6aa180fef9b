"""Which runs may start on a GPU that has others: by the memory that such runs have taken before."""

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field

from isicbench.compute.devices import Gpu, visible_gpus
from isicbench.compute.slots import Slot
from isicbench.config import Config
from isicbench.records import QueuedRun, RunRecord
from isicbench.scheduling.out_of_memory import KIND

CONTEXT_MIB = 800
"""What CUDA and its libraries take of a GPU in each process, beside torch's tensors."""

SHAPE = ("encoder", "decoder", "frozen", "image_size_px", "batch_size", "batch_parts", "precision", "optimiser")
"""The fields of a config that a run's memory depends on."""


@dataclass(slots=True)
class Packing:
    """What is at work on each slot, and what it is known to take. Slots of a CPU take whatever comes."""

    gpus: Callable[[], Sequence[Gpu]] = visible_gpus
    """As they are now."""
    peaks_mib: dict[Hashable, float] = field(default_factory=dict)
    """By `memory_shape`: the most that a run of it has taken."""
    _at_work: dict[str, tuple[Slot, tuple[RunRecord, ...]]] = field(default_factory=dict)
    _shared: set[str] = field(default_factory=set)
    """Slots whose runs have had others on their device."""
    _alone: set[int] = field(default_factory=set)
    """Runs that get a device for themselves."""

    def room_for(self, slot: Slot) -> Callable[[QueuedRun], bool]:
        """Tells of a run whether it fits beside those on the slot's device, as full as that is now; where nothing else
        is on it there is no better time.

        A run of which nothing is known may start: how much it takes, and whether it fits, is known afterwards.
        """
        beside = self._beside(slot)
        if not beside:
            return lambda run: True
        if self._alone & {run.id for runs in beside for run in runs}:
            return lambda run: False
        room = self._room_mib(slot, beside)

        def fits(run: QueuedRun) -> bool:
            need = self._need_mib(run.config)
            return run.id not in self._alone and (not need or need <= room)

        return fits

    def starts(self, slot: Slot, runs: Sequence[RunRecord]) -> None:
        self._at_work[slot.name] = slot, tuple(runs)
        if self._beside(slot):
            self._shared |= {name for name, (other, _) in self._at_work.items() if other.uuid == slot.uuid}

    def ends(self, slot: Slot, runs: Iterable[RunRecord]) -> list[int]:
        """Learn from the slot's runs; gives those that ran out of memory beside others, and may fit alone."""
        self._at_work.pop(slot.name, None)
        was_shared = slot.name in self._shared
        self._shared.discard(slot.name)
        crowded = []
        for run in runs:
            if run.peak_memory_mib is not None:
                self.learn(run.config, run.peak_memory_mib)
            elif was_shared and run.failure is not None and run.failure.kind == KIND:
                crowded.append(run.id)
        return crowded

    def learn(self, config: Config, peak_mib: float) -> None:
        shape = memory_shape(config)
        self.peaks_mib[shape] = max(peak_mib, self.peaks_mib.get(shape, 0.0))

    def give_a_device(self, run_ids: Collection[int]) -> None:
        """Let these runs start where nothing else is at work, and nothing beside them."""
        self._alone.update(run_ids)

    def _beside(self, slot: Slot) -> list[tuple[RunRecord, ...]]:
        """What is at work on the slot's GPU, but for the slot itself."""
        if not slot.uuid:
            return []
        return [runs for other, runs in self._at_work.values() if other.uuid == slot.uuid and other != slot]

    def _room_mib(self, slot: Slot, beside: Sequence[Sequence[RunRecord]]) -> float:
        """What is free, but for what runs that have just begun will take yet."""
        gpu = next((gpu for gpu in self.gpus() if gpu.uuid == slot.uuid), None)
        if gpu is None:  # it does not answer any more
            return 0.0
        promised = sum(max(self._need_mib(run.config) for run in runs) for runs in beside if runs)
        return min(gpu.free_mib, gpu.memory_mib - promised)

    def _need_mib(self, config: Config) -> float:
        """0 where it is not known."""
        peak = self.peaks_mib.get(memory_shape(config))
        return 0.0 if peak is None else peak + CONTEXT_MIB


def memory_shape(config: Config) -> Hashable:
    return tuple(getattr(config, name) for name in SHAPE)
