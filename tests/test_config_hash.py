"""A config's identity."""

from dataclasses import replace

from isicbench.config import Config


def test_configs_that_are_equal_have_equal_hashes_however_their_numbers_are_written():
    whole, decimal = Config(learning_rate=1), Config(learning_rate=1.0)
    assert whole == decimal
    assert whole.config_hash == decimal.config_hash


def test_every_change_of_a_field_changes_the_hash():
    config = Config(learning_rate=0.5)
    others = [replace(config, epochs=11), replace(config, frozen=True), replace(config, threshold=0.4)]
    assert len({config.config_hash, *(other.config_hash for other in others)}) == 4


def test_a_hash_is_the_same_in_every_version():
    assert Config().config_hash == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
