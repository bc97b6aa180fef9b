"""The page's text: names escaped, bounded, the same each time, and with what the record says."""

import json
import math
import os
import re
import subprocess
import sys
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from isicbench.config import Config
from isicbench.errors import IsicbenchError
from isicbench.records import ImageScore, PredictionRecord, RunStatus, SampleRecord
from isicbench.report.html.page import render_html, write_html
from isicbench.report.palette import COLOURS
from tests.browser.pages import HOSTILE, IMAGES, large_study
from tests.report.study_records import (
    FINGERPRINT,
    MemorySource,
    config,
    dataset,
    epochs,
    evaluation,
    png_file,
    run,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(*large_study())


def data(page: str) -> dict:
    [text] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text)


def test_names_are_escaped_in_the_text_and_in_the_data_of_scripts(page):
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("<script") == 2
    assert HOSTILE in {line["label"] for line in data(page)["charts"]["train-loss"]["lines"]}


def test_page_names_no_file_or_address_but_its_own_anchors(page):
    assert not re.search(r"""(?:src|href)=["'](?!#|data:image/)""", page)
    assert not re.search(r"url\((?!#)", page)
    assert "http://" not in page.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in page
    assert not re.search(r"\sstyle=|\son\w+=", page)


def test_policy_allows_exactly_the_page_s_own_style_and_script(page):
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy.startswith("default-src &#39;none&#39;")
    for element in ("style", "script"):
        [text] = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{element}-src &#39;sha256-{digest}&#39;" in policy
    assert "unsafe" not in policy


def test_same_database_gives_the_same_bytes_in_any_process(tmp_path):
    script = (
        "from isicbench.store.store import open_store; from isicbench.report.html.page import write_html; import sys;"
        f"from pathlib import Path; store = open_store({str(ROOT / 'results.db')!r}, create=False);"
        "write_html(store, store.runs(), out=Path(sys.argv[1]))"
    )
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", script, str(tmp_path / seed)], env=environment, check=True)
    assert (tmp_path / "1" / "report.html").read_bytes() == (tmp_path / "2" / "report.html").read_bytes()


def test_summary_says_what_is_best_and_how_sure_that_is(page):
    summary = page[page.index('id="summary"') : page.index('id="experiments"')]
    assert re.search(
        rf"Fine-tuned has the highest Dice: 0\.7\d\d \(95% interval .*\), {IMAGES} images, 3 seeds\.", summary
    )
    assert re.search(r"Frozen is worse than Fine-tuned: Dice .*p &lt; 0.001|Fine-tuned is better than", summary)
    assert "Holm" in summary
    assert "collapsed background" in summary
    assert "1 failed" in summary


def test_page_holds_licence_preprocessing_environment_and_commands_and_no_host(page):
    assert ">CC0<" in page
    assert "bilinearly with antialiasing" in page
    assert "Python 3.11.9" in page
    assert "isicbench run --frozen --dataset synthetic" in page
    assert "secret-host" not in page


def test_page_without_results_says_what_became_of_the_runs():
    source, runs = large_study()
    page = render_html(source, [runs[-1]])
    assert "killed by signal 9" in page
    assert 'id="training"' not in page
    assert 'href="#training"' not in page


def test_page_of_every_kind_of_run_is_rendered():
    """Diverged with gaps, queued, completed without scores, another tool's masks, and one test image only."""
    external = Config.external(
        dataset="synthetic", dataset_fingerprint=FINGERPRINT, predictions_sha256="c" * 64, threshold=0.5
    )
    score = ImageScore(
        image_id="a", iou=0.5, dice=2 / 3, true_positives=1, false_positives=1, false_negatives=0, true_negatives=9
    )
    runs = [
        run(1, status=RunStatus.DIVERGED, config=config(epochs=3), log_path=""),
        run(2, status=RunStatus.QUEUED, epoch=0, config=config(epochs=5)),
        run(3, config=config(epochs=1)),
        run(4, config=external, experiment="Theirs", train_seconds=None, images_per_second=None),
    ]
    source = MemorySource(
        epochs_of={1: epochs(3, train_loss=math.nan, validation_loss=math.nan), 3: epochs(1)},
        evaluations_of={
            3: [evaluation(dice=math.nan)],
            4: [evaluation(resolution="original", image_count=1, image_scores=(score,))],
        },
    )
    page = render_html(source, runs)
    assert "Masks of another tool are scored at the images" in page
    assert "isicbench score --predictions PREDICTIONS --truth TRUTH --name Theirs" in page
    assert not re.search(r"NaN|nan|None|inf", json.dumps(data(page)))
    assert page.count(' href="#training"') == 1


def test_page_without_runs_is_refused(tmp_path):
    with pytest.raises(IsicbenchError, match="there are no runs"):
        write_html(MemorySource(), [], out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_folder_of_a_machine_is_not_shown_as_the_source_of_a_dataset():
    source, runs = large_study()
    source.records = [replace(dataset(), source="/home/somebody/skin")]
    assert "/home/somebody" not in render_html(source, runs)


def test_hundred_long_runs_with_large_ragged_pictures_stay_under_ten_megabytes():
    source, runs = MemorySource(records=[dataset()]), []
    noise = np.random.default_rng(0)
    picture = png_file(noise.integers(0, 255, (512, 512, 3)))
    mask, guess = (png_file(255 * noise.integers(0, 2, (512, 512))) for _ in range(2))
    sampled = [
        (
            SampleRecord(image_id=f"ISIC_{number:07d}", size_px=512, image_jpeg=picture, mask_png=mask),
            PredictionRecord(image_id=f"ISIC_{number:07d}", probabilities_png=guess),
        )
        for number in range(6)
    ]
    for run_id in range(1, 101):
        chosen = config(learning_rate=1e-5 * run_id, epochs=300, image_size_px=512)
        runs.append(run(run_id, config=chosen))
        source.epochs_of[run_id] = epochs(300)
        source.evaluations_of[run_id] = [evaluation(dice=0.5 + run_id / 1000)]
        source.predictions_of[run_id] = sampled
    page = render_html(source, runs)
    assert len(page.encode()) < 10_000_000
    assert "Shown are the 8 experiments with the highest Dice." in page
    assert "Drawn are the 28 experiments with the highest Dice, 72 are not." in page


def test_colours_of_the_page_are_those_of_the_figures():
    style = (ROOT / "isicbench/report/html/assets/colours.css").read_text()
    found = dict(re.findall(r"--c(\d): (?:light-dark\()?(#[0-9a-f]{6})", style))
    assert [found[str(place)].upper() for place in range(len(COLOURS))] == list(COLOURS)
