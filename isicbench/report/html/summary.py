"""What the page says first: how much was compared, which is best, how sure that is, and what went wrong."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from isicbench.evaluation.comparison import Verdict
from isicbench.report.comparison import ComparisonContents, PairLine
from isicbench.report.comparison_section import DICE, mean_cells
from isicbench.report.contents import ReportContents
from isicbench.report.html.differences import CHIPS
from isicbench.report.html.overview import best_place
from isicbench.report.wording import count, duration

NOTES_TOLD = 2
PAIRS_TOLD = 3
"""Sentences on the best and another; the rest stand in the section on differences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A sentence, with the figures behind its words within it."""

    chip: str
    """The word that it comes to; `style` is how that is styled."""
    style: str
    text: str
    link: str
    """The section that holds more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    name: str
    value: str


def facts(contents: ReportContents) -> list[Fact]:
    """The size of what is reported."""
    runs = [line.outcome.run for line in contents.runs]
    states = Counter(run.status.value for run in runs)
    told = ", ".join(f"{number} {state}" for state, number in states.items())
    images = {row.evaluation.image_count for row in contents.scores}
    seconds = [run.train_seconds for run in runs if run.train_seconds is not None]
    found = [Fact(name="Experiments", value=str(len(contents.experiments))), Fact(name="Runs", value=told)]
    if images:
        found.append(Fact(name="Test images", value=" or ".join(map(str, sorted(images)))))
    if seconds:
        found.append(Fact(name="Training time, all runs", value=duration(sum(seconds))))
    return found


def statements(contents: ReportContents) -> list[Statement]:
    """In the order of what a reader asks first."""
    found = []
    if contents.comparisons:
        found += _comparison_statements(contents.comparisons.dice)
    found += _diagnosis_statements(contents)
    if contents.notes:
        found.append(Statement(chip="left out", style="caution", text=_left_out(contents.notes), link="experiments"))
    return found


def _left_out(notes: Sequence[str]) -> str:
    """What stands behind no figure of the table, in full where it is little."""
    if len(notes) <= NOTES_TOLD:
        return " ".join(notes)
    return f"{notes[0]} {count(len(notes) - 1, 'more note')} on what stands behind no figure of the table."


def _comparison_statements(compared: ComparisonContents) -> list[Statement]:
    best = best_place(compared)
    if best is None:
        return []
    pairs = [pair for pair in compared.pairs if best in (pair.a, pair.b)]
    told = sorted(pairs, key=lambda pair: -compared.means[pair.b if pair.a == best else pair.a].mean)
    return [
        _best_statement(compared, best),
        *(_pair_statement(pair) for pair in told[:PAIRS_TOLD]),
        *_rest_statement(told[PAIRS_TOLD:], best),
    ]


def _best_statement(compared: ComparisonContents, best: int) -> Statement:
    line = compared.means[best]
    mean, interval = mean_cells(line, DICE)
    certainty = f" (95% interval {interval})" if line.interval else ""
    seeds = count(len(line.seeds), "seed")
    text = f"{line.label} has the highest Dice: {mean}{certainty}, {count(line.image_count, 'image')}, {seeds}."
    return Statement(chip="highest", style="highest", text=text, link="experiments")


def _pair_statement(pair: PairLine) -> Statement:
    verdict = pair.comparison.verdict if pair.comparison else Verdict.NO_DIFFERENCE_SHOWN
    chip = verdict.value if pair.comparison else "not compared"
    return Statement(chip=chip, style=CHIPS[verdict], text=pair.sentence, link="differences")


def _rest_statement(pairs: Sequence[PairLine], best: int) -> list[Statement]:
    """How the remaining experiments stand to the best, counted by verdict."""
    if not pairs:
        return []
    states = Counter(_from_the_best(pair, best) for pair in pairs)
    told = "; ".join(f"{state}: {number}" for state, number in states.items())
    text = f"Beside these, {count(len(pairs), 'other experiment')} against the highest: {told}."
    return [Statement(chip="others", style="unshown", text=text, link="differences")]


def _from_the_best(pair: PairLine, best: int) -> str:
    if pair.comparison is None:
        return "not compared"
    verdict = pair.comparison.verdict
    if verdict is Verdict.NO_DIFFERENCE_SHOWN:
        return verdict.value
    best_is_better = (verdict is Verdict.BETTER) == (pair.a == best)
    return "shown to be lower" if best_is_better else "shown to be higher"


def _diagnosis_statements(contents: ReportContents) -> list[Statement]:
    """One a kind of diagnosis, with the first run's message where there is a single one."""
    by_kind: dict[str, list[str]] = {}
    for line in contents.diagnoses:
        text = f"Run {line.run_id} ({line.label}, seed {line.seed}): {line.diagnosis.message}"
        by_kind.setdefault(line.diagnosis.kind, []).append(text)
    return [
        Statement(
            chip=kind.replace("_", " "),
            style="alarm",
            text=texts[0] if len(texts) == 1 else f"{count(len(texts), 'run')}, the first of them: {texts[0]}",
            link="diagnoses",
        )
        for kind, texts in by_kind.items()
    ]
