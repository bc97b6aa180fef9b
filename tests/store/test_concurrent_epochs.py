"""Workers that record at the same time lose nothing."""

import subprocess
import sys
from pathlib import Path

from tests.store.store_records import epoch, queue, request, start

ROOT = Path(__file__).parents[2]
WRITERS = 4
EPOCHS = 200
WRITER = """
import sys
from isicbench.store.store import open_store
from tests.store.store_records import epoch

store = open_store(sys.argv[1], create=False)
print("ready", flush=True)
sys.stdin.readline()
for number in range(1, int(sys.argv[3]) + 1):
    store.record_epoch(int(sys.argv[2]), epoch(number))
"""


def start_writer(database: str, run_id: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, database, str(run_id), str(EPOCHS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_four_processes_that_record_epochs_at_once_lose_none(store, database):
    run_ids = queue(store, *[request(seed=seed) for seed in range(WRITERS)])
    for number, run_id in enumerate(run_ids):
        start(store, run_id, slot=f"cpu:{number}")
    writers = [start_writer(database, run_id) for run_id in run_ids]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * WRITERS
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [(writer.communicate()[1], writer.returncode) for writer in writers] == [("", 0)] * WRITERS
    expected = [epoch(number) for number in range(1, EPOCHS + 1)]
    assert store.epochs(run_ids) == dict.fromkeys(run_ids, expected)
    assert {run.epoch for run in store.runs()} == {EPOCHS}
