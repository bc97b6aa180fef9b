"""A run's status as coloured text; the word alone is enough where there is no colour."""

from rich.text import Text

from isicbench.records import RunRecord, RunStatus

_STYLES = {
    RunStatus.QUEUED: "dim",
    RunStatus.RUNNING: "cyan",
    RunStatus.COMPLETED: "green",
    RunStatus.FAILED: "bold red",
    RunStatus.DIVERGED: "bold red",
    RunStatus.INTERRUPTED: "yellow",
}


def status_text(run: RunRecord, *, collapsed: bool = False) -> Text:
    """`completed`, with `collapsed` beneath where the run has."""
    text = Text(run.status.value, style=_STYLES[run.status])
    return text.append("\ncollapsed", style="bold red") if collapsed else text
