"""Prompts that may say less, or more, than was meant: said, and never in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flux_batch.errors import Problem
from flux_batch.plan.templates.template import literals
from flux_batch.spec.reading.source import Mark, Source
from flux_batch.spec.records import FilePath, Spec

_WORD_IN_BRACES: Final = re.compile(r"\{\s*[^\W\d]\w*\s*\}")
_COMMENT: Final = re.compile(r"\s+(#\s*\S.*?)\s*")


def doubts(spec: Spec) -> tuple[Problem, ...]:
    """Notes about the prompts, each place once."""
    places = {job.prompt_at: job.prompt for job in spec.jobs}
    found = (note for at, prompt in places.items() for note in (*_eaten(spec, at), *_braces(spec, prompt, at)))
    return tuple(dict.fromkeys(found))


def _eaten(spec: Spec, at: FilePath) -> Iterator[Problem]:
    """A prompt without quotes ends where `` #`` begins a comment."""
    if comment := _comment_after(spec.source, at):
        hint = "if it belongs to the prompt, put quotes around all of it"
        yield spec.source.problem_at(comment, "the prompt ends before this #, which begins a comment", hint)


def _comment_after(source: Source, at: FilePath) -> Mark | None:
    value, marks = source.mark(at), source.marks.get(at)
    if value.of or marks is None or marks.end is None or marks.end.line != value.line:
        return None  # of another file, not written here, or a block
    line = source.lines[value.line - 1]
    if line[value.column - 1 : value.column] in ("'", '"', "*", "&"):
        return None
    found = _COMMENT.fullmatch(line, marks.end.column - 1)
    return Mark(value.line, found.start(1) + 1, len(found[1])) if found else None


def _braces(spec: Spec, prompt: str, at: FilePath) -> Iterator[Problem]:
    """``{product}`` where no variable is called so; one that is, is an error."""
    if left := _WORD_IN_BRACES.search(literals(prompt)):
        name = left[0].strip("{} ")
        message = f"`{left[0]}` goes to the provider as it stands"
        yield spec.source.problem_at(spec.source.find(at, left[0]), message, f"a variable is written {{{{ {name} }}}}")
