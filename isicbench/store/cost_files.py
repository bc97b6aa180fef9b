"""What a run's network costs, as a small file beside its weights, which the database has a row of."""

import json
from dataclasses import asdict
from pathlib import Path

from isicbench.errors import StoreError
from isicbench.records import CostRecord

KIND = "costs"
"""Of the artifact."""


def cost_text(costs: CostRecord) -> str:
    """The file's content: JSON with the record's names."""
    return json.dumps(asdict(costs), indent=2) + "\n"


def read_costs(path: Path) -> CostRecord:
    """Raises `StoreError` for a file that is something else."""
    try:
        return CostRecord(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise StoreError(f"{path}: not a file of costs ({error})", hint="Write it anew: isicbench costs") from error
