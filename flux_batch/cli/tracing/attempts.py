"""The kept specs of a run, expanded again one by one, the likeliest first: one of them made the image in question."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from flux_batch.cli.terminal.finding import Found
from flux_batch.errors import InvalidSpec, UsageError
from flux_batch.plan.expansion.expand import expand
from flux_batch.plan.records import Task
from flux_batch.run.folder.inputs import DIGITS, INPUTS
from flux_batch.run.folder.kept import Whole, kept_wholes
from flux_batch.spec.beside.files import ReferenceProblem
from flux_batch.spec.load import parse_spec
from flux_batch.spec.reading.values import read_document
from flux_batch.spec.records import ReferenceFile, Spec

TRIES: Final = 24
"""Sets, and then texts with their profiles, that are expanded at most; a long life of edits is not read to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A kept spec and its images. ``kept`` is relative to the run folder, ``path`` where its original lies.

    ``whole`` says that everything it read was kept with it, and was read from there.
    """

    kept: str
    path: Path
    spec: Spec
    tasks: tuple[Task, ...]
    whole: bool


def attempts(found: Found) -> Iterator[Attempt]:
    """Whole sets first; runs of earlier versions kept the spec's text alone."""
    yield from _of_wholes(found)
    yield from _of_texts(found)


def spec_path(found: Found) -> Path:
    """Where the spec lies: seen from here, or from the folder that holds runs/."""
    path = Path(found.view.spec_file)
    others = (path, found.folder.parent.parent / path)
    return next((each for each in others if each.is_file()), path)


def anything_kept(found: Found) -> bool:
    """Whether there is a spec to expand at all."""
    return bool(kept_wholes(found.folder) or _kept_texts(found))


def _of_wholes(found: Found) -> Iterator[Attempt]:
    for whole in islice(_in_order(found, kept_wholes(found.folder)), TRIES):
        made = _expanded(whole.load, {**_reference_hashes(found), **whole.hashes})
        if made is not None:
            yield Attempt(
                kept=whole.spec.relative_to(found.folder).as_posix(),
                path=spec_path(found).with_name(whole.spec.name),
                spec=made[0],
                tasks=made[1],
                whole=True,
            )


def _in_order(found: Found, wholes: list[Whole]) -> Iterator[Whole]:
    """The last run's, then the one before the image was asked for, which bought it, and so on backwards."""
    bought = found.entry.purchase.times.intent or 0.0
    wholes.sort(key=lambda whole: (not _is_last(found, whole), whole.made > bought, -whole.made))
    return iter(wholes)


def _is_last(found: Found, whole: Whole) -> bool:
    """Whether the last run could have been about this set: its settings are not on record."""
    inputs: Mapping[str, str] = json.loads(found.inputs)
    last = {**inputs, whole.spec.name: found.view.spec_sha256}
    return last.items() <= whole.hashes.items()


def _of_texts(found: Found) -> Iterator[Attempt]:
    path, hashes = spec_path(found), _reference_hashes(found)
    for kept, text, profile in islice(_variants(path, _kept_texts(found)), TRIES):
        settings = (f"profile={profile}",) if profile else ()
        made = _expanded(lambda: parse_spec(path, text, settings), hashes)  # noqa: B023 (called at once)
        if made is not None:
            yield Attempt(kept=kept, path=path, spec=made[0], tasks=made[1], whole=False)


def _variants(path: Path, texts: list[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Every text as it stands, then every text in each of its profiles."""
    yield from ((kept, text, "") for kept, text in texts)
    for kept, text in texts:
        yield from ((kept, text, profile) for profile in _profiles(path, text))


def _kept_texts(found: Found) -> list[tuple[str, str]]:
    """Name and text of every spec that the run folder kept, the last one that was run first; damaged ones left out."""
    texts = []
    for path in (found.folder / INPUTS).glob(f"*-{Path(found.view.spec_file).name}"):
        try:
            text = path.read_bytes().decode("utf-8")  # as bytes, for the hash counts line ends
        except (OSError, UnicodeDecodeError):
            continue
        if hashlib.sha256(text.encode()).hexdigest()[:DIGITS] == path.name[:DIGITS]:
            texts.append((path, text))
    last = found.view.spec_sha256[:DIGITS]
    texts.sort(key=lambda each: (each[0].name[:DIGITS] != last, -each[0].stat().st_mtime))
    return [(f"{INPUTS}/{path.name}", text) for path, text in texts]


def _profiles(path: Path, text: str) -> list[str]:
    try:
        value = read_document(path, text).value
    except (InvalidSpec, UsageError):
        return []
    profiles = value.get("profiles") if isinstance(value, dict) else None
    return [str(name) for name in profiles] if isinstance(profiles, dict) else []


def _reference_hashes(found: Found) -> dict[str, str]:
    """The contents of the references that the images of this run were bought with, by path."""
    references = [entry.task.reference for entry in found.view.entries if entry.task.reference is not None]
    return {each.source: each.sha256 or "" for each in references if each.kind == "file"}


def _expanded(read: Callable[[], Spec], hashes: Mapping[str, str]) -> tuple[Spec, tuple[Task, ...]] | None:
    """A spec and its images; None when what it reads is no longer there. References are taken from ``hashes``."""

    def inspect(path: str) -> ReferenceFile:
        if (sha256 := hashes.get(path)) is None:
            raise ReferenceProblem(f'no image of this run started from "{path}"')
        return ReferenceFile(path=path, sha256=sha256, bytes=0, mime="", width=1, height=1)

    try:
        spec = read()
        return spec, tuple(expand(spec, inspect).tasks)
    except (InvalidSpec, UsageError):
        return None
