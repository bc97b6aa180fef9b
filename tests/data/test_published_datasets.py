"""Published datasets beside ISIC 2016: from a server and from folders as they are handed out, with their splits."""

import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from isicbench.config import Config
from isicbench.data import ham10000, ph2
from isicbench.data.catalog import open_dataset, open_found
from isicbench.data.challenge_files import import_challenge
from isicbench.data.challenges import CHALLENGES, Challenge
from isicbench.data.dataset import Dataset
from isicbench.data.split_choice import SplitChoice
from isicbench.errors import ConfigError, DataError
from isicbench.scheduling.planning import Request, plan_study
from tests.web_servers import serving

COUNTS = {"train": 5, "validation": 2, "test": 3}


def picture(kind: str, shade: int = 0) -> bytes:
    buffer = io.BytesIO()
    Image.new("L" if kind == "PNG" else "RGB", (8, 6), shade if kind == "PNG" else (shade, 9, 9)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(params=["isic2017", "isic2018"])
def challenge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Challenge:
    """A challenge with fewer pairs, so that a test takes no longer than it must."""
    published = CHALLENGES[request.param]
    splits = {name: replace(split, count=COUNTS[name]) for name, split in published.splits.items()}
    monkeypatch.setitem(CHALLENGES, request.param, replace(published, splits=splits))
    return CHALLENGES[request.param]


def write_zips(folder: Path, challenge: Challenge) -> Path:
    """As the challenge hands them out: with superpixels among the images, and texts that are none."""
    folder.mkdir()
    number = 0
    for split in challenge.splits.values():
        with (
            zipfile.ZipFile(folder / f"{split.images}.zip", "w") as images,
            zipfile.ZipFile(folder / f"{split.masks}.zip", "w") as masks,
        ):
            images.writestr(f"{split.images}/LICENSE.txt", "CC-0")
            for _ in range(split.count):
                images.writestr(f"{split.images}/ISIC_{number:07d}.jpg", picture("JPEG", number))
                images.writestr(f"{split.images}/ISIC_{number:07d}_superpixels.png", picture("PNG"))
                masks.writestr(f"{split.masks}/ISIC_{number:07d}_segmentation.png", picture("PNG"))
                number += 1
    return folder


def split_counts(dataset: Dataset) -> dict[str, int]:
    return {name: len(pairs) for name, pairs in dataset.splits}


def test_published_counts_of_the_challenges_are_those_of_their_pages() -> None:
    assert {name: challenge.counts for name, challenge in CHALLENGES.items()} == {
        "isic2016": (900, 379),
        "isic2017": (2000, 150, 600),
        "isic2018": (2594, 100, 1000),
    }


def test_challenge_comes_down_with_its_official_splits(
    challenge: Challenge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(write_zips(tmp_path / "zips", challenge), monkeypatch) as url:
        monkeypatch.setenv(f"ISICBENCH_{challenge.name.upper()}_URL", url)
        dataset = open_dataset(challenge.name)
    assert split_counts(dataset) == COUNTS
    assert dataset.train[0].mask.name == "ISIC_0000000_segmentation.png"
    assert (dataset.licence, dataset.chosen_validation) == ("CC0-1.0", False)
    assert open_dataset(challenge.name) == dataset
    assert open_found(dataset.root) == dataset


def test_challenge_is_imported_from_zips_and_other_counts_are_refused(challenge: Challenge, tmp_path: Path) -> None:
    dataset = import_challenge(challenge, write_zips(tmp_path / "zips", challenge))
    assert split_counts(dataset) == COUNTS
    next((dataset.root / challenge.splits["validation"].images).glob("*.jpg")).unlink()
    next((dataset.root / challenge.splits["validation"].masks).glob("*.png")).unlink()
    with pytest.raises(DataError, match=r"5 train, [12] validation and 3 test pairs; ISIC 201\d.* has 5, 2 and 3"):
        open_dataset(challenge.name)


def test_split_of_a_challenge_cannot_be_chosen(challenge: Challenge, tmp_path: Path) -> None:
    import_challenge(challenge, write_zips(tmp_path / "zips", challenge))
    with pytest.raises(ConfigError, match="a split of its own"):
        open_dataset(challenge.name, choice=SplitChoice(test_share=0.5))


def test_own_validation_images_leave_no_share_to_hold_out(challenge: Challenge, tmp_path: Path) -> None:
    import_challenge(challenge, write_zips(tmp_path / "zips", challenge))
    base = Config(dataset=challenge.name, validation_share=0.2, weights="random")
    with pytest.raises(ConfigError, match="has 2 validation images of its own"):
        plan_study(Request(base=base, axes={}, seeds=[0]))
    plan = plan_study(Request(base=replace(base, validation_share=0.1), axes={}, seeds=[0]))
    assert plan.record.counts == "5 training, 2 validation and 3 test"


@pytest.fixture
def ph2_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five pairs as the archive of PH2 holds them."""
    monkeypatch.setattr(ph2, "COUNT", 5)
    for number in range(2, 7):
        name = f"IMD{number:03d}"
        case = tmp_path / "PH2Dataset" / "PH2 Dataset images" / name
        for part, content in (("Dermoscopic_Image", (number, 0, 0)), ("lesion", (255, 255, 255)), ("roi", (0, 0, 0))):
            (case / f"{name}_{part}").mkdir(parents=True)
            file = f"{name}.bmp" if part == "Dermoscopic_Image" else f"{name}_{part}.bmp"
            Image.new("RGB", (8, 6), content).save(case / f"{name}_{part}" / file)
    return tmp_path / "PH2Dataset"


def test_ph2_is_a_test_set_and_can_be_split(ph2_folder: Path) -> None:
    dataset = open_dataset("ph2", data_dir=ph2_folder)
    assert split_counts(dataset) == {"train": 0, "test": 5}
    assert (dataset.test[0].image.name, dataset.test[0].mask.name) == ("IMD002.bmp", "IMD002_lesion.bmp")
    split = open_dataset("ph2", data_dir=ph2_folder, choice=SplitChoice(test_share=0.4))
    assert split_counts(split) == {"train": 3, "test": 2}
    assert open_found(ph2_folder).test == dataset.test


def test_training_on_what_is_all_test_images_is_refused(ph2_folder: Path) -> None:
    request = Request(base=Config(dataset="ph2", weights="random"), axes={}, seeds=[0], data_dir=ph2_folder)
    with pytest.raises(DataError, match="no training images") as caught:
        plan_study(request)
    assert "--test-share" in caught.value.hint


def test_ph2_that_is_absent_says_what_to_download_and_where_to_put_it(own_home: Path) -> None:
    with pytest.raises(DataError, match="PH2 is not in") as caught:
        open_dataset("ph2")
    for part in ("PH2Dataset.rar", ph2.PAGE, str(own_home / "datasets" / "ph2"), "--data-dir"):
        assert part in caught.value.hint


def ham_files(folder: Path, *, lesions: int) -> Path:
    """Two images of each lesion, in the archive's four files; the masks lie a folder deeper than the images."""
    folder.mkdir()
    rows = ["lesion_id,image_id,dx"]
    names = [f"ISIC_{24_306 + number:07d}" for number in range(2 * lesions)]
    rows += [f"HAM_{number // 2:07d},{name},nv" for number, name in enumerate(names)]
    (folder / ham10000.METADATA).write_text("\n".join(rows))
    for part in (0, 1):
        with zipfile.ZipFile(folder / f"HAM10000_images_part_{part + 1}.zip", "w") as images:
            for number, name in list(enumerate(names))[part::2]:
                images.writestr(f"{name}.jpg", picture("JPEG", number))
    with zipfile.ZipFile(folder / "HAM10000_segmentations_lesion_tschandl.zip", "w") as masks:
        for name in names:
            masks.writestr(f"HAM10000_segmentations_lesion_tschandl/{name}_segmentation.png", picture("PNG"))
            masks.writestr(f"__MACOSX/HAM10000_segmentations_lesion_tschandl/._{name}_segmentation.png", b"?")
    return folder


def test_ham10000_comes_down_and_no_lesion_is_in_two_splits(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ham10000, "COUNT", 60)
    with serving(ham_files(tmp_path / "files", lesions=30), monkeypatch) as url:
        monkeypatch.setenv("ISICBENCH_HAM10000_URL", url)
        dataset = open_dataset("ham10000")
    assert open_dataset("ham10000") == dataset
    assert split_counts(dataset) == {"train": 44, "validation": 4, "test": 12}
    assert dataset.chosen_validation
    lesions = [{(int(pair.image_id[5:]) - 24_306) // 2 for pair in pairs} for _, pairs in dataset.splits]
    assert [len(part) for part in lesions] == [22, 2, 6]
    assert len(set.union(*lesions)) == 30
    assert [path.name for path in (own_home / "downloads" / "ham10000").iterdir()] == ["downloads.json"]


def test_ham10000_from_its_own_server_has_an_address_a_file() -> None:
    files = ham10000.published_files()
    assert files.url("HAM10000_images_part_1.zip") == "https://dataverse.harvard.edu/api/access/datafile/3172585"
    assert len(set(files.urls.values())) == 4
