"""flux-batch: a declarative batch runner for AI images.

Crash anywhere: no image is paid for twice, no paid image is lost, no budget is passed, no key leaks.

The pipeline as a Python API, each step taking what the last returned::

    spec = load_spec(path)
    plan = make_plan(spec)
    outcome = run_plan(plan, spec, settings, options, approve=approve)
    write_report(view, folder)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["__version__", "load_spec", "make_plan", "run_plan", "write_report"]

_HOMES = {
    "load_spec": "flux_batch.spec.load",
    "make_plan": "flux_batch.plan.make",
    "run_plan": "flux_batch.run.session",
    "write_report": "flux_batch.report.write",
}

if TYPE_CHECKING:
    from flux_batch.plan.make import make_plan
    from flux_batch.report.write import write_report
    from flux_batch.run.session import run_plan
    from flux_batch.spec.load import load_spec


def __getattr__(name: str) -> Any:
    """Import a stage when it is first used: ``import flux_batch`` itself costs nothing."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'flux_batch' has no attribute {name!r}")
