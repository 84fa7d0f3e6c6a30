"""Top-level ``cassettes/``, a folder for each module here; nothing is recorded by running the tests."""

from __future__ import annotations

from typing import Any

import pytest
from vcr import VCR

from .tape import CASSETTES, CONFIG, equip


@pytest.fixture(scope="module")
def vcr_cassette_dir(request: pytest.FixtureRequest) -> str:
    """``cassettes/published`` for ``test_published.py``."""
    return str(CASSETTES / request.path.stem.removeprefix("test_"))


@pytest.fixture
def vcr_config() -> dict[str, Any]:
    """The same as when recording; and never a request to a server, also with ``--record-mode``."""
    return {**CONFIG, "record_mode": "none"}


def pytest_recording_configure(config: pytest.Config, vcr: VCR) -> None:
    """Register the matcher."""
    equip(vcr)
