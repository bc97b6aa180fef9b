"""The inputs of the fuzzer, by kind: what is put into a folder, and which commands are given there."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from isicbench.data.layout import FOLDERS, TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.synthetic import write_synthetic
from isicbench.store.store import open_store
from tests.store.store_records import complete, queue
from tests.torture import nasty
from tests.torture.archives import other_zip
from tests.torture.pictures import other_picture
from tests.torture.study_files import SOUND, other_study
from tests.torture.surface import command
from tests.torture.weights import other_weights, sound_weights

Command = tuple[str, ...]
SMALL = ("--dataset", "folder", "--data-dir", "data")
RUN = ("run", "--dry-run", "--devices", "cpu")


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplies:
    """Sound files, to be copied and spoiled."""

    data: Path
    database: Path
    weights: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    kind: str
    commands: tuple[Command, ...]
    environment: dict[str, str] = field(default_factory=dict)
    expected: frozenset[int] | None = None
    """Exit codes; None where any error of isicbench's will do."""
    forbidden: Path | None = None
    """A file that must not come into being."""


def make_supplies(folder: Path) -> Supplies:
    write_synthetic(folder / "data", train=3, test=2, seed=5)
    with closing(open_store(str(folder / "results.db"))) as store:
        complete(store, *queue(store))
    picture, mask_file = (min((folder / "data" / name).iterdir()).read_bytes() for name in (TEST_IMAGES, TEST_MASKS))
    with closing(sqlite3.connect(folder / "results.db")) as connection:
        connection.execute("UPDATE samples SET image_jpeg = ?, mask_png = ?", [picture, mask_file])
        connection.execute("UPDATE predictions SET probabilities_png = ?", [mask_file])
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Supplies(data=folder / "data", database=folder / "results.db", weights=sound_weights())


def data_command(rng: random.Random) -> Command:
    return rng.choice(
        (
            ("data", "verify", *SMALL),
            ("data", "verify", "--json", *SMALL),
            ("data", "prepare", "--size", "32", *SMALL),
            ("data", "audit", "--json", *SMALL),
            ("data", "show", "--count", "2", *SMALL),
            (*RUN, "--weights", "random", *SMALL),
        )
    )


def score_command(*more: str) -> Command:
    return ("score", "--predictions", "predicted", "--truth", f"data/{TEST_MASKS}", *more)


def options(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """Values of the options of `run` and of commands that read."""
    shutil.copytree(supplies.data, folder / "data")
    named = ("epochs", "seed", "lr", "batch-size", "size", "threshold", "validation-share", "jobs-per-device")
    texts = ("augmentation", "validate-on", "dataset", "devices", "weights", "name", "data-dir")
    command = [*RUN, "--weights", "random", *SMALL]
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.6:
            command.append(f"--{rng.choice(named)}={nasty.number(rng)}")
        else:
            command.append(f"--{rng.choice(texts)}={nasty.argument(rng)}")
    return Attempt(kind="options", commands=(tuple(command),))


def arguments(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """Arguments of the commands that read a database."""
    shutil.copy(supplies.database, folder / "results.db")
    number, words = nasty.number(rng), nasty.argument(rng)
    commands: tuple[Command, ...] = (
        ("show", "--", number),
        ("rm", "--yes", "--", number),
        ("list", "--study", number),
        ("list", "--status", words),
        ("report", "--study", number),
        ("compare", words, nasty.argument(rng)),
        ("evaluate", "--", number),
        ("evaluate", "1", "--threshold", number, "--split", words),
        ("db", "backup", "--", words),
        ("db", words),
        ("data", "show", "--output", words, *SMALL),
        ("data", "synthesize", "--train", "2", "--test", "1", "--seed", number, "--", words),
        ("report", "--format", "markdown", "--output", words),
        (words, number),
        ("list", "--db", words),
        ("prune", "--dry-run", "--db", words),
    )
    return Attempt(kind="arguments", commands=(rng.choice(commands),))


def study(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """A study's file, and what the command line sets beside it."""
    shutil.copytree(supplies.data, folder / "data")
    name, content = other_study(rng)
    (folder / name).write_bytes(content)
    settings = [f"--set={nasty.argument(rng)}={nasty.argument(rng)}"] if rng.random() < 0.3 else []
    words = ("run", name, "--dry-run", "--devices", "cpu", "--weights", "random", *SMALL, *settings)
    return Attempt(kind="study", commands=(words,), expected=frozenset({0, 2, 3, 4}))


def surface(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """Any command with any options, where a database, images, masks, weights and a study's file lie."""
    shutil.copytree(supplies.data, folder / "data")
    shutil.copytree(supplies.data / TEST_MASKS, folder / "predicted")
    shutil.copy(supplies.database, folder / "results.db")
    (folder / "w.pt").write_bytes(supplies.weights)
    (folder / "study.toml").write_bytes(SOUND)
    return Attempt(kind="surface", commands=(command(rng),))


def image(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """A training image of another kind."""
    data = shutil.copytree(supplies.data, folder / "data")
    path = rng.choice(sorted((data / TRAIN_IMAGES).iterdir()))
    kind, content = other_picture(path.read_bytes(), rng)
    path.write_bytes(content)
    return Attempt(kind=f"image, {kind}", commands=(data_command(rng),), expected=frozenset({0, 3}))


def mask(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """A training mask of another kind."""
    data = shutil.copytree(supplies.data, folder / "data")
    path = rng.choice(sorted((data / TRAIN_MASKS).iterdir()))
    kind, content = other_picture(path.read_bytes(), rng)
    path.write_bytes(content)
    return Attempt(kind=f"mask, {kind}", commands=(data_command(rng),), expected=frozenset({0, 3}))


def prediction(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """Another tool's mask of another kind, or the true mask that it is compared with."""
    data = shutil.copytree(supplies.data, folder / "data")
    predicted = shutil.copytree(data / TEST_MASKS, folder / "predicted")
    spoiled = rng.choice((predicted, data / TEST_MASKS))
    path = rng.choice(sorted(Path(spoiled).iterdir()))
    kind, content = other_picture(path.read_bytes(), rng)
    path.write_bytes(content)
    command = score_command(*rng.choice(((), ("--threshold", "0.5"), ("--threshold", nasty.number(rng)), ("--json",))))
    return Attempt(kind=f"prediction, {kind}", commands=(command,))


def names(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """Files and experiments with names of every kind, from the folder to the report."""
    data = shutil.copytree(supplies.data, folder / "data")
    predicted = shutil.copytree(data / TEST_MASKS, folder / "predicted")
    image_name = nasty.file_name(rng)
    first = min((data / FOLDERS[2]).iterdir())
    mask_path = data / TEST_MASKS / f"{first.stem}_Segmentation.png"
    for path, ending in ((first, first.suffix), (mask_path, "_Segmentation.png")):
        path.rename(path.with_name(f"{image_name}{ending}"))
    prediction_path = Path(predicted) / f"{first.stem}_Segmentation.png"
    prediction_path.rename(prediction_path.with_name(f"{image_name}_Segmentation.png"))
    experiment = nasty.argument(rng)
    after = rng.choice((("list",), ("show", "1"), ("show", "1", "--json"), ("report",), ("compare",), ("db", "check")))
    commands = (data_command(rng), score_command(f"--name={experiment}"), after)
    return Attempt(kind="names", commands=commands)


def folders(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """A folder where a file belongs, a file where a folder belongs, links inwards, outwards and to themselves."""
    data = Path(shutil.copytree(supplies.data, folder / "data"))
    path = rng.choice(sorted(data.rglob("*.*")))
    path.unlink()
    what = rng.randrange(7)
    if what == 0:
        path.mkdir()
    elif what == 1:
        path.symlink_to("/etc/passwd")
    elif what == 2:
        path.symlink_to(path)
    elif what == 3:
        path.symlink_to(folder / "nowhere")
    elif what == 4:
        path.symlink_to("/dev/null")
    elif what == 5:
        shutil.rmtree(path.parent)
        path.parent.write_text("a file")
    (folder / "predicted").mkdir()
    commands = rng.choice(((data_command(rng),), (score_command(),)))
    return Attempt(kind="folders", commands=commands, expected=frozenset({0, 3}))


def archives(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    picture = min((supplies.data / TRAIN_IMAGES).iterdir()).read_bytes()
    kind, content = other_zip(picture, rng)
    (folder / "inner").mkdir()
    (folder / "inner" / "z.zip").write_bytes(content)
    # Not one of them holds 900 and 379 pairs.
    return Attempt(
        kind=f"zip, {kind}",
        commands=(("data", "import", "inner/z.zip"),),
        expected=frozenset({3}),
        forbidden=folder / "up.jpg",
    )


def weights(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    shutil.copytree(supplies.data, folder / "data")
    mark = folder / "executed"
    kind, content = other_weights(supplies.weights, mark, rng)
    (folder / "w.pt").write_bytes(content)
    good = frozenset({0}) if kind == "sound" else frozenset({0, 4})
    return Attempt(
        kind=f"weights, {kind}", commands=((*RUN, "--weights", "w.pt", *SMALL),), expected=good, forbidden=mark
    )


def database(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """A database with damage at any place."""
    (folder / "results.db").write_bytes(nasty.damaged(supplies.database.read_bytes(), rng))
    if rng.random() < 0.2:
        (folder / rng.choice(("results.db-wal", "results.db-journal"))).write_bytes(rng.randbytes(5000))
    commands: tuple[Command, ...] = (
        *(
            ("list",),
            ("list", "--json"),
            ("show", "1"),
            ("report",),
            ("compare",),
            ("db", "check"),
            ("db", "check", "--json"),
        ),
        *(("db", "upgrade"), ("db", "backup", "copy.db"), ("db", "vacuum"), ("rm", "1", "--yes"), ("prune", "--yes")),
        *(("watch",), ("evaluate", "1")),
    )
    return Attempt(kind="database", commands=(rng.choice(commands),), expected=frozenset({0, 1, 2, 3, 4, 5}))


def addresses(supplies: Supplies, folder: Path, rng: random.Random) -> Attempt:
    """Database URLs, and the addresses and folders that variables name. Nothing beyond this machine is asked."""
    word = nasty.argument(rng).replace("\n", "")
    parts = (
        f"//me:s3cret@127.0.0.1:1/{word}",
        "//127.0.0.1:1/lab?connect_timeout=" + nasty.number(rng),
        "//@127.0.0.1:1/",
    )
    scheme = rng.choice(("postgresql", "postgres", "sqlite", "mysql", "", word[:20]))
    url = f"{scheme}:{rng.choice(parts)}"
    commands: tuple[Command, ...] = (("list",), ("db", "check"), ("doctor", "--json"), ("db", "upgrade"))
    if rng.random() < 0.7:
        safe = url.replace("\0", "")
        return Attempt(kind="addresses", commands=(rng.choice(commands[:2]),), environment={"ISICBENCH_DB": safe})
    variable = rng.choice(("ISICBENCH_HOME", "ISICBENCH_ISIC2016_URL", "ISICBENCH_DB"))
    value = rng.choice((f"http://127.0.0.1:1/{word}", word)) if variable.endswith("URL") else str(folder / word[:100])
    return Attempt(
        kind="addresses",
        commands=(rng.choice((("data", "list"), ("data", "prepare"), ("list",))),),
        environment={variable: value.replace("\0", "")},
    )


GENERATORS: dict[str, Callable[[Supplies, Path, random.Random], Attempt]] = {
    one.__name__: one
    for one in (
        *(options, arguments, image, mask, prediction, names, folders, archives, weights, database, addresses),
        *(study, surface),
    )
}
