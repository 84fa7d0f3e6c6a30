"""A plan in a file: what was promised, so that a run does exactly that or says what moved."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from flux_batch import __version__
from flux_batch.errors import PlanMoved, UsageError
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.codec import file_to_json, price_to_json, task_from_json, task_to_json
from flux_batch.plan.indented import indented
from flux_batch.plan.records import Plan, Task

KIND: Final = "flux-batch plan"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """Where a plan was carried out: the ``folder``, seen from the plan file, the ``run``'s id there, and when (UTC)."""

    folder: str
    run: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What a plan file says. ``spec`` is the spec's path, ``out`` the run folder it was made for, if one was named.

    ``applied`` is None until a run begins to buy what it says; ``version`` is the flux-batch that wrote it.
    """

    path: Path
    name: str
    version: str
    spec: Path
    selection: Selection
    settings: tuple[str, ...]
    out: Path | None
    promised: Mapping[str, Any]
    applied: Applied | None = None

    def tasks(self) -> tuple[Task, ...]:
        """The images it selects; raises UsageError when they cannot be read."""
        try:
            selected = frozenset(self.promised["selected"])
            return tuple(task_from_json(task) for task in self.promised["tasks"] if task["key"] in selected)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            raise UsageError("the saved plan is damaged; plan again") from None


def plan_to_json(
    plan: Plan, *, spec: str, selection: Selection, settings: Sequence[str], out: str | None
) -> dict[str, Any]:
    """The plan with all it was made from; its tasks are an iterator, to be read while they are written.

    ``spec`` and ``out`` are paths relative to the plan file's folder.
    """
    return {
        "kind": KIND,
        "format": FORMAT,
        "version": __version__,
        "name": plan.name,
        "spec": spec,
        "selection": asdict(selection),
        "settings": list(settings),
        "out": out,
        "applied": None,
        "promised": _promised(plan),
    }


def read_saved_plan(path: Path) -> SavedPlan:
    """Read a plan file; raises UsageError when it is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        applied = value.get("applied") if isinstance(value, dict) else None
        if value["kind"] != KIND or value["format"] != FORMAT:
            raise UsageError(
                f"{path} is not a plan this version can run; write one with: flux-batch plan SPEC -o {path}"
            )
        return SavedPlan(
            path=path,
            name=str(value["name"]),
            version=str(value.get("version", "")),
            applied=None if applied is None else Applied(**applied),
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
        now = _promised(plan)
        moved = _moved(saved, {**now, "tasks": list(now["tasks"])})
    except (KeyError, TypeError, ValueError):
        raise UsageError("the saved plan is damaged; plan again") from None
    if moved:
        raise PlanMoved(
            "the saved plan is not what would happen now: " + "; ".join(moved) + ". Nothing was sent; plan again"
        )


def check_unapplied(saved: SavedPlan, folder: Path, run_id: str | None) -> None:
    """Raise PlanMoved when a plan was begun in another run than that in ``folder``: it would buy everything twice."""
    applied = saved.applied
    if applied is None or applied.run == run_id:
        return
    here = "there is no run" if run_id is None else "is another run"
    raise PlanMoved(
        f"{saved.path} was applied already, at {applied.at} in {saved.path.parent / applied.folder} "
        f"(run {applied.run}); in {folder} {here}, so it would buy everything twice. Nothing was sent; "
        "go on there with --out, or plan again"
    )


def applied_text(text: str, applied: Applied) -> str:
    """A plan file's text with the note where it was applied."""
    value = json.loads(text)
    promised = {name: iter(each) if name == "tasks" else each for name, each in value["promised"].items()}
    return "".join(indented({**value, "applied": asdict(applied), "promised": promised}, 1)) + "\n"


def _promised(plan: Plan) -> dict[str, Any]:
    return {
        "spec_sha256": plan.spec_sha256,
        "inputs": {file.path: file.sha256 for file in plan.inputs},
        "references": [file_to_json(file) for file in plan.references],
        "prices": [price_to_json(price) for price in plan.prices],
        "selected": sorted(plan.selected),
        "tasks": (task_to_json(task) for task in plan.tasks),
    }


def _moved(saved: SavedPlan, now: Mapping[str, Any]) -> list[str]:
    """Everything that is no longer as promised: the spec, what it reads, the references, the prices, or ourselves."""
    then = saved.promised
    moved = ["the spec was edited"] if then["spec_sha256"] != now["spec_sha256"] else []
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
    if then["tasks"] == now["tasks"] and then["selected"] == now["selected"]:
        return moved
    if saved.version not in ("", __version__):
        moved.append(f"it was made by flux-batch {saved.version}, and this is {__version__}")
    return moved or ["it expands to other images than before"]


def _reference_hashes(promised: Mapping[str, Any]) -> dict[str, str]:
    references = [task["reference"] for task in promised["tasks"] if task["reference"] is not None]
    return {source: sha256 for kind, source, sha256 in references if kind == "file"}


def _amounts(promised: Mapping[str, Any]) -> dict[str, str]:
    return {price["model"]: price["amount"] for price in promised["prices"]}
