"""LaTeX that compiles, whatever experiments are called, and says what its marks mean."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from isicbench.cli.delivery import deliver
from isicbench.evaluation.scales import SCALES, Metric
from isicbench.report.comparison import compare_experiments
from isicbench.report.comparison_scores import ExperimentScores
from isicbench.report.contents import read_contents
from isicbench.report.data_table import Column, DataTable, Named, Range, Summary
from isicbench.report.latex import render_report
from isicbench.report.latex_table import TIE, dice_ties, latex_table, marks_of
from isicbench.report.latex_text import escape_latex
from isicbench.report.layout import Layout
from isicbench.report.rendering import ReportRequest
from tests.report.study_records import COLLAPSE, FINGERPRINT, config, failed, run
from tests.report.test_report_files import small_study
from tests.requiring import require

NASTY = [
    r"50% & $5_a^b #1 {x} \input{/etc/passwd}",
    "[1em] * --lr <1e-4> | `x` \"y\" 'z' ~",
    "Größe naïve Łódź Ærø façade Žižka ő … – — ± × ≤",
    "病变 🔬 ą",
]
PAPER = r"""\documentclass{article}
\usepackage{booktabs}
\begin{document}
\begin{table}
\input{reports/tables/results}
\end{table}
\end{document}
"""


def compiled(folder: Path, name: str) -> str:
    """The log of pdflatex, which must end well."""
    require("latex", shutil.which("pdflatex") is not None, "pdflatex is not installed")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", name]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (folder / name).with_suffix(".pdf").stat().st_size > 5_000
    return (folder / name).with_suffix(".log").read_text(errors="replace")


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Path:
    """A report of experiments with names that LaTeX would take for something else."""
    folder = tmp_path_factory.mktemp("paper")
    source, _ = small_study()
    runs = [
        run(1, config=config(frozen=True), diagnoses=(COLLAPSE,), experiment=NASTY[0]),
        run(2, experiment=NASTY[1]),
        failed(3, config=config(learning_rate=0.1), experiment=NASTY[2]),
        failed(4, config=config(learning_rate=0.2), experiment=NASTY[3]),
    ]
    request = ReportRequest(source=source, contents=read_contents(source, runs))
    deliver(render_report(request), folder / "reports" / "report.tex")
    return folder / "reports"


def test_report_compiles_as_it_stands(reports):
    log = compiled(reports, "report.tex")
    assert "Missing character" not in log
    assert "curves/loss.pdf" in log
    assert "predictions/predictions.pdf" in log


def test_table_compiles_within_a_paper_that_loads_booktabs(reports):
    (reports.parent / "paper.tex").write_text(PAPER)
    assert "Missing character" not in compiled(reports.parent, "paper.tex")


def test_fragments_are_plain_ascii_and_escape_every_name(reports):
    text = (reports / "tables" / "results.tex").read_bytes().decode("ascii")
    assert r"50\% \& \$5\_a\textasciicircum{}b \#1 \{x\} \textbackslash{}input\{/etc/passwd\}" in text
    assert "{[}1em{]}" in text
    assert r"Gr\"{o}\ss{}e na\"{i}ve \L{}\'{o}d\'{z}" in text
    assert "{[}U+75C5{]}" in text


def test_two_hyphens_stay_two():
    assert escape_latex("--lr a-b") == "-{}-lr a-b"


def column(key: str, **settings) -> Column:
    return Column(key=key, heading=key, decimals=3, is_score=True, **settings)


def test_best_value_is_bold_with_its_uncertainty_and_ties_are_marked():
    table = DataTable(
        name="results",
        title="Results",
        columns=(
            Column(key="experiment", heading="Experiment", is_text=True),
            column("dice", better="higher"),
            column("loss", better="lower", unit="nat"),
            column("dice_interval"),
        ),
        rows=(
            (Named("a"), Summary(mean=0.7, sd=0.01, n=3), 0.5, Range(low=-0.1, high=0.8)),
            (Named("b", "failed"), Summary(mean=0.6, sd=0.02, n=3), 0.4, None),
            (Named("c"), None, 0.4, None),
        ),
    )
    marks = marks_of(table, frozenset({"b"}))
    text = latex_table(table, marks)
    assert r"a & \textbf{0.700} $\pm$ 0.010 & 0.500 & {[}$-$0.100, 0.800{]} \\" in text
    assert rf"b \textbf{{{{[}}failed{{]}}}} & 0.600{TIE} $\pm$ 0.020 & \textbf{{0.400}} & -- \\" in text
    assert r"c & -- & \textbf{0.400} & -- \\" in text
    assert r"Experiment & dice & loss (nat) & dice\_interval \\" in text
    assert len(marks.lines) == 2


def scored(label: str, scores: np.ndarray) -> ExperimentScores:
    image_ids = tuple(f"ISIC_{number:07d}" for number in range(scores.size))
    return ExperimentScores(
        label=label,
        run_ids=(1,),
        seeds=(0,),
        dataset_fingerprint=FINGERPRINT,
        image_size_px=128,
        image_ids=image_ids,
        scores=scores[None],
        lesion_pixels=dict.fromkeys(image_ids, 100),
    )


def test_experiments_that_are_not_shown_to_differ_from_the_best_are_its_ties():
    rng = np.random.default_rng(0)
    best = rng.uniform(0.6, 0.9, 60)
    experiments = [
        scored("worse", best - 0.3 + rng.normal(0, 0.02, 60)),
        scored("best", best),
        scored("tie", best - 0.001 + rng.normal(0, 0.05, 60)),
    ]
    compared = compare_experiments(experiments, scale=SCALES[Metric.DICE], split="test", resolution="training")
    assert max(compared.means, key=lambda line: line.mean).label in ("best", "tie")
    assert dice_ties(compared) == {"best", "tie"} - {max(compared.means, key=lambda line: line.mean).label}
    assert dice_ties(None) == frozenset()


def test_standard_output_gets_one_fragment_and_no_files():
    source, runs = small_study()
    request = ReportRequest(source=source, contents=read_contents(source, runs), beside=False, layout=Layout())
    rendered = render_report(request)
    assert not rendered.files
    assert rendered.body.count(r"\begin{tabular}{@{}lrrrr@{}}") == 1
