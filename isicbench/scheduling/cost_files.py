"""The costs of runs' networks, written beside their weights."""

import hashlib

from isicbench.models.costs import network_cost
from isicbench.models.segmenter import Segmenter
from isicbench.records import ArtifactRecord, CostRecord, RunRecord
from isicbench.scheduling.durable_file import write_durably
from isicbench.scheduling.run_folder import COSTS, recorded_path, run_folder
from isicbench.store.cost_files import KIND, cost_text
from isicbench.store.store import Store


def counted_costs(segmenter: Segmenter, *, size_px: int) -> CostRecord:
    """What can be counted on any machine: parameters and operations."""
    cost = network_cost(segmenter, size_px=size_px)
    return CostRecord(parameters=cost.parameters, gflops=cost.gflops)


def save_costs(store: Store, run: RunRecord, costs: CostRecord) -> None:
    """Write the run's file, in place of an earlier one, and record it. Raises `OSError`."""
    path = run_folder(store.folder, run) / COSTS
    content = cost_text(costs).encode()
    write_durably(path, content)
    sha256 = hashlib.sha256(content).hexdigest()
    name = recorded_path(store.folder, path)
    store.record_artifact(run.id, ArtifactRecord(kind=KIND, path=name, sha256=sha256, bytes=len(content)))
