"""Short ways from a text to a plan, or to what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.plan.choosing.select import Selection
from flux_batch.plan.expansion.expand import Expansion, expand
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan, Task
from flux_batch.spec.beside.files import ReferenceProblem
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import ReferenceFile, Spec


class Folder:
    """Reference images that are nowhere on disk: ``path="content"``; remembers what was looked at."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})
        self.looked_at: list[str] = []

    def __call__(self, path: str) -> ReferenceFile:
        self.looked_at.append(path)
        if path not in self.files:
            raise ReferenceProblem(f'there is no file "{path}" beside the spec', "paths start at the spec's folder")
        data = self.files[path].encode()
        digest = hashlib.sha256(data).hexdigest()
        return ReferenceFile(path=path, sha256=digest, bytes=len(data), mime="image/png", width=64, height=48)


def spec_of(text: str | Mapping[str, Any]) -> Spec:
    """A spec from an indented text, or from its values."""
    return parse_spec(Path("spring.yaml"), dedent(text) if isinstance(text, str) else json.dumps(text))


def plan_of(
    text: str | Mapping[str, Any], files: Mapping[str, str] | None = None, selection: Selection | None = None
) -> Plan:
    """The plan of a spec whose reference images have these contents."""
    return make_plan(spec_of(text), Folder(files), selection)


def expansion_of(text: str | Mapping[str, Any], files: Mapping[str, str] | None = None) -> Expansion:
    """The expansion, with the values that conditions see."""
    return expand(spec_of(text), Folder(files))


def problems_of(text: str | Mapping[str, Any], files: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """All that the plan stage finds wrong with a spec that the spec stage takes."""
    spec = spec_of(text)
    with pytest.raises(InvalidSpec) as caught:
        make_plan(spec, Folder(files))
    return caught.value.problems


def under_caret(problem: Problem) -> str:
    """What the caret underlines."""
    return problem.excerpt[problem.column - 1 : problem.column - 1 + problem.width]


def axes_of(plan: Plan, *axes: str) -> list[tuple[str, ...]]:
    """The labels of some axes, image by image."""
    return [tuple(task.axes[axis] for axis in axes) for task in plan.tasks]


def only(plan: Plan) -> Task:
    """The one image of a plan."""
    (task,) = plan.tasks
    return task


def keys(plan: Plan) -> set[str]:
    """What a plan buys."""
    return {task.key for task in plan.tasks}
