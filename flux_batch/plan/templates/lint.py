"""Prompt lint: words of the brand that a rendered prompt may not or must have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from flux_batch.errors import Problem
from flux_batch.plan.templates.template import compile_template, literals
from flux_batch.spec.building.fields import has_text, inside, text_of
from flux_batch.spec.records import Job, Spec, Value
from flux_batch.spec.words import quoted


def lint_problem(spec: Spec, job: Job, prompt: str, values: Mapping[str, Value]) -> tuple[Problem, bool] | None:
    """The first rule that a prompt breaks, and whether all of the job's prompts may break it alike."""
    for word in spec.lint.banned:
        if found := _pattern(word).search(prompt):
            return _banned(spec, job, word, found[0], values)
    for word in spec.lint.required:
        if not _pattern(word).search(prompt):
            message = f"the prompt of {_image(job, values)} does not say {quoted(word)}, which `lint` asks for"
            return spec.source.problem(job.prompt_at, message, "every prompt must say it"), True
    return None


def _banned(spec: Spec, job: Job, word: str, said: str, values: Mapping[str, Value]) -> tuple[Problem, bool]:
    """Said once: at the template that says it always, or at the value that brings it."""
    bans = _pattern(word)
    if bans.search(literals(job.prompt)):
        mark = spec.source.find(job.prompt_at, said)
        return spec.source.problem_at(mark, f"the prompt says {quoted(said)}, which `lint` bans", _MEND), True
    for way in compile_template(job.prompt).ways:
        value = values.get(way[0])
        if value is None or not _says(bans, inside(value.value, way[1:])):
            continue
        row = f" ({value.place})" if value.place else ""
        message = f"`{'.'.join(way)}` of {quoted(value.label)}{row} says {quoted(said)}, which `lint` bans"
        return spec.source.problem_at(spec.source.find(value.at, said), message, _MEND), False
    message = f"the prompt of {_image(job, values)} says {quoted(said)}, which `lint` bans"
    return spec.source.problem(job.prompt_at, message, _MEND), False


def _says(word: re.Pattern[str], value: object) -> bool:
    return value is not None and has_text(value) and word.search(text_of(value)) is not None


def _image(job: Job, values: Mapping[str, Value]) -> str:
    """An image by what its prompt reads."""
    read = [f"{name}={values[name].label}" for name in compile_template(job.prompt).names if name in values]
    return ", ".join(read) or f"job `{job.name}`"


_MEND: Final = "say it in another way"


@lru_cache(maxsize=512)
def _pattern(word: str) -> re.Pattern[str]:
    """The word or phrase, whole, in any case."""
    parts = r"\s+".join(re.escape(part) for part in word.split())
    return re.compile(rf"(?<!\w){parts}(?!\w)", re.IGNORECASE)
