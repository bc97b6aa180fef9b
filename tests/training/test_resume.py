"""A training that goes on from a state of it against the same training unbroken."""

import io
import math
from dataclasses import replace

import pytest
import torch

from isicbench.config import Config
from isicbench.models.segmenter import build_segmenter
from isicbench.records import EpochRecord
from isicbench.training.loop import train, train_together
from isicbench.training.state import TrainingState

STEPS = 3
"""In an epoch: 16 discs in batches of 6."""


def config(**changes) -> Config:
    settings = {"weights": "random", "frozen": True, "data_seed": 9, "image_size_px": 64, "batch_size": 6, "epochs": 3}
    return Config(**settings | changes)


def figures(record: EpochRecord) -> EpochRecord:
    """All but the time that it took."""
    return replace(record, train_seconds=0.0, validation_seconds=0.0, images_per_second=0.0)


def through_file(state: TrainingState) -> TrainingState:
    file = io.BytesIO()
    torch.save(state.to_values(), file)
    file.seek(0)
    return TrainingState.from_values(torch.load(file, weights_only=True))


def start(configs, data, seeds, resume_from=None):
    segmenters = [
        build_segmenter(settings, seed=seed).to(memory_format=torch.channels_last)
        for settings, seed in zip(configs, seeds, strict=True)
    ]
    events = train_together(segmenters, configs, data_seed=9, training=data, validation=data, resume_from=resume_from)
    return segmenters, events


def epochs_of(events, index: int) -> list[EpochRecord]:
    return [figures(e.event) for e in events if e.index == index and isinstance(e.event, EpochRecord)]


def interrupted(configs, data, seeds, *, after: int):
    """The events until the `after`th position (a step or an epoch's end), and each run's state there."""
    _, events = start(configs, data, seeds)
    seen = [next(events) for _ in range(after * len(configs))]
    return seen, [through_file(event.state()) for event in seen[-len(configs) :]]


def assert_equal_weights(first, second) -> None:
    states = zip(first.state_dict().items(), second.state_dict().values(), strict=True)
    assert [name for (name, a), b in states if not torch.equal(a, b)] == []


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("after", [1, STEPS, STEPS + 1, STEPS + 3, 2 * (STEPS + 1), 3 * (STEPS + 1) - 1])
def test_a_resumed_training_equals_the_unbroken_one_to_the_last_bit(discs, frozen, after):
    settings = [config(frozen=frozen)]
    [unbroken], events = start(settings, discs, [3])
    expected = epochs_of(list(events), 0)
    before, states = interrupted(settings, discs, [3], after=after)
    [resumed], events = start(settings, discs, [3], resume_from=states)
    assert epochs_of(before, 0) + epochs_of(list(events), 0) == expected
    assert_equal_weights(resumed, unbroken)


def test_a_training_may_be_interrupted_again_and_again(discs):
    [unbroken], events = start([config(frozen=False)], discs, [3])
    expected = epochs_of(list(events), 0)
    states, records = None, []
    for _ in range(3 * (STEPS + 1)):
        [segmenter], events = start([config(frozen=False)], discs, [3], resume_from=states)
        event = next(events)
        records += epochs_of([event], 0)
        states = [through_file(event.state())]
    assert records == expected
    assert_equal_weights(segmenter, unbroken)


@pytest.mark.parametrize("after", [2, STEPS + 1, STEPS + 2])
def test_runs_of_a_group_go_on_alone_or_together_as_they_would_have(discs, after):
    configs, seeds = [config(learning_rate=rate) for rate in (1e-3, 1e-3, 3e-3)], [3, 4, 5]
    unbroken, events = start(configs, discs, seeds)
    everything = list(events)
    before, states = interrupted(configs, discs, seeds, after=after)
    rest, events = start(configs[:2], discs, seeds[:2], resume_from=states[:2])
    together = list(events)
    for index in (0, 1):
        assert epochs_of(before, index) + epochs_of(together, index) == epochs_of(everything, index)
        assert_equal_weights(rest[index], unbroken[index])
    [alone], events = start(configs[2:], discs, seeds[2:], resume_from=states[2:])
    assert epochs_of(before, 2) + epochs_of(list(events), 0) == epochs_of(everything, 2)
    assert_equal_weights(alone, unbroken[2])


def test_a_state_after_the_last_epoch_has_nothing_left_to_train(discs):
    _, states = interrupted([config()], discs, [3], after=3 * (STEPS + 1))
    unbroken, again = (build_segmenter(config(), seed=3).to(memory_format=torch.channels_last) for _ in range(2))
    list(train(unbroken, config(), seed=3, training=discs, validation=discs))
    assert list(train(again, config(), seed=3, training=discs, validation=discs, resume_from=states[0])) == []
    assert_equal_weights(again, unbroken)


def test_states_at_different_positions_are_refused(discs):
    states = [interrupted([config()], discs, [3], after=after)[1][0] for after in (1, 2)]
    _, events = start([config()] * 2, discs, [3, 4], resume_from=states)
    with pytest.raises(ValueError, match="one position"):
        next(events)


def test_a_training_whose_numbers_are_not_finite_has_no_state(discs):
    _, events = start([config(learning_rate=1e30)], discs, [3])
    states = [event.state() for event in events]
    assert None in states
    for state in states:
        assert state is None or all(math.isfinite(t.abs().max()) for t in state.learner.weights.values())


def test_a_state_with_a_weight_that_is_not_finite_is_none(discs):
    [segmenter], events = start([config()], discs, [3])
    event = next(events)
    assert event.state() is not None
    with torch.no_grad():
        segmenter.decoder.layers[2].bias.fill_(-math.inf)
    assert event.state() is None
