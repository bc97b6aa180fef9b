"""Which file system a path lies on, as far as it matters: a network's locks are not those of a local disk."""

import re
from pathlib import Path

MOUNTS = Path("/proc/mounts")
NETWORK_TYPES = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs3",
        "nfs4",
    }
    | {"orangefs", "panfs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "wekafs"}
    | {f"fuse.{kind}" for kind in ("ceph", "davfs2", "glusterfs", "juicefs", "rclone", "s3fs", "sshfs")}
)
_ESCAPED = re.compile(r"\\([0-7]{3})")


def network_file_system(path: Path, *, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that holds `path`, there or not; None on a local disk.

    The mount point with the longest matching path counts, of several on one point the last. Where the system lists no
    mounts (macOS, Windows) nothing is known, and None is the answer.
    """
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    resolved = path.resolve()
    found = [(point, kind) for point, kind in map(_mount, lines) if resolved.is_relative_to(point)]
    if not found:
        return None
    depth = max(len(point.parts) for point, _ in found)
    kind = [kind for point, kind in found if len(point.parts) == depth][-1]
    return kind if kind in NETWORK_TYPES else None


def _mount(line: str) -> tuple[Path, str]:
    """Mount point and type of a line; the kernel writes spaces and the like in octal."""
    _, point, kind = [*line.split(" "), "", ""][:3]
    return Path(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), point) or "/nowhere"), kind
