"""Costs of finished runs' networks, measured on this machine's CPU."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

from isicbench.compute.environment import cpu_model
from isicbench.config import Config
from isicbench.data.progress import Progress, silent
from isicbench.errors import StoreError
from isicbench.models.costs import cpu_latency_ms
from isicbench.models.segmenter import build_segmenter
from isicbench.records import CostRecord, RunRecord, RunStatus
from isicbench.scheduling.cost_files import counted_costs, save_costs
from isicbench.scheduling.trained_run import trained_config
from isicbench.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredNetwork:
    """One network at one input size, and the runs that it was recorded with."""

    encoder: str
    decoder: str
    image_size_px: int
    run_ids: tuple[int, ...]
    costs: CostRecord


def runs_with_networks(store: Store, run_ids: Sequence[int]) -> list[RunRecord]:
    """Those runs, or every completed one that has a network.

    Raises `StoreError` for a run that is not there or where there is none, `ConfigError` for one without a network.
    """
    if run_ids:
        runs = [store.run(run_id) for run_id in dict.fromkeys(run_ids)]
        for run in runs:
            trained_config(run)
        return runs
    runs = [run for run in store.runs(statuses=[RunStatus.COMPLETED]) if not run.config.is_external]
    if not runs:
        raise StoreError(f"{store.url_shown} holds no completed run with a network", hint="Train some: isicbench run")
    return runs


def measure_costs(
    store: Store, runs: Sequence[RunRecord], *, threads: int, progress: Progress = silent
) -> list[MeasuredNetwork]:
    """Measure each network of the runs once, whatever its weights, and record it with all of them.

    Raises `ConfigError` for an encoder that is not installed, `OSError` where a run's folder takes no file.
    """
    members: dict[Config, list[RunRecord]] = {}
    for run in runs:
        members.setdefault(_network_of(run.config), []).append(run)
    found = []
    for done, (config, sharing) in enumerate(members.items(), start=1):
        costs = _measured(config, threads=threads)
        for run in sharing:
            save_costs(store, run, costs)
        found.append(
            MeasuredNetwork(
                encoder=config.encoder,
                decoder=config.decoder,
                image_size_px=config.image_size_px,
                run_ids=tuple(run.id for run in sharing),
                costs=costs,
            )
        )
        progress("measure", done, len(members))
    return found


def _network_of(config: Config) -> Config:
    """What of a config bears on the costs."""
    return Config(encoder=config.encoder, decoder=config.decoder, image_size_px=config.image_size_px, weights="random")


def _measured(config: Config, *, threads: int) -> CostRecord:
    segmenter = build_segmenter(config, seed=0).to(memory_format=torch.channels_last)
    with _threads(threads):
        latency_ms = cpu_latency_ms(segmenter, size_px=config.image_size_px)
    on = f"{cpu_model()}, {threads} thread{'s' if threads != 1 else ''}"
    return replace(counted_costs(segmenter, size_px=config.image_size_px), latency_ms=latency_ms, latency_on=on)


@contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
