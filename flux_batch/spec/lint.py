"""``lint:`` → the words that prompts may not or must have, from the spec and from a brand file."""

from __future__ import annotations

from typing import Any, Final

from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.spec.desk import Desk, Layer, items
from flux_batch.spec.records import Lint
from flux_batch.spec.words import code, did_you_mean, quoted

KINDS: Final = ("banned", "required")


def read_lint(top: Layer, desk: Desk) -> Lint:
    """The words of the spec and those of its brand file together."""
    section = top.section("lint")
    brand = _brand(section.values["from"], desk) if "from" in section.values else {}
    words = {kind: _words(section.values.get(kind)) + _words(brand.get(kind)) for kind in KINDS}
    return Lint(banned=words["banned"], required=words["required"], at=section.at)


def _words(written: Any) -> tuple[str, ...]:
    return tuple(" ".join(str(word).split()) for word, _ in items(written, ()))


def _brand(path: str, desk: Desk) -> dict[str, Any]:
    """A brand file's words; what is wrong with it is reported at the ``from`` that names it."""
    at = ("lint", "from")
    try:
        found = desk.open_document(path)
    except InvalidSpec as error:
        first = error.problems[0]
        desk.report(at, f"{path}:{first.line}:{first.column}: {first.message}", first.hint)
        return {}
    except UsageError as error:
        desk.report(at, str(error), getattr(error, "hint", ""))
        return {}
    if not isinstance(found.value, dict) or not _is_sound(found.value, path, desk):
        desk.report(at, f"{quoted(path)} is no brand file", "write `banned: [cheap, best ever]` into it")
        return {}
    return found.value


def _is_sound(value: dict[str, Any], path: str, desk: Desk) -> bool:
    for key, words in value.items():
        if key not in KINDS:
            desk.report(("lint", "from"), f"{path} has the unknown key {code(key)}", did_you_mean(key, KINDS))
        elif not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
            return False
    return True
