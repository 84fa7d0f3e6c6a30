"""A plan in a file: what was promised, so that a run does exactly that or says what moved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from flux_batch.errors import PlanMoved, UsageError
from flux_batch.plan.codec import file_to_json, price_to_json, task_to_json
from flux_batch.plan.records import Plan
from flux_batch.plan.select import Selection

KIND: Final = "flux-batch plan"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What a plan file says. ``spec`` is the spec's path, ``out`` the run folder it was made for, if one was named."""

    spec: Path
    selection: Selection
    settings: tuple[str, ...]
    out: Path | None
    promised: Mapping[str, Any]


def plan_to_json(
    plan: Plan, *, spec: str, selection: Selection, settings: Sequence[str], out: str | None
) -> dict[str, Any]:
    """The plan with all it was made from. ``spec`` and ``out`` are paths relative to the plan file's folder."""
    return {
        "kind": KIND,
        "format": FORMAT,
        "name": plan.name,
        "spec": spec,
        "selection": asdict(selection),
        "settings": list(settings),
        "out": out,
        "promised": _promised(plan),
    }


def read_saved_plan(path: Path) -> SavedPlan:
    """Read a plan file; raises UsageError when it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if value["kind"] != KIND or value["format"] != FORMAT:
            raise UsageError(
                f"{path} is not a plan this version can run; write one with: flux-batch plan SPEC -o {path}"
            )
        return SavedPlan(
            spec=path.parent / value["spec"],
            selection=Selection(**value["selection"]),
            settings=tuple(value["settings"]),
            out=None if value["out"] is None else path.parent / value["out"],
            promised=value["promised"],
        )
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{path} is not a plan; write one with: flux-batch plan SPEC -o {path}") from None


def is_saved_plan(path: Path) -> bool:
    """Whether a file is a saved plan rather than a spec; a spec may be JSON too."""
    if path.suffix != ".json" or not path.is_file():
        return False
    with path.open(encoding="utf-8", errors="replace") as file:
        return f'"{KIND}"' in file.read(200)


def check_unmoved(saved: SavedPlan, plan: Plan) -> None:
    """Raise PlanMoved, naming everything that is no longer as promised; UsageError when the promise is unreadable."""
    try:
        moved = _moved(saved.promised, _promised(plan))
    except (KeyError, TypeError, ValueError):
        raise UsageError("the saved plan is damaged; plan again") from None
    if moved:
        raise PlanMoved(
            "the saved plan is not what would happen now: " + "; ".join(moved) + ". Nothing was sent; plan again"
        )


def _promised(plan: Plan) -> dict[str, Any]:
    return {
        "spec_sha256": plan.spec_sha256,
        "inputs": {file.path: file.sha256 for file in plan.inputs},
        "references": [file_to_json(file) for file in plan.references],
        "prices": [price_to_json(price) for price in plan.prices],
        "selected": sorted(plan.selected),
        "tasks": [task_to_json(task) for task in plan.tasks],
    }


def _moved(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    moved = []
    if then["spec_sha256"] != now["spec_sha256"]:
        moved.append("the spec was edited")
    read_then, read_now = then["inputs"], now["inputs"]
    moved += [f"{path} changed" for path in read_then if path in read_now and read_now[path] != read_then[path]]
    before, after = _reference_hashes(then), _reference_hashes(now)
    moved += [f"the reference {path} changed" for path in before if path in after and after[path] != before[path]]
    before, after = _amounts(then), _amounts(now)
    moved += [
        f"the price of {model} changed from ${amount} to ${after[model]}"
        for model, amount in before.items()
        if model in after and after[model] != amount
    ]
    if not moved and (then["tasks"] != now["tasks"] or then["selected"] != now["selected"]):
        moved.append("it expands to other images with this version of flux-batch")
    return moved


def _reference_hashes(promised: Mapping[str, Any]) -> dict[str, str]:
    references = [task["reference"] for task in promised["tasks"] if task["reference"] is not None]
    return {source: sha256 for kind, source, sha256 in references if kind == "file"}


def _amounts(promised: Mapping[str, Any]) -> dict[str, str]:
    return {price["model"]: price["amount"] for price in promised["prices"]}
