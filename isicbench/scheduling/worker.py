"""The long-lived process that a slot runs.

It reads lines on standard input (`train 17 18`, `stop`) and answers on standard output (`17=completed 18=diverged`).
When the input ends, its scheduler is gone, and it stops as well. It also leaves where its device computes no more
(`17=failed leaving`): another process may still use it. Whatever the libraries print goes to the log of the run at
hand.
"""

import argparse
import faulthandler
import os
import signal
import sys

from isicbench.compute.processes import host_name, process_started
from isicbench.records import Owner
from isicbench.scheduling.orders import Orders
from isicbench.scheduling.slot_worker import LEAVING
from isicbench.scheduling.streams import take_standard_output
from isicbench.scheduling.watchdog import Watchdog
from isicbench.store.reconnecting import across_restarts
from isicbench.store.store import open_store

STOP_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""A cluster's notice of pre-emption (SIGUSR1) goes to every process of a job."""


def main() -> None:
    arguments = parse_arguments()
    answers = take_standard_output()
    faulthandler.enable()
    orders = Orders(sys.stdin)
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: orders.stop())
    import torch  # once orders are heard: it takes seconds

    from isicbench.scheduling.device_health import computes
    from isicbench.scheduling.serving import Worker

    torch.set_num_threads(arguments.threads)
    device = torch.device(arguments.device)
    if not computes(device):
        sys.exit(f"{arguments.slot}: the GPU does not compute; nvidia-smi and the system's log may tell why")
    worker = Worker(
        store=across_restarts(open_store)(os.environ["ISICBENCH_DB"], create=False, is_patient=True),
        owner=Owner(host=host_name(), pid=os.getpid(), process_started=process_started(), slot=arguments.slot),
        device=device,
        should_stop=orders.stop_requested.is_set,
        checkpoint_minutes=arguments.checkpoint_minutes,
        watchdog=Watchdog(arguments.hang_seconds),
    )
    orders.loaded()
    for run_ids in orders:
        answer = [f"{run_id}={status}" for run_id, status in worker.serve(run_ids).items()]
        leaving = [] if computes(device) else [LEAVING]
        print(*answer, *leaving, file=answers, flush=True)
        if leaving:
            os._exit(0)  # libraries that clean up would meet the same error, and abort


def parse_arguments() -> argparse.Namespace:
    """The database is not among them: a URL may hold a password, and arguments stand in the process list."""
    parser = argparse.ArgumentParser(prog="isicbench worker")
    parser.add_argument("--slot", required=True)
    parser.add_argument("--device", required=True, choices=["cpu", "cuda"])
    parser.add_argument("--threads", required=True, type=int)
    parser.add_argument("--checkpoint-minutes", required=True, type=float)
    parser.add_argument("--hang-seconds", required=True, type=float)
    return parser.parse_args()


if __name__ == "__main__":
    main()
