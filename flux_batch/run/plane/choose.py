"""Which data plane a run has."""

from __future__ import annotations

from pathlib import Path

from flux_batch.api.files import FileClient
from flux_batch.run.plane.download import intake_into
from flux_batch.run.plane.here import Here
from flux_batch.run.plane.seam import DataPlane


def check_plane(dask: str | None) -> None:
    """Raise UsageError, before anything is begun, where ``plane_for`` would."""
    if dask is not None:
        from flux_batch.run.plane.cluster import check_address

        check_address(dask)


def plane_for(folder: Path, *, loopback: bool, dask: str | None = None, images: str = "") -> DataPlane:
    """A plane in this process, or on a Dask cluster where one is named; ``images`` is an address for them.

    Raises UsageError where that cannot be.
    """
    if dask is None:
        return Here(FileClient(loopback=loopback), intake_into(folder, images))
    from flux_batch.run.plane.cluster import Cluster

    return Cluster(dask, folder, loopback=loopback, images=images)
