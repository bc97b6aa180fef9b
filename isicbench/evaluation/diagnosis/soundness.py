"""What makes figures meaningless however well training went: wrong masks, lost lesions, a frozen encoder that moved."""

from isicbench.evaluation.diagnosis.figures import RunFigures
from isicbench.records import Diagnosis

INVERTED_BORDER = 0.5
"""Lesions lie within the picture: masks whose border is foreground more often than this are the other way round."""
AREA_CHANGE = 0.05
"""Resizing may change the lesions' mean area by this share of it."""


def masks_inverted(figures: RunFigures) -> list[Diagnosis]:
    """The expert masks mark the skin, not the lesion."""
    masks = figures.masks
    if masks is None or masks.border_share <= INVERTED_BORDER or masks.border_share <= masks.centre_share:
        return []
    return [
        Diagnosis(
            kind="masks_inverted",
            message=(
                f"the masks look inverted: {masks.border_share:.0%} of their border is foreground, "
                f"{masks.centre_share:.0%} of their centre."
            ),
            advice="Look at them (isicbench data show, isicbench data audit) and turn them round: lesion 255, skin 0.",
            evidence={"border_share": masks.border_share, "centre_share": masks.centre_share},
        )
    ]


def predictions_inverted(figures: RunFigures) -> list[Diagnosis]:
    """Turned round, the predictions would be better, and as they stand they are worse than a guess."""
    scores = figures.test.image_scores
    hits, misses = sum(s.true_positives for s in scores), sum(s.false_negatives for s in scores)
    alarms, rejections = sum(s.false_positives for s in scores), sum(s.true_negatives for s in scores)
    if not hits + misses or not alarms + rejections:
        return []
    sensitivity, specificity = hits / (hits + misses), rejections / (alarms + rejections)
    if sensitivity >= 0.4 or specificity >= 0.4:
        return []
    return [
        Diagnosis(
            kind="predictions_inverted",
            message=(
                f"the predictions look inverted: {sensitivity:.0%} of the lesions' pixels and {specificity:.0%} of the "
                "others are predicted as what they are."
            ),
            advice="Are the masks or the predictions the other way round (lesion 0, skin 255)?",
            evidence={"micro_sensitivity": sensitivity, "micro_specificity": specificity},
        )
    ]


def resize_leak(figures: RunFigures) -> list[Diagnosis]:
    """Lesions are lost, or change their area, between the file and the network's input."""
    masks = figures.masks
    if masks is None or not masks.original_share > 0:
        return []
    change = masks.prepared_share / masks.original_share - 1
    if abs(change) <= AREA_CHANGE and not masks.vanished:
        return []
    size = figures.config.image_size_px
    lost = f"; the lesion of {masks.vanished} of {masks.image_count} images has vanished" if masks.vanished else ""
    return [
        Diagnosis(
            kind="resize_leak",
            message=(
                f"resizing to {size} px changes what is learnt: lesions cover {masks.prepared_share:.2%} of the image "
                f"there and {masks.original_share:.2%} in the files{lost}."
            ),
            advice="Try a larger --size; scores at the original resolution show the loss.",
            evidence={
                "prepared_share": masks.prepared_share,
                "original_share": masks.original_share,
                "vanished": masks.vanished,
            },
        )
    ]


def frozen_encoder_moved(figures: RunFigures) -> list[Diagnosis]:
    """A frozen encoder's weights or BatchNorm statistics are not what they were."""
    config = figures.config
    if not (config.frozen or config.freeze_until) or not figures.frozen_tensors_changed:
        return []
    what = "encoder" if config.frozen else f"encoder, up to stride {config.freeze_until},"
    return [
        Diagnosis(
            kind="frozen_encoder_moved",
            message=(
                f"{figures.frozen_tensors_changed} tensors of the frozen {what} changed in training: the run is not "
                "what its name says (BatchNorm statistics that drift do this)."
            ),
            advice="Do not use these scores. Please report this with the command that was run.",
            evidence={"tensors_changed": figures.frozen_tensors_changed},
        )
    ]
