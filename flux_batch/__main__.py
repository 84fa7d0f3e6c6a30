"""``python -m flux_batch``: the same as ``flux-batch``."""

from __future__ import annotations

from flux_batch.cli.main import main

main()
