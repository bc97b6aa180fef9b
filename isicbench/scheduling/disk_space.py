"""A disk that has no room left: known before hours are trained for it, and the end of a study that would go on so.

The scheduler asks here as well, and needs no torch.
"""

import errno
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from isicbench.errors import RunsFailedError
from isicbench.store.store import Store

if TYPE_CHECKING:
    from torch import nn

KIND = "disk_full"
"""The failure of a run whose weights found no room."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""A full disk, a quota that is used up, and a limit on the size of files."""


def is_disk_full(error: BaseException | None) -> bool:
    """Whether it was raised, or caused, by a disk that takes no more."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error = error.__cause__
    return False


def require_room(folder: Path, networks: "Iterable[nn.Module]") -> None:
    """Raise `OSError` where the networks' weights would not fit into the folder."""
    needed = sum(tensor.nbytes for network in networks for tensor in network.state_dict().values())
    free = shutil.disk_usage(next(path for path in (folder, *folder.parents) if path.exists())).free
    if free < needed:
        words = f"{needed / 2**20:.0f} MiB are needed for the weights, {free / 2**20:.0f} MiB are free"
        raise OSError(errno.ENOSPC, words, str(folder))


def require_no_full_disk(store: Store, study_id: int) -> None:
    """Raise `RunsFailedError` where a run of the study found no room, and so would every further one."""
    if full := store.failed_runs(study_id, kind=KIND):
        failed = f"run{'s' if len(full) > 1 else ''} {', '.join(map(str, full))} failed"
        raise RunsFailedError(
            f"the disk is full: {failed}, and nothing further was begun",
            hint="Make room, then go on: isicbench resume --all",
        )
