"""The stores of the database's own tests, filled with what an export has to cope with."""

import pytest

from isicbench.records import RunStatus
from tests.store.conftest import database, new_file, new_template, store
from tests.store.store_records import FINE_TUNED, complete, end, epoch, queue, request

__all__ = ["database", "new_file", "new_template", "recorded", "store"]

FORMULA = "=HYPERLINK(1)"


@pytest.fixture
def recorded(store):
    """Run 1 completed, run 2 failed after an epoch, run 3 completed under a name that a spreadsheet would compute."""
    done, failed, other = queue(store, request(), request(seed=1), request(FINE_TUNED, seed=-5, name=FORMULA))
    complete(store, done)
    end(store, failed, RunStatus.FAILED)
    store.record_epoch(failed, epoch(1))
    complete(store, other)
    return store
