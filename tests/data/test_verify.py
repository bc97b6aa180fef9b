"""Each kind of unsound file is named, by `verify` and by `prepare` alike."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from isicbench.data.catalog import open_dataset
from isicbench.data.fingerprint import fingerprint
from isicbench.data.images import MAX_PIXELS
from isicbench.data.layout import TEST_IMAGES, TEST_MASKS, TRAIN_IMAGES, TRAIN_MASKS
from isicbench.data.prepare import prepare
from isicbench.data.verify import Fault, verify
from isicbench.errors import DataError

IMAGE = f"{TRAIN_IMAGES}/ISIC_0000001.jpg"
MASK = f"{TRAIN_MASKS}/ISIC_0000001_Segmentation.png"


def cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def end_in_zeros(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def write_text(path: Path) -> None:
    path.write_text("<html>not found</html>")


def shrink(path: Path) -> None:
    Image.open(path).resize((48, 36), Image.Resampling.NEAREST).save(path)


def make_grey(path: Path) -> None:
    Image.fromarray(np.arange(96 * 72, dtype=np.uint32).reshape(72, 96).astype(np.uint8)).save(path)


def make_huge(path: Path) -> None:
    width = 10_000
    Image.new("1", (width, MAX_PIXELS // width + 1)).save(path, "PNG")


BREAKS: list[tuple[str, Callable[[Path], None], str]] = [
    (IMAGE, cut_in_half, "image truncated"),
    (IMAGE, end_in_zeros, "image truncated (its end is all zeros)"),
    (IMAGE, empty, "image empty file (0 bytes)"),
    (IMAGE, Path.unlink, "image missing"),
    (IMAGE, make_folder, "image is a folder, not a file"),
    (IMAGE, write_text, "image not an image file"),
    (IMAGE, make_huge, f"is more than {MAX_PIXELS} pixels"),
    (MASK, cut_in_half, "mask "),
    (MASK, empty, "mask empty file (0 bytes)"),
    (MASK, Path.unlink, "mask missing"),
    (MASK, make_folder, "mask is a folder, not a file"),
    (MASK, shrink, "mask is 48x36, its image 96x72"),
    (MASK, make_grey, "holds 256 different values, a mask has two (254 others"),
]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(("name", "break_file", "problem"), BREAKS)
def test_unsound_file_is_the_only_fault_and_stops_prepare(
    root: Path, name: str, break_file: Callable[[Path], None], problem: str
) -> None:
    break_file(root / name)
    dataset = open_dataset("folder", data_dir=root)
    faults = verify(dataset)
    assert [fault.file for fault in faults] == [root / name]
    assert problem in faults[0].problem
    with pytest.raises(DataError, match="1 fault in the folder dataset") as caught:
        prepare(dataset, size_px=32)
    assert str(root / name) in caught.value.message
    assert problem in caught.value.message
    assert "isicbench data verify" in caught.value.hint


def test_sound_folder_has_no_faults(root: Path) -> None:
    assert verify(open_dataset("folder", data_dir=root)) == []


def test_id_in_both_splits_is_a_fault(root: Path) -> None:
    shutil.copy(root / IMAGE, root / TEST_IMAGES)
    shutil.copy(root / MASK, root / TEST_MASKS)
    dataset = open_dataset("folder", data_dir=root)
    problems = [fault.problem for fault in verify(dataset)]
    assert any("id ISIC_0000001 is there twice" in problem and "(train)" in problem for problem in problems)
    with pytest.raises(DataError, match="is there twice"):
        prepare(dataset, size_px=32)


def test_second_image_with_the_same_id_is_a_fault(root: Path) -> None:
    Image.open(root / IMAGE).save(root / TRAIN_IMAGES / "ISIC_0000001.jpeg", quality=50)
    assert [fault.problem.split(":")[0] for fault in verify(open_dataset("folder", data_dir=root))] == [
        "id ISIC_0000001 is there twice"
    ]


def test_copy_under_another_id_is_named_but_prepared(root: Path) -> None:
    copy = root / TEST_IMAGES / "ISIC_0000004.jpg"
    shutil.copy(root / IMAGE, copy)
    dataset = open_dataset("folder", data_dir=root)
    assert verify(dataset) == [Fault(file=copy, problem=f"same bytes as {root / IMAGE} (train)")]
    assert len(prepare(dataset, size_px=32).test.image_ids) == 2


def test_long_list_of_faults_ends_in_a_count(write_folder: Callable[..., Path]) -> None:
    root = write_folder(train=25, test=1)
    for path in (root / TRAIN_IMAGES).iterdir():
        cut_in_half(path)
    with pytest.raises(DataError) as caught:
        prepare(open_dataset("folder", data_dir=root), size_px=32)
    assert "25 faults" in caught.value.message
    assert caught.value.message.endswith("and 5 more")


def test_fingerprint_names_missing_files(root: Path) -> None:
    (root / MASK).unlink()
    with pytest.raises(DataError, match="1 file is missing") as caught:
        fingerprint(open_dataset("folder", data_dir=root))
    assert str(root / MASK) in caught.value.message


def test_faulty_prepare_leaves_no_cache(root: Path, own_home: Path) -> None:
    cut_in_half(root / IMAGE)
    with pytest.raises(DataError):
        prepare(open_dataset("folder", data_dir=root), size_px=32)
    assert list((own_home / "prepared").iterdir()) == []


def test_real_images_have_no_faults(real_sample: Path) -> None:
    assert verify(open_dataset("folder", data_dir=real_sample)) == []
