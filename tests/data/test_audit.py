"""Planted copies, leaks and unsound masks are found, each for its reason, and a clean folder has no findings."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from isicbench.data.audit import Audit, Finding, audit
from isicbench.data.audit_gallery import draw_audit
from isicbench.data.catalog import open_dataset
from isicbench.data.image_records import describe_images
from isicbench.data.images import read_full_mask
from isicbench.data.mask_faults import is_inverted, measure_mask
from isicbench.data.other_datasets import OtherDataset
from isicbench.data.perceptual_hash import ORIENTATIONS
from isicbench.data.prepare import prepare
from isicbench.data.synthetic import write_synthetic
from tests.data.audited import TEST, TRAIN, change_mask, image_file, mask_file, plant_copy, train_id

Mask = NDArray[np.uint8]
COPY = "ISIC_0000042"
FIRST = train_id(0)


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "pairs"
    write_synthetic(folder, train=TRAIN, test=TEST, seed=1)
    return folder


@pytest.fixture
def folder(drawn: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(drawn, tmp_path / "audited"))


def audit_folder(folder: Path, *against: OtherDataset) -> Audit:
    return audit(open_dataset("folder", data_dir=folder), against=against)


def other_folder(folder: Path) -> OtherDataset:
    return OtherDataset(name="other", dataset=open_dataset("folder", data_dir=folder))


def only_finding(folder: Path, *against: OtherDataset) -> Finding:
    findings = audit_folder(folder, *against).findings
    assert len(findings) == 1, findings
    return findings[0]


def test_clean_folder_has_no_findings_and_no_picture(folder: Path, tmp_path: Path) -> None:
    found = audit_folder(folder)
    assert found.findings == ()
    assert draw_audit(found, tmp_path / "audit.png") is None
    assert not (tmp_path / "audit.png").exists()


def test_first_pictures_of_the_synthetic_dataset_have_no_findings(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "synthetic", train=60, test=20)
    assert audit_folder(tmp_path / "synthetic").findings == ()


@pytest.mark.parametrize(("split", "level"), [("train", "warning"), ("test", "error")])
def test_equal_file_is_found_and_is_an_error_across_the_splits(folder: Path, split: str, level: str) -> None:
    plant_copy(folder, FIRST, COPY, split=split)
    finding = only_finding(folder)
    assert (finding.level, finding.kind) == (level, "bytes")
    assert finding.duplicate is not None
    assert {finding.image.image_id, finding.duplicate.other.image_id} == {FIRST, COPY}
    assert (finding.image.split, finding.duplicate.other.split) == (split, "train")
    assert ("leak" in finding.message) == (split == "test")


def test_equal_pixels_in_another_file_format_are_found(folder: Path) -> None:
    with Image.open(image_file(folder, FIRST)) as picture:
        picture.save(image_file(folder, COPY, suffix=".png"))
    shutil.copy(mask_file(folder, FIRST), mask_file(folder, COPY))
    assert only_finding(folder).kind == "pixels"


CHANGES = {
    "compressed anew": (lambda picture: picture.copy(), 0),
    "scaled": (lambda picture: picture.resize((500, 375)), 0),
    "darker": (lambda picture: picture.point(lambda value: value * 0.7), 0),
    "cropped by 1 %": (lambda picture: picture.crop((8, 6, picture.width - 8, picture.height - 6)), 0),
    "turned": (lambda picture: picture.transpose(Image.Transpose.ROTATE_90), 3),
    "mirrored": (lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 4),
    "mirrored and turned": (lambda picture: picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM), 6),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_copy_is_a_near_duplicate_in_its_orientation(folder: Path, name: str) -> None:
    change, orientation = CHANGES[name]
    plant_copy(folder, FIRST, COPY, split="test", change=change)
    near = [finding for finding in audit_folder(folder).findings if finding.kind == "near"]
    assert len(near) == 1
    assert near[0].level == "error"
    assert near[0].duplicate is not None
    assert ORIENTATIONS[near[0].duplicate.orientation] == ORIENTATIONS[orientation]
    assert near[0].duplicate.other.image_id == FIRST


def test_id_in_both_splits_is_an_error(folder: Path) -> None:
    shutil.copy(image_file(folder, train_id(1)), image_file(folder, FIRST, split="test"))
    shutil.copy(mask_file(folder, train_id(1)), mask_file(folder, FIRST, split="test"))
    kinds = {finding.kind: finding.level for finding in audit_folder(folder).findings}
    assert kinds == {"id": "error", "bytes": "error"}


def test_copies_in_another_folder_are_warnings_whatever_their_ids(folder: Path, drawn: Path, tmp_path: Path) -> None:
    write_synthetic(tmp_path / "other", train=2, test=1, seed=77)
    other = tmp_path / "other"
    assert {f.kind for f in audit_folder(folder, other_folder(other)).findings} == {"id"}
    shutil.copy(image_file(folder, train_id(5)), image_file(other, "ISIC_0000900"))
    shutil.copy(mask_file(folder, train_id(5)), mask_file(other, "ISIC_0000900"))
    findings = audit_folder(folder, other_folder(other)).findings
    assert {f.level for f in findings} == {"warning"}
    copies = [f for f in findings if f.kind == "bytes"]
    assert [(f.image.image_id, f.duplicate.other.image_id, f.other_dataset) for f in copies if f.duplicate] == [
        (train_id(5), "ISIC_0000900", "other")
    ]
    assert {f.image.image_id for f in findings if f.kind == "id"} == {train_id(0), train_id(1), train_id(2)}


def test_images_on_record_are_compared_by_their_hashes(folder: Path) -> None:
    dataset = open_dataset("folder", data_dir=folder)
    on_record = describe_images(dataset, prepare(dataset, size_px=64))[:2]
    findings = audit(dataset, against=[OtherDataset(name="known", images=on_record)]).findings
    assert [(f.kind, f.image.image_id, f.other_dataset) for f in findings] == [
        ("bytes", train_id(0), "known"),
        ("bytes", train_id(1), "known"),
    ]


def tiny(mask: Mask) -> Mask:
    dot = np.zeros_like(mask)
    dot[mask.shape[0] // 3 :, mask.shape[1] // 3 :][:8, :8] = 255
    return dot


def scattered(mask: Mask) -> Mask:
    dots = np.zeros_like(mask)
    height, width = mask.shape
    for number in range(8):
        dots[height // 3 :, width * (number + 1) // 10 :][: height // 8, : width // 20] = 255
    return dots


def nearly_full(mask: Mask) -> Mask:
    full = np.full_like(mask, 255)
    full[:, : mask.shape[1] // 50] = 0
    return full


def along_the_border(mask: Mask) -> Mask:
    most = np.full_like(mask, 255)
    most[: mask.shape[0] * 3 // 10, : mask.shape[1] * 3 // 10] = 0
    return most


MASKS = {
    "empty_mask": (np.zeros_like, "error"),
    "full_mask": (lambda mask: np.full_like(mask, 255), "error"),
    "inverted_mask": (lambda mask: 255 - mask, "error"),
    "tiny_mask": (tiny, "warning"),
    "scattered_mask": (scattered, "warning"),
    "huge_mask": (nearly_full, "warning"),
    "border_mask": (along_the_border, "warning"),
    "mask_levels": (lambda mask: mask // 255, "warning"),
}


@pytest.mark.parametrize("kind", MASKS)
def test_suspicious_mask_is_the_only_finding_with_its_reason(folder: Path, kind: str, tmp_path: Path) -> None:
    change, level = MASKS[kind]
    change_mask(folder, train_id(2), change)
    found = audit_folder(folder)
    assert [(f.kind, f.level, f.image.image_id) for f in found.findings] == [(kind, level, train_id(2))]
    drawn = draw_audit(found, tmp_path / "audit.png")
    assert (drawn is None) == (kind == "mask_levels")


def test_constant_images_are_named_and_not_taken_for_copies(folder: Path) -> None:
    for number in (3, 4):
        path = image_file(folder, train_id(number))
        with Image.open(path) as picture:
            size = picture.size
        Image.new("RGB", size, (200, 160 + number, 150)).save(path)
    findings = audit_folder(folder).findings
    assert [(f.kind, f.image.image_id) for f in findings] == [
        ("constant_image", train_id(3)),
        ("constant_image", train_id(4)),
    ]


def test_unreadable_and_missing_files_are_findings_and_the_rest_is_audited(folder: Path) -> None:
    image_file(folder, train_id(4)).write_bytes(b"no picture")
    mask_file(folder, train_id(5)).unlink()
    plant_copy(folder, FIRST, COPY, split="test")
    assert [(f.kind, f.image.image_id) for f in audit_folder(folder).findings] == [
        ("bytes", COPY),
        ("unreadable", train_id(4)),
        ("unreadable", train_id(5)),
    ]


def test_areas_and_sizes_count_every_pair_once(folder: Path) -> None:
    found = audit_folder(folder)
    assert [(area.split, area.count, sum(area.histogram)) for area in found.areas] == [
        ("train", TRAIN, TRAIN),
        ("test", TEST, TEST),
    ]
    assert sum(size.count for size in found.sizes) == TRAIN + TEST
    mask = read_full_mask(mask_file(folder, FIRST))
    assert found.areas[0].quantiles[0] <= mask.mean() <= found.areas[0].quantiles[-1]


def test_picture_shows_copies_and_masks(folder: Path, tmp_path: Path) -> None:
    plant_copy(folder, FIRST, COPY, split="test")
    change_mask(folder, train_id(2), lambda mask: 255 - mask)
    drawn = draw_audit(audit_folder(folder), tmp_path / "deep" / "audit.png")
    assert drawn is not None
    with Image.open(drawn) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1200
        assert np.unique(np.asarray(picture)).size > 50


def test_real_images_have_no_findings(real_sample: Path) -> None:
    assert audit_folder(real_sample).findings == ()


def test_every_real_mask_is_inverted_once_it_is_swapped(real_sample: Path) -> None:
    for path in real_sample.glob("*GroundTruth/*.png"):
        mask = read_full_mask(path)
        assert not is_inverted(measure_mask(mask, (0, 255))), path.name
        assert is_inverted(measure_mask(1 - mask, (0, 255))), path.name
