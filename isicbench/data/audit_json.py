"""An audit as JSON; the keys are part of the interface and described in docs/reference/json.md."""

from typing import Any

from isicbench.data.audit import AREA_QUANTILES, AreaDistribution, Audit, Finding
from isicbench.data.dataset import Dataset
from isicbench.data.image_traits import ImagePlace
from isicbench.data.overlap import Overlap
from isicbench.data.perceptual_hash import ORIENTATIONS

Json = dict[str, Any]


def audit_to_json(audit: Audit, dataset: Dataset) -> Json:
    """`dataset root train_count validation_count test_count compared sizes areas findings`."""
    return {
        "dataset": dataset.name,
        "root": str(dataset.root),
        "train_count": len(dataset.train),
        "validation_count": len(dataset.validation),
        "test_count": len(dataset.test),
        "compared": [{"name": name, "image_count": count} for name, count in audit.compared],
        "sizes": [
            {"split": size.split, "width": size.width, "height": size.height, "count": size.count}
            for size in audit.sizes
        ],
        "areas": [_area(area) for area in audit.areas],
        "findings": [_finding(finding) for finding in audit.findings],
    }


def overlap_to_json(overlap: Overlap) -> Json:
    """`name other_name image_count other_image_count by_hashes shared copies`."""
    return {
        "name": overlap.name,
        "other_name": overlap.other_name,
        "image_count": overlap.image_count,
        "other_image_count": overlap.other_image_count,
        "by_hashes": overlap.by_hashes,
        "shared": [
            {"split": one.split, "other_split": one.other_split, "count": one.count, "total": one.total}
            for one in overlap.shared
        ],
        "copies": [
            {
                **_place(found.image),
                "other": _place(found.other),
                "kind": found.same,
                "distance_bits": found.distance,
                "likeness": found.likeness,
                "orientation": ORIENTATIONS[found.orientation],
            }
            for found in overlap.duplicates
        ],
    }


def _area(area: AreaDistribution) -> Json:
    quantiles = [{"share": share, "area": value} for share, value in zip(AREA_QUANTILES, area.quantiles, strict=True)]
    return {
        "split": area.split,
        "count": area.count,
        "mean": area.mean,
        "quantiles": quantiles,
        "histogram": list(area.histogram),
    }


def _finding(finding: Finding) -> Json:
    duplicate = finding.duplicate
    return {
        "level": finding.level,
        "kind": finding.kind,
        "message": finding.message,
        **_place(finding.image),
        "other": _place(duplicate.other) | {"dataset": duplicate.other.dataset or None} if duplicate else None,
        "distance_bits": duplicate.distance if duplicate else None,
        "likeness": duplicate.likeness if duplicate else None,
        "orientation": ORIENTATIONS[duplicate.orientation] if duplicate else None,
    }


def _place(place: ImagePlace) -> Json:
    return {
        "image_id": place.image_id,
        "split": place.split,
        "file": str(place.pair.image) if place.pair else None,
    }
