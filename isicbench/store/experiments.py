"""Experiments and datasets that runs are asked for: found by their hashes, or added."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from isicbench.config import Config
from isicbench.records import DatasetImage, DatasetRecord
from isicbench.store.schema import DatasetImageRow, DatasetRow, ExperimentRow

CONFIG_COLUMNS = (
    "encoder",
    "decoder",
    "weights",
    "weights_sha256",
    "frozen",
    "image_size_px",
    "epochs",
    "batch_size",
    "learning_rate",
    "augmentation",
    "threshold",
    "validate_on",
    "threshold_rule",
    "data_seed",
    "precision",
    "compile",
    "predictions_sha256",
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
    "folds",
    "fold",
)
HASHES_AT_ONCE = 10_000
"""In one statement, which may bind some 30,000 variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One run of a study that is being asked for; without a name the experiment keeps or gets its default one."""

    config: Config
    seed: int
    dataset: DatasetRecord
    name: str | None = None


def add_experiments(session: Session, requests: Sequence[RunRequest]) -> dict[str, int]:
    """The experiment of each config hash that is asked for; those that are not there are added, named ones renamed."""
    by_hash = {request.config.config_hash: request for request in reversed(requests)}
    hashes = list(dict.fromkeys(request.config.config_hash for request in requests))
    found = _experiment_ids(session, hashes)
    records = {request.dataset.fingerprint: request.dataset for request in reversed(requests)}
    datasets = {fingerprint: find_or_add_dataset(session, record).id for fingerprint, record in records.items()}
    if missing := [by_hash[config_hash] for config_hash in hashes if config_hash not in found]:
        rows = [_row(request, dataset_id=datasets[request.dataset.fingerprint]) for request in missing]
        session.execute(insert(ExperimentRow), rows)
        found |= _experiment_ids(session, [row["config_hash"] for row in rows])
    _rename(session, requests, found)
    return {config_hash: found[config_hash] for config_hash in hashes}


def find_or_add_dataset(session: Session, record: DatasetRecord) -> DatasetRow:
    dataset = session.scalar(select(DatasetRow).where(DatasetRow.fingerprint == record.fingerprint))
    if dataset is None:
        values = asdict(record)
        del values["images"], values["validation_count"]  # which the images tell
        dataset = DatasetRow(**values)
        session.add(dataset)
        session.flush()
    _add_images(session, dataset, record.images)
    return dataset


def _add_images(session: Session, dataset: DatasetRow, images: Sequence[DatasetImage]) -> None:
    """Once for a dataset, which a fingerprint identifies; one recorded by an earlier version has none yet."""
    known = select(DatasetImageRow.image_id).where(DatasetImageRow.dataset_id == dataset.id).limit(1)
    if images and session.scalar(known) is None:
        session.execute(insert(DatasetImageRow), [{"dataset_id": dataset.id} | asdict(image) for image in images])


def _experiment_ids(session: Session, hashes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in _parts(hashes):
        query = select(ExperimentRow.config_hash, ExperimentRow.id).where(ExperimentRow.config_hash.in_(part))
        found.update(session.execute(query).all())
    return found


def _parts(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    return (hashes[start : start + HASHES_AT_ONCE] for start in range(0, len(hashes), HASHES_AT_ONCE))


def _row(request: RunRequest, *, dataset_id: int) -> dict[str, Any]:
    values = request.config.to_dict()
    return {
        "config_hash": request.config.config_hash,
        "name": request.name or request.config.default_name,
        "dataset_id": dataset_id,
        "config": values,
        **{name: values[name] for name in CONFIG_COLUMNS},
    }


def _rename(session: Session, requests: Sequence[RunRequest], experiments: dict[str, int]) -> None:
    """A name that is asked for holds from now on, the last one where there are several."""
    names = {experiments[request.config.config_hash]: request.name for request in requests if request.name}
    if names:
        renamed = update(ExperimentRow.__table__).where(ExperimentRow.id == bindparam("which"))  # type: ignore[arg-type]
        rows = [{"which": experiment_id, "called": name} for experiment_id, name in names.items()]
        session.connection().execute(renamed.values(name=bindparam("called")), rows)
