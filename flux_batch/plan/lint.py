"""Prompt lint: words of the brand that a rendered prompt may not or must have."""

from __future__ import annotations

import re
from functools import lru_cache

from flux_batch.errors import Problem
from flux_batch.plan.template import literals
from flux_batch.spec.records import Job, Spec
from flux_batch.spec.words import quoted


def lint_problem(spec: Spec, job: Job, prompt: str, where: str) -> tuple[Problem, bool] | None:
    """The first rule that a prompt breaks, and whether the template alone breaks it; ``where`` names the image."""
    for word in spec.lint.banned:
        if found := _pattern(word).search(prompt):
            always = _pattern(word).search(literals(job.prompt)) is not None
            message = f"the prompt {'' if always else f'of {where} '}says {quoted(found[0])}, which `lint` bans"
            mark = spec.source.find(job.prompt_at, found[0])
            return spec.source.problem_at(mark, message, "say it in another way"), always
    for word in spec.lint.required:
        if not _pattern(word).search(prompt):
            message = f"the prompt of {where} does not say {quoted(word)}, which `lint` asks for"
            return spec.source.problem(job.prompt_at, message, "every prompt must say it"), False
    return None


@lru_cache(maxsize=512)
def _pattern(word: str) -> re.Pattern[str]:
    """The word or phrase, whole, in any case."""
    parts = r"\s+".join(re.escape(part) for part in word.split())
    return re.compile(rf"(?<!\w){parts}(?!\w)", re.IGNORECASE)
