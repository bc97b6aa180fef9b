"""Files of pretrained weights on this machine. Knows no torch until a file must be checked."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from isicbench.data.download_records import ChangedFileError, require_as_recorded
from isicbench.data.progress import Progress, silent
from isicbench.data.whole_file import copy_whole
from isicbench.errors import WeightsError
from isicbench.home import home
from isicbench.models.names import IMAGENET_FILES, TIMM
from isicbench.plugins import is_plugin_name

IMAGENET = "imagenet1k_v1"
IMAGENET_URL = "https://download.pytorch.org/models"
STUDYS = "mobilenet_v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What `--weights` named: `name` for tables, `sha256` for identity (empty for random ones)."""

    name: str
    sha256: str


def find_weights(choice: str, *, encoder: str = STUDYS, progress: Progress = silent) -> Weights:
    """Make an encoder's weights available to every worker of this machine, and say which they are.

    `imagenet1k_v1` is downloaded on first use to torch's own cache, and must be the same bytes from then on; a FILE is
    checked and copied under its hash, so that a run queued today finds the same bytes tomorrow. Raises `WeightsError`.
    """
    if choice == "random":
        return Weights(name="random", sha256="")
    if choice == IMAGENET:
        if is_plugin_name(encoder):
            raise WeightsError(
                f"--weights {IMAGENET} are torchvision's, and the encoder is {encoder}",
                hint="Name a file of its weights: --weights FILE. Or train it from the start: --weights random",
            )
        if encoder.startswith(TIMM):
            model = encoder.removeprefix(TIMM)
            raise WeightsError(
                f"--weights {IMAGENET} are torchvision's, and the encoder is {encoder}",
                hint="Save timm's as a file and name it, --weights FILE:\n"
                f"python -c \"import timm, torch; m = timm.create_model('{model}', pretrained=True); "
                "torch.save(m.state_dict(), 'weights.pt')\"",
            )
        path = _imagenet_path(encoder)
        if not path.is_file():
            _download_imagenet(path, progress)
        return Weights(name=IMAGENET, sha256=_checked_imagenet(path))
    return _keep_file(Path(choice).expanduser(), encoder=encoder)


def weights_path(name: str, sha256: str, *, encoder: str = STUDYS) -> Path:
    """Where the bytes of named weights lie on this machine, there or not."""
    return _imagenet_path(encoder) if name == IMAGENET else home() / "weights" / f"{sha256}.pt"


def _imagenet_path(encoder: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    torch_home = Path(os.environ.get("TORCH_HOME") or Path(cache) / "torch")
    return torch_home.expanduser() / "hub" / "checkpoints" / IMAGENET_FILES[encoder]


def _downloads() -> Path:
    return home() / "downloads" / "weights"


def _checked_imagenet(path: Path) -> str:
    try:
        sha256 = _sha256_by_name(path)
        require_as_recorded(_downloads(), path.name, path)
    except ChangedFileError as error:
        raise WeightsError(
            f"{path} is not the file that was used before: {error}",
            hint="Delete it and run the command again; or name it as weights of your own: --weights FILE",
        ) from error
    except OSError as error:
        raise WeightsError(f"{error.filename}: {error.strerror}", hint="Check its permissions.") from error
    return sha256


def _sha256_by_name(path: Path) -> str:
    sha256, expected = file_sha256(path), hash_prefix(path.name)
    if not sha256.startswith(expected):
        raise WeightsError(
            f"{path}: its SHA-256 begins with {sha256[:8]}, expected {expected}: the file is damaged",
            hint="Delete it and run the command again.",
        )
    return sha256


def hash_prefix(name: str) -> str:
    """Torchvision names a file after the first digits of its SHA-256."""
    return name.removesuffix(".pth").rsplit("-", 1)[1]


def _download_imagenet(path: Path, progress: Progress) -> None:
    from isicbench.data.download import DownloadError, download, forget

    url = f"{os.environ.get('ISICBENCH_WEIGHTS_URL', IMAGENET_URL).rstrip('/')}/{path.name}"
    expected = hash_prefix(path.name)
    try:
        _downloads().mkdir(parents=True, exist_ok=True)
        fetched = download(url, _downloads(), progress=progress)
        if not file_sha256(fetched).startswith(expected):
            forget(url, fetched)
            raise DownloadError(f"what came down is another file: its SHA-256 does not begin with {expected}")
        _move(fetched, path)
    except (DownloadError, OSError) as error:
        if path.is_file():
            return  # another command was faster
        raise WeightsError(
            f"the ImageNet weights are not on this machine and cannot be downloaded from {url}: {error}",
            hint=f"Download that file elsewhere and put it at {path}, or name your own: --weights FILE. "
            "Without pretrained weights (another experiment): --weights random",
        ) from error


def _move(source: Path, target: Path) -> None:
    """Whole or not at all, also to another file system."""
    copy_whole(source, target)
    source.unlink(missing_ok=True)


def _keep_file(path: Path, *, encoder: str) -> Weights:
    if not path.is_file():
        raise WeightsError(
            f"--weights {path}: no such file", hint="Expected imagenet1k_v1, random, or a file of weights."
        )
    from isicbench.models.weights import check_fit, read_state_dict
    from isicbench.models.zoo import build_encoder

    check_fit(build_encoder(encoder), read_state_dict(path), path)
    sha256 = file_sha256(path)
    kept = weights_path(path.name, sha256)
    if not kept.is_file():
        copy_whole(path, kept)
    return Weights(name=path.name, sha256=sha256)


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
