"""What a registered plan was made from, kept in its state file: where none of it moved, the plan would be the same.

A plan is a function of this program, of the spec's text and settings, of the selection, and of the files that these
name. So a plan of a hundred thousand images, which takes seconds to make, is hashed again instead, which takes none.
Whatever is in doubt counts as moved.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from flux_batch.errors import UsageError
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.records import Plan
from flux_batch.plan.totals.estimate import Estimate
from flux_batch.run.folder.inputs import files_of
from flux_batch.run.store.registry import REGISTERED
from flux_batch.run.store.state import StateFile
from flux_batch.spec.beside.reads import Reads, files_unmoved, unmoved
from flux_batch.spec.records import Budget, Execution, Poll, Spec

BASIS: Final = "basis"

TASKS_MIN: Final = 1_000
"""Images; a smaller plan is made again sooner than its files are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """One plan's, and what a run needs to know of it.

    ``registered`` is the digest of that plan: a state file that took over another one since then, also by an older
    flux-batch, has no basis. ``mark`` is a hash over all that is no file. ``references`` are those that were opened,
    ``kept`` the files that are copied to the run folder. ``purchases`` is how many the plan selects, ``worth`` their
    USD.
    """

    registered: str
    mark: str
    reads: Reads
    references: Mapping[str, str]
    kept: Mapping[str, str]
    budget: Budget
    execution: Execution
    purchases: int
    worth: Decimal

    def stands(self, spec_file: str, text: str, settings: Sequence[str], selection: Selection, folder: Path) -> bool:
        """Whether a spec with this text in ``folder`` would give the same plan now."""
        if self.mark != _mark(spec_file, text, settings, selection) or not unmoved(self.reads, folder):
            return False
        try:
            return files_unmoved(self.references, folder)
        except (UsageError, OSError):
            return False


def basis_of(plan: Plan, spec: Spec, selection: Selection, cost: Estimate, registered: str) -> Basis | None:
    """Of a plan that was just registered; None where it is made quickly."""
    if len(plan.tasks) < TASKS_MIN:
        return None
    return Basis(
        registered=registered,
        mark=_mark(plan.spec_file, spec.source.text, spec.settings, selection),
        reads=spec.reads,
        references=plan.opened,
        kept=files_of(plan),
        budget=spec.budget,
        execution=spec.execution,
        purchases=cost.new + cost.resumed + cost.reused + cost.failed,
        worth=cost.from_scratch,
    )


def keep_basis(state: StateFile, basis: Basis | None) -> None:
    """For later runs; committed at once, and nothing is written where it is there already."""
    text = "" if basis is None else json.dumps(asdict(basis), default=str, ensure_ascii=False)
    if (state.meta(BASIS) or "") != text:
        state.set_meta(BASIS, text)


def basis_in(state: StateFile) -> Basis | None:
    """That of the plan which is registered now; None where there is none, or nobody can read it."""
    try:
        basis = _from_json(json.loads(state.meta(BASIS) or "null"))
    except (ValueError, TypeError, LookupError, ArithmeticError):
        return None
    return basis if basis and basis.registered == state.meta(REGISTERED) else None


def _from_json(value: Mapping[str, Any] | None) -> Basis | None:
    if value is None:
        return None
    execution, budget = value["execution"], value["budget"]
    known = {
        "reads": Reads(**value["reads"]),
        "budget": Budget(**{name: None if usd is None else Decimal(usd) for name, usd in budget.items()}),
        "execution": Execution(**{**execution, "poll": Poll(**execution["poll"])}),
        "worth": Decimal(value["worth"]),
    }
    return Basis(**{**value, **known})


def _mark(spec_file: str, text: str, settings: Sequence[str], selection: Selection) -> str:
    facts = (_program(), spec_file, text, tuple(settings), selection)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


@cache
def _program() -> str:
    """The code that makes plans, for a version may have several, the Python, and the libraries that are installed."""
    digest = hashlib.sha256(f"{sys.version} {_libraries()}".encode())
    for stage in ("spec", "plan"):
        for module in _modules(resources.files("flux_batch") / stage):
            digest.update(module.read_bytes())
    return digest.hexdigest()


def _libraries() -> list[str]:
    """By the names of their folders, which have the version in them: reading what these say takes longer."""
    found: set[str] = set()
    for place in sys.path:
        with suppress(OSError):
            found.update(each.name for each in Path(place).glob("*.dist-info"))
    return sorted(found)


def _modules(folder: Traversable) -> list[Traversable]:
    found: list[Traversable] = []
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            found += _modules(each)
        elif each.name.endswith(".py"):
            found.append(each)
    return found
