"""Study files of every kind: spoiled, hostile, and some that are sound."""

import random

from tests.torture import nasty

SOUND = b"""# rates and losses
frozen = true
fine-tuned = true
epochs = 2
lr = [1e-3, 1e-4]
loss = ["bce", "dice"]
seed = [0, 1]
tag = ["first"]

[[exclude]]
frozen = true
lr = 1e-3
"""
SOUND_YAML = b"""frozen: true
epochs: 2
lr: [0.001, 0.0001]
exclude:
  - {frozen: true, lr: 0.001}
"""
TOML = (
    "epochs = [[[1]]]",
    "lr = {a = {b = 1}}",
    "epochs = 1979-05-27",
    "epochs = 07:32:00",
    "epochs = inf",
    "lr = nan",
    "epochs = " + "9" * 5000,
    "name = '''" + "x" * 9000 + "'''",
    "epochs = 1\nepochs = 2",
    "[epochs]\na = 1",
    "a = " + "[" * 2000 + "]" * 2000,
    "'' = 1",
    '"\\u0000" = 1',
    'name = "\\u001b[2J"',
    "epochs = true",
    "frozen = 1",
    "exclude = 1",
    "exclude = [1]",
    "[[exclude]]\n[[exclude]]\nlr = 'x'",
    "[[include]]\nlr = 5e-4",
    "db = 'sqlite:///x'",
    "data-dir = '/etc'",
    "weights = '../../etc/passwd'",
    "lr = []",
    "help = true",
    "force = true",
    "set = 'a=1'",
    "-- = 1",
)
YAML = (
    "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nname: *c",
    "epochs: !!python/object/apply:os.system ['true']",
    "epochs: !!binary aGVsbG8=",
    "- 1\n- 2",
    "epochs: 2024-01-01",
    "lr: .nan",
    "lr: .inf",
    "epochs: 0o17",
    "? [a]\n: 1",
    "--- 1\n--- 2",
    "epochs: {a: 1}",
    "name: |\n  two\n  lines",
    "\tepochs: 1",
    "epochs: 1\nepochs: 2",
    "*a",
    "&a",
    "%x",
    "[" * 500,
    "{" * 500,
    "epochs: " + "9" * 5000,
    'name: "\\x1b[2J"',
    "frozen: yes",
    "frozen: 'yes'",
    "~: 1",
    "1: 1",
)


def other_study(rng: random.Random) -> tuple[str, bytes]:
    """A file's name and content."""
    is_yaml = rng.random() < 0.4
    name = rng.choice(("study.yaml", "study.yml")) if is_yaml else "study.toml"
    sound = SOUND_YAML if is_yaml else SOUND
    match rng.randrange(5):
        case 0:
            return name, nasty.damaged(sound, rng)
        case 1:
            return name, rng.randbytes(rng.randrange(400))
        case 2:
            return name, rng.choice(YAML if is_yaml else TOML).encode()
        case 3:
            key = rng.choice(
                ("epochs", "lr", "name", "loss", "seed", "size", "weights", "tag", "dataset", nasty.text(rng))
            )
            said = rng.choice((nasty.number(rng), nasty.text(rng), repr(nasty.text(rng))))
            line = f"{key}: {said}" if is_yaml else f"{key} = {said}"
            return name, sound + line.encode("utf-8", "surrogateescape")
        case _:
            return name, sound
