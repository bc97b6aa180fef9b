"""Warnings before a training: images that a study validates or tests on, and trains on as well."""

from collections.abc import Sequence

from isicbench.choices import some_of
from isicbench.config import Config
from isicbench.data.contamination import SeenImage, scored_images, seen_images, trained_images, validation_images
from isicbench.scheduling.planning import Plan

NAMED = 3
REASONS = {"bytes": "same bytes", "id": "same id", "near": "hashes nearly equal"}


def seen_warnings(plan: Plan) -> list[str]:
    """A line for each distinct set of scored images, and of validation images, that training images show."""
    images = plan.record.images
    warnings = []
    for config in _distinct_splits(plan):
        trained, scored = trained_images(images, config), scored_images(images, config)
        name = f"fold {config.fold}'s" if config.folds else "test"
        warnings.append(_warning(name, seen_images(trained, scored), len(scored)))
        if config.validate_on != "test":
            validation = validation_images(images, config)
            warnings.append(_warning("validation", seen_images(trained, validation), len(validation)))
    return [warning for warning in dict.fromkeys(warnings) if warning]


def _distinct_splits(plan: Plan) -> list[Config]:
    """One config for each way of splitting the images."""
    splitting = ("validate_on", "validation_share", "validation_seed", "folds", "fold")
    distinct = {tuple(getattr(run.config, name) for name in splitting): run.config for run in plan.runs}
    return list(distinct.values())


def _warning(split: str, seen: Sequence[SeenImage], total: int) -> str:
    if not seen:
        return ""
    named = [f"{one.image.image_id} as {one.trained.image_id} ({REASONS[one.reason]})" for one in seen]
    certain = "Their" if all(one.reason != "near" for one in seen) else "Where the pictures are the same, their"
    return (
        f"{len(seen)} of {total} {split} images are trained on as well: {some_of(named, NAMED)}. {certain} scores will "
        "be too high. See: isicbench data audit"
    )
