"""What a local worker does before it works: ^C is for the run, which lets downloads under way finish."""

from __future__ import annotations

import signal


def dask_setup(_: object) -> None:
    """Called by Dask in the worker's main thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
