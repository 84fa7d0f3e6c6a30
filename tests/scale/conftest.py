"""One small Dask cluster for a module, and planes on it and beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import pytest

from flux_batch.run.plane.choose import plane_for
from flux_batch.run.plane.seam import DataPlane
from tests.canary import no_key_is_written, pytest_runtest_makereport  # noqa: F401
from tests.run.conftest import bench, make_bench  # noqa: F401

from .kit import Host, serving


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers in processes of their own."""
    library: Any = distributed
    options = {"n_workers": 2, "threads_per_worker": 2, "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
    with library.LocalCluster(**options) as made:
        yield made


@pytest.fixture
def host() -> Iterator[Host]:
    """A host of result files."""
    with serving() as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty run folder."""
    path = tmp_path / "run"
    path.mkdir()
    return path


@pytest.fixture(params=["here", "dask"])
def plane(request: pytest.FixtureRequest, folder: Path) -> DataPlane:
    """Each kind of plane, not yet entered."""
    dask = request.getfixturevalue("cluster").scheduler_address if request.param == "dask" else None
    return plane_for(folder, loopback=True, dask=dask)
