"""What a model card must say that was not tested."""

from collections.abc import Iterator

from isicbench.config import Config
from isicbench.report.experiments import Experiment
from isicbench.report.notes import seen_in_training
from isicbench.report.wording import count

GENERAL = (
    "Nobody has examined how it does by skin tone, age, site of the body, camera or clinic: the database holds nothing "
    "of these.",
    "It outlines one lesion or more in a dermoscopic picture. It does not say what a lesion is, nor whether a picture "
    "shows skin at all.",
    "Pictures are stretched to a square of {size_px} px: what is finer than that is lost.",
    "No expert has looked at the masks, and the expert masks themselves were taken as true.",
)


def card_limits(experiment: Experiment, *, other_datasets: int) -> list[str]:
    """Sentences, those that follow from this experiment's own records first."""
    own = [*_data_limits(experiment.config, other_datasets), *_training_limits(experiment), *_scores_seen(experiment)]
    return [*own, *(text.format(size_px=experiment.config.image_size_px) for text in GENERAL)]


def _data_limits(config: Config, other_datasets: int) -> Iterator[str]:
    if config.dataset == "synthetic":
        yield "Its images are drawn by a program. It has never seen a photograph, and is of no use on one."
    if other_datasets == 0:
        yield "It was scored on the test images of its own dataset alone; no other dataset was tried."
    if config.validate_on == "test":
        yield "It was validated on the test images: its scores are no independent estimate."


def _training_limits(experiment: Experiment) -> Iterator[str]:
    seeds = len(experiment.counted)
    if seeds == 1:
        yield "It was trained once, with one seed: how far another training would differ is not known."
    else:
        yield f"It was trained with {count(seeds, 'seed')}: the scores are means, and each file of weights has its own."
    if experiment.config.chooses_threshold:
        yield "The threshold was chosen on validation images of the same dataset, and may not suit other pictures."
    else:
        yield f"The threshold of {experiment.config.threshold:g} was fixed beforehand and not tuned."


def _scores_seen(experiment: Experiment) -> Iterator[str]:
    for outcome in experiment.counted:
        if seen := seen_in_training(outcome.evaluation):
            yield f"Run {outcome.run.id}: {seen}."
