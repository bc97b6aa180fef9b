"""The file system that holds a path is the one mounted nearest above it."""

import pytest

from isicbench.compute.filesystems import network_file_system

MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/me/local xfs rw 0 0
//nas/lab /mnt/the\\040lab cifs rw 0 0
me@host: /mnt/far fuse.sshfs rw 0 0
overlay /twice overlay rw 0 0
mds@tcp:/scratch /twice lustre rw 0 0
tmpfs /homes tmpfs rw 0 0
odd
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/results.db", None),
        ("/home/you/results.db", "nfs4"),
        ("/home", "nfs4"),
        ("/home/me/local/results.db", None),
        ("/home/me/locality/results.db", "nfs4"),
        ("/homes/me", None),
        ("/mnt/the lab/x/y", "cifs"),
        ("/mnt/far/results.db", "fuse.sshfs"),
        ("/twice/results.db", "lustre"),
    ],
)
def test_longest_mount_point_and_the_last_of_equals_decide(path, kind, tmp_path):
    (tmp_path / "mounts").write_text(MOUNTS)
    assert network_file_system(tmp_path.__class__(path), mounts=tmp_path / "mounts") == kind


def test_without_a_list_of_mounts_nothing_is_claimed(tmp_path):
    assert network_file_system(tmp_path, mounts=tmp_path / "absent") is None
