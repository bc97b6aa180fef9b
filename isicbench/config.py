"""The config of an experiment: all that determines a result except the seed."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import lru_cache
from itertools import product
from typing import Any, Literal

from isicbench.errors import ConfigError
from isicbench.plugins import is_plugin_name

AUGMENTATIONS = ("study", "flips", "none")
VALIDATION_SETS = ("held-out", "test")
THRESHOLD_RULES = ("fixed", "validation")
PRECISIONS = ("fp32", "bf16")
LOSSES = ("bce", "bce_dice", "dice", "focal", "lovasz", "tversky")
OPTIMISERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine", "one-cycle")
KEPT_EPOCHS = ("last", "best")
RECIPE = frozenset(
    {
        "decoder",
        "loss",
        "optimiser",
        "weight_decay",
        "schedule",
        "warmup_epochs",
        "encoder_rate_share",
        "clip_norm",
        "batch_parts",
        "freeze_until",
        "unfreeze_at",
        "ema_decay",
        "patience",
        "keep",
        "accumulate",
    }
)
"""Fields whose defaults are the study's own way to train."""

Augmentation = Literal["study", "flips", "none"]
ThresholdRule = Literal["fixed", "validation"]
ValidationSet = Literal["held-out", "test"]
Precision = Literal["fp32", "bf16"]

EXTERNAL = "external"
"""Encoder, decoder and weights of an experiment whose masks another tool predicted."""

FROZEN_LEARNING_RATE = 1e-3
FINE_TUNED_LEARNING_RATE = 1e-4
"""The study does not state its learning rates; these are customary for a fresh decoder and for trained layers."""

FROZEN_NAME = "Feature Extraction (Frozen Encoder)"
FINE_TUNED_NAME = "Fine-tuning (Unfrozen Encoder)"
PARTLY_FROZEN_NAME = "Fine-tuning (Partly Frozen Encoder)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One experiment's settings. Two equal configs with equal seeds give the same result on the same CPU.

    A field added in a later version must default to what earlier versions did: `config_hash` leaves out fields
    that hold their default, so that the hash of an old experiment never changes.
    """

    dataset: str = "isic2016"
    dataset_fingerprint: str = ""
    validate_on: ValidationSet = "held-out"
    validation_share: float = 0.1
    """Share of the training images held out for validation; unused with `validate_on="test"`."""
    validation_seed: int = 0
    encoder: str = "mobilenet_v2"
    decoder: str = "conv"
    weights: str = "imagenet1k_v1"
    """`imagenet1k_v1`, `random`, or the name of a file; `weights_sha256` tells which bytes."""
    weights_sha256: str = ""
    frozen: bool = False
    image_size_px: int = 128
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 1e-3
    augmentation: Augmentation = "study"
    """`study`: flips and colour jitter; `flips`; `none`."""
    threshold: float = 0.5
    """A pixel whose probability is above it is foreground."""
    threshold_rule: ThresholdRule = "fixed"
    """`fixed`: `threshold` as it stands; `validation`: the one with the best mean Dice on validation instead."""
    data_seed: int | None = None
    """Seed of order, augmentation and a random encoder's weights, so that runs can share them; None: the run's own
    seed. The decoder's initial weights come from the run's seed in any case."""
    precision: Precision = "fp32"
    """Of the network's arithmetic; `bf16` rounds weights and activations, sums and the optimiser stay in float32."""
    compile: bool = False
    """Whether a fine-tuned network goes through `torch.compile`; a frozen encoder has an engine of its own."""
    loss: str = "bce"
    """One of `LOSSES`, or a plugin's."""
    optimiser: str = "adam"
    """One of `OPTIMISERS`; `sgd` has Nesterov's momentum of 0.9."""
    weight_decay: float = 0.0
    schedule: str = "constant"
    """One of `SCHEDULES`: how the learning rate goes from step to step."""
    warmup_epochs: float = 0.0
    """Epochs in which the learning rate rises from zero; `one-cycle` has a rise of its own."""
    encoder_rate_share: float = 1.0
    """The encoder's learning rate, as a share of the decoder's."""
    clip_norm: float = 0.0
    """Longer gradients are shortened to this norm; 0 leaves them."""
    batch_parts: int = 1
    """Parts in which a batch goes through the network, for less memory; their gradients are summed."""
    freeze_until: int = 0
    """Of a fine-tuned encoder, the stages up to its map at this stride stay frozen; 0 for none."""
    unfreeze_at: int = 0
    """The epoch from which a fine-tuned encoder trains; before it the whole of it is frozen. 0 for the first."""
    ema_decay: float = 0.0
    """Of an average over the weights of all steps, which is validated, scored and saved in their place; 0 for none."""
    patience: int = 0
    """Epochs without a better one on validation after which a training stops; 0 for never."""
    keep: str = "last"
    """One of `KEPT_EPOCHS`: whose weights are scored and saved; `best` is the best on validation."""
    accumulate: int = 1
    """Steps whose gradients are gathered for one change of the weights."""
    folds: int = 0
    """Parts that the training images are cut into; `fold` of them is scored in the test set's place. 0 for none."""
    fold: int = 0
    """From 1 to `folds`."""
    predictions_sha256: str = ""
    """Set where the masks came from another tool: encoder, decoder and weights are then `external`, and nothing is
    said of its training."""

    def __post_init__(self) -> None:
        if not is_plugin_name(self.loss):
            _require_choice("--loss", self.loss, LOSSES)
        _require_choice("--optimiser", self.optimiser, OPTIMISERS)
        _require_choice("--schedule", self.schedule, SCHEDULES)
        _require_choice("--augmentation", self.augmentation, AUGMENTATIONS)
        _require_choice("--validate-on", self.validate_on, VALIDATION_SETS)
        _require_choice("the threshold's rule", self.threshold_rule, THRESHOLD_RULES)
        _require_choice("--precision", self.precision, PRECISIONS)
        _require("--data-seed", self.data_seed, (self.data_seed or 0) >= 0, "a whole number from 0 up")
        _require("--epochs", self.epochs, 1 <= self.epochs <= 100_000, "a whole number from 1 to 100000")
        _require("--batch-size", self.batch_size, 1 <= self.batch_size <= 65_536, "a whole number from 1 to 65536")
        require_size(self.image_size_px)
        _require("--lr", self.learning_rate, 0 < self.learning_rate < math.inf, "a finite number above 0")
        _require("--weight-decay", self.weight_decay, 0 <= self.weight_decay < math.inf, "a number from 0 up")
        _require("--warmup-epochs", self.warmup_epochs, 0 <= self.warmup_epochs <= self.epochs, "from 0 to --epochs")
        _require("--encoder-lr", self.encoder_rate_share, 0 < self.encoder_rate_share <= 1, "a share above 0, up to 1")
        _require("--clip-norm", self.clip_norm, 0 <= self.clip_norm < math.inf, "a number from 0 up")
        _require("--batch-parts", self.batch_parts, 1 <= self.batch_parts <= self.batch_size, "from 1 to --batch-size")
        _require("--freeze-until", self.freeze_until, self.freeze_until >= 0, "a stride, such as 8, or 0")
        _require(
            "--unfreeze-at",
            self.unfreeze_at,
            self.unfreeze_at == 0 or 2 <= self.unfreeze_at <= self.epochs,
            "from 2 to --epochs, or 0",
        )
        _require("--ema", self.ema_decay, 0 <= self.ema_decay < 1, "a number from 0, below 1")
        _require("--patience", self.patience, self.patience >= 0, "a whole number from 0 up")
        _require_choice("--keep", self.keep, KEPT_EPOCHS)
        _require("--accumulate", self.accumulate, 1 <= self.accumulate <= 65_536, "a whole number from 1 to 65536")
        _require("--folds", self.folds, self.folds == 0 or 2 <= self.folds <= 1000, "a whole number from 2 to 1000")
        of_folds = f"from 1 to --folds, which is {self.folds}"
        _require("--fold", self.fold, min(self.folds, 1) <= self.fold <= self.folds, of_folds)
        _require("--threshold", self.threshold, 0 < self.threshold < 1, "between 0 and 1")
        _require("--validation-share", self.validation_share, 0 < self.validation_share < 1, "between 0 and 1")
        self._require_no_choice_by_the_test_set()
        if self.frozen and (self.freeze_until or self.unfreeze_at):
            raise ConfigError(
                f"--{'freeze-until' if self.freeze_until else 'unfreeze-at'} says nothing of an encoder that is frozen",
                hint="Ask for fine-tuned experiments alone: --fine-tuned",
            )

    def _require_no_choice_by_the_test_set(self) -> None:
        if self.validate_on != "test":
            return
        if self.chooses_threshold:
            raise ConfigError(
                "--threshold auto with --validate-on test would choose the threshold on the test set",
                hint="Leave --validate-on away, so that there are images to choose by, or name a number: --threshold P",
            )
        if self.chooses_epoch:
            option = "--patience" if self.patience else "--keep best"
            raise ConfigError(
                f"{option} with --validate-on test would choose the epoch on the test set",
                hint="Leave --validate-on away, so that there are images to choose by.",
            )
        if self.folds:
            raise ConfigError(
                "--folds scores held-out training images and leaves the test set alone, --validate-on test does not",
                hint="Leave one of them away.",
            )

    @property
    def chooses_threshold(self) -> bool:
        """Whether the test set is scored at the threshold that was best on validation."""
        return self.threshold_rule == "validation"

    @property
    def chooses_epoch(self) -> bool:
        """Whether validation says when a training ends, or which epoch's weights are scored."""
        return bool(self.patience) or self.keep == "best"

    @property
    def is_partly_frozen(self) -> bool:
        """Whether some of the encoder's stages stay frozen, or the whole of it at first."""
        return bool(self.freeze_until or self.unfreeze_at)

    @property
    def scored_split(self) -> str:
        """What is scored at the end: the test images, or a fold of the training images in their place."""
        return "fold" if self.folds else "test"

    @property
    def experiment_hash(self) -> str:
        """`config_hash`, or that of the first fold: what the folds of one cross-validation have in common."""
        return replace(self, fold=1).config_hash if self.fold > 1 else self.config_hash

    @property
    def is_plain(self) -> bool:
        """Whether it trains as the study did: cross-entropy, Adam at a constant rate, the study's decoder."""
        return all(getattr(self, field.name) == field.default for field in fields(self) if field.name in RECIPE)

    @property
    def is_external(self) -> bool:
        """Whether another tool predicted the masks."""
        return bool(self.predictions_sha256)

    @classmethod
    def external(cls, *, dataset: str, dataset_fingerprint: str, predictions_sha256: str, threshold: float) -> "Config":
        """Of masks that another tool predicted; the fields that tell how to train stay as they are and mean nothing."""
        return cls(
            dataset=dataset,
            dataset_fingerprint=dataset_fingerprint,
            predictions_sha256=predictions_sha256,
            encoder=EXTERNAL,
            decoder=EXTERNAL,
            weights=EXTERNAL,
            threshold=threshold,
        )

    @property
    def config_hash(self) -> str:
        """SHA-256, in hex, of the fields that differ from their defaults."""
        return _hash_of(self)

    @property
    def default_learning_rate(self) -> float:
        """The learning rate where none was asked for."""
        return FROZEN_LEARNING_RATE if self.frozen else FINE_TUNED_LEARNING_RATE

    @property
    def default_name(self) -> str:
        """The experiment's name in the study that isicbench repeats, or one like it."""
        if self.is_partly_frozen:
            return PARTLY_FROZEN_NAME
        return FROZEN_NAME if self.frozen else FINE_TUNED_NAME

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Config":
        """Read back what `to_dict` gave; raises `ConfigError` for a field that this version does not know."""
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - known):
            raise ConfigError(
                f"the config has fields that this version does not know: {', '.join(unknown)}",
                hint="Upgrade isicbench: pip install --upgrade isicbench",
            )
        return cls(**values)


@lru_cache(maxsize=10_000)
def _hash_of(config: Config) -> str:
    changed = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if value != field.default:
            # A rate of 1 equals one of 1.0, and so must their hashes.
            changed[field.name] = float(value) if isinstance(field.default, float) else value
    return hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()


def expand_grid(config: Config, axes: Mapping[str, Sequence[Any]]) -> Iterator[Config]:
    """Every combination of the axes' values, the last axis fastest; repeated values count once."""
    names = list(axes)
    for values in product(*(dict.fromkeys(axes[name]) for name in names)):
        yield replace(config, **dict(zip(names, values, strict=True)))


def require_size(size_px: int) -> None:
    """Raise `ConfigError` for a side that no network is built for."""
    _require("--size", size_px, 32 <= size_px <= 2048, "from 32 to 2048 pixels")


def _require(option: str, value: object, holds: bool, expected: str) -> None:
    if not holds:
        raise ConfigError(f"{option} {value}: expected {expected}", hint="See: isicbench run --help")


def _require_choice(option: str, value: str, choices: Sequence[str]) -> None:
    _require(option, value, value in choices, "one of " + ", ".join(choices))
