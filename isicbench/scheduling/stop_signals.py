"""The signals by which a study is asked to stop."""

import signal

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""SIGUSR1 is what a cluster sends before it takes the machine away (Slurm: --signal=USR1@60)."""


def stop_signals() -> list[signal.Signals]:
    """All of them; but SIGHUP, which a terminal sends as it closes, only where the process was not begun to ignore it,
    as `nohup` does."""
    return [number for number in ASKING if number != signal.SIGHUP or signal.getsignal(signal.SIGHUP) != signal.SIG_IGN]
