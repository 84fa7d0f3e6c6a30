"""Is the run folder on a drive that more than one machine writes to? There locks may not hold and files may lag."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mounts")

NETWORK: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4",
        "ocfs2", "smb2", "smb3", "smbfs",
        "fuse.ceph", "fuse.davfs2", "fuse.gcsfuse", "fuse.glusterfs", "fuse.goofys", "fuse.google-drive-ocamlfuse",
        "fuse.gvfsd-fuse", "fuse.juicefs", "fuse.mount-s3", "fuse.onedriver", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
    }
)  # fmt: skip
"""Types of file systems, as Linux names them."""

_CLOUDS: Final = {
    "Dropbox": re.compile(r"Dropbox( \(.+\)|-.+)?"),
    "OneDrive": re.compile(r"OneDrive( ?- ?.+)?"),
    "Google Drive": re.compile(r"Google ?Drive(-.+)?"),
    "iCloud": re.compile(r"iCloud ?Drive|com~apple~CloudDocs"),
}
"""How their clients name the folder that they keep the same on all machines."""


def drive_warning(folder: Path) -> str | None:
    """What to be careful about with this run folder; None on a disk of this machine alone."""
    where = folder.resolve()
    kind = file_system(where, _mounts())
    if kind in NETWORK:
        return f"{folder} is on a network drive ({kind}): {_ADVICE}"
    if cloud := cloud_of(where):
        return f"{folder} is kept the same on several machines by {cloud}: {_ADVICE}"
    return None


_ADVICE: Final = "run from a local disk, or make sure only one machine uses it"


def file_system(path: Path, mounts: str) -> str | None:
    """The type of the file system that holds an absolute path; ``mounts`` as in ``/proc/self/mounts``.

    The longest mount point counts, and of two at the same place the later one, which covers the earlier.
    """
    kind, longest = None, 0
    for line in mounts.split("\n"):
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = Path(_unescaped(fields[1]))
        if len(point.parts) >= longest and path.is_relative_to(point):
            kind, longest = fields[2], len(point.parts)
    return kind


def cloud_of(path: Path) -> str | None:
    """Whose synchronised folder a path is below, by the names of the folders on the way."""
    for part in path.parts:
        for cloud, names in _CLOUDS.items():
            if names.fullmatch(part):
                return cloud
    return None


def _unescaped(point: str) -> str:
    r"""The kernel writes a space as ``\040``, and so on."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), point)


def _mounts() -> str:
    """What is mounted here; nothing where the system does not say."""
    try:
        return os.fsdecode(MOUNTS.read_bytes())
    except OSError:
        return ""
