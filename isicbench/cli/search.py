"""`isicbench search`: trials of settings that Optuna proposes, judged by validation."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from isicbench.cli.app import new_app

if TYPE_CHECKING:
    from isicbench.cli.study import AskedStudy
    from isicbench.scheduling.search import Search


class SearchCommand(TyperCommand):
    """Leaves what it does not know to `isicbench run`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return ["[STUDY]", *super().collect_usage_pieces(ctx), "[OPTIONS OF isicbench run]"]


def search(
    ctx: typer.Context,
    trials: Annotated[
        int, typer.Option("--trials", metavar="N", min=1, help="Trials in all, earlier ones of this search included.")
    ] = 20,
    range_: Annotated[
        list[str],
        typer.Option(
            "--range",
            metavar="KEY=LOW..HIGH[:log]",
            help="Numbers to choose among, such as lr=1e-5..1e-2:log. Repeatable.",
        ),
    ] = [],
    choice: Annotated[
        list[str],
        typer.Option(
            "--choice", metavar="KEY=A,B,...", help="Values to choose among, such as decoder=conv,fpn. Repeatable."
        ),
    ] = [],
    maximise: Annotated[
        str | None,
        typer.Option(
            "--maximise",
            metavar="FIGURE",
            help="validation_dice or validation_iou, of the last epoch.  [default: validation_dice]",
        ),
    ] = None,
    minimise: Annotated[
        str | None, typer.Option("--minimise", metavar="FIGURE", help="validation_loss, in place of --maximise.")
    ] = None,
    no_prune: Annotated[
        bool, typer.Option("--no-prune", help="Let every trial train to its last epoch, however bad it is.")
    ] = False,
) -> None:
    """Search for the best settings by validation, with Optuna: each trial is an ordinary run.

    Takes the options of isicbench run too, and its study files, with one value each: --frozen or --fine-tuned, and
    what else no --range or --choice names. A trial that does worse than the median of the completed ones is pruned.
    The same command goes on from there; with a larger --trials it adds some. The test set's scores are not looked at.

    Example: isicbench search --frozen --trials 30 --range lr=1e-5..1e-2:log --choice decoder=conv,fpn
    """
    from isicbench.cli.run import app as run_app
    from isicbench.errors import ConfigError
    from isicbench.scheduling.search import Objective, Search
    from isicbench.scheduling.search_space import read_space

    if maximise and minimise:
        raise ConfigError("--maximise and --minimise: a search has one objective", hint="Leave one of them away.")
    space = read_space(range_, choice)
    objective = Objective(
        figure=minimise or maximise or "validation_dice", direction="minimize" if minimise else "maximize"
    )

    def carry_out(asked: "AskedStudy") -> int:
        return _carry_out(
            asked,
            Search(
                space=space,
                objective=objective,
                trials=trials,
                prune=not no_prune,
                slots=len(asked.machines.plan.slots),
                seed=asked.request.seeds[0],
            ),
        )

    command = typer.main.get_command(run_app)
    with command.make_context("isicbench search", list(ctx.args), obj=carry_out) as run_ctx:
        command.invoke(run_ctx)


def _carry_out(asked: "AskedStudy", wanted: "Search") -> int:
    from dataclasses import replace

    from isicbench.cli.console import notes, out
    from isicbench.cli.study import open_planned, train_runs
    from isicbench.cli.trials import trials_table
    from isicbench.errors import ConfigError, RunsFailedError, StudyInterruptedError
    from isicbench.scheduling.search import recorded_trials, run_search

    if asked.force or asked.dry_run:
        raise ConfigError("a search has no --force and no --dry-run", hint="Leave them away.")
    store, plan = open_planned(replace(asked, request=wanted.grid(asked.request)))
    notes.print(f"{wanted.tag(plan)}: up to {wanted.trials} trials", markup=False)
    stopped = run_search(
        store,
        wanted,
        plan,
        command=asked.command,
        tags=asked.request.tags,
        train=lambda study, look: train_runs(store, study, asked.machines, asked.safeguards, looked=look),
    )
    trials = recorded_trials(store, wanted, wanted.tag(plan))
    out.print(trials_table(trials, wanted.objective))
    if stopped:
        return StudyInterruptedError.exit_code
    return 0 if any(trial.value is not None for trial in trials) else RunsFailedError.exit_code


app = new_app()
app.command(
    cls=SearchCommand,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "ignore_unknown_options": True,
        "allow_extra_args": True,
        "allow_interspersed_args": True,
    },
)(search)
