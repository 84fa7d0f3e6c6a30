"""``lint:`` → the words that prompts may not or must have, from the spec and from a brand file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flux_batch.errors import InvalidSpec, Problem, UsageError
from flux_batch.spec.building.desk import Desk, Layer, items
from flux_batch.spec.reading.values import Document
from flux_batch.spec.records import Lint
from flux_batch.spec.words import code, did_you_mean, quoted

KINDS: Final = ("banned", "required")


def read_lint(top: Layer, desk: Desk) -> Lint:
    """The words of the spec and those of its brand file together."""
    section = top.section("lint")
    brand = _brand(section.values["from"], desk) if "from" in section.values else {}
    words = {kind: _words(section.values.get(kind)) + _words(brand.get(kind)) for kind in KINDS}
    banned = {word.casefold() for word in words["banned"]}
    for word in words["required"]:
        if word.casefold() in banned:
            desk.report(
                section.at, f"`lint` bans {quoted(word)} and asks for it", "take it out of one of the two lists"
            )
    return Lint(banned=words["banned"], required=words["required"], at=section.at)


def _words(written: Any) -> tuple[str, ...]:
    return tuple(" ".join(str(word).split()) for word, _ in items(written, ()))


def _brand(path: str, desk: Desk) -> dict[str, Any]:
    """A brand file's words; what is wrong with it is reported at the ``from`` that names it."""
    at = ("lint", "from")
    try:
        found = desk.open_document(path)
    except InvalidSpec as error:
        desk.problems.extend(error.problems)
        return {}
    except UsageError as error:
        desk.report(at, str(error), getattr(error, "hint", ""))
        return {}
    if not isinstance(found.value, dict):
        desk.report(at, f"{quoted(path)} is no brand file", _EXAMPLE)
        return {}
    faults = list(_faults(found))
    desk.problems.extend(faults)
    return {} if faults else found.value


def _faults(document: Document) -> Iterator[Problem]:
    """What is wrong with a brand file, where it stands in it."""
    for key, words in document.value.items() if isinstance(document.value, dict) else ():
        if key not in KINDS:
            yield document.source.problem((key,), f"unknown key {code(key)}", did_you_mean(key, KINDS), key=True)
        elif not isinstance(words, list) or not words:
            yield document.source.problem((key,), f"{code(key)} must be a list of words", _EXAMPLE)
        else:
            yield from (
                document.source.problem((key, index), f"{code(key)} has words and phrases only", _EXAMPLE)
                for index, word in enumerate(words)
                if not isinstance(word, str) or not word.strip()
            )


_EXAMPLE: Final = "write for instance: banned: [cheap, best ever]"
