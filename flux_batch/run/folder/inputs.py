"""What a run was made from, kept beside it: every file once for each content, and the files together as they lay.

``inputs/3f2a…-spring.yaml`` is a content. ``inputs/9c41…/`` is a whole: the spec, its tables, its house style and its
references at the paths they had, so that the run can be repeated when the originals have changed.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from flux_batch.errors import LocalFailure
from flux_batch.plan.records import Plan
from flux_batch.run.folder.prepare import create_private
from flux_batch.spec.reading.source import Source
from flux_batch.spec.records import Spec

INPUTS: Final = "inputs"
LIST: Final = "inputs.json"
DIGITS: Final = 12
"""Hexadecimal digits of a hash that stand in a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a plan was made from: the spec's text, what was put over it, and the hashes of files by their path."""

    source: Source
    settings: tuple[str, ...]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """One file: where it lay, from the spec's folder, and where its content is kept."""

    path: str
    sha256: str
    content: Path


def keep_inputs(plan: Plan, spec: Spec, folder: Path) -> None:
    """Copy all that a plan was made from into ``folder/inputs``; raises LocalFailure when the disk does not take it."""
    keep(Ingredients(source=spec.source, settings=spec.settings, files=files_of(plan)), folder)


def files_of(plan: Plan) -> dict[str, str]:
    """The hash of every file beside the spec, once for a content, by its path."""
    return {file.path: file.sha256 for file in plan.inputs} | {file.path: file.sha256 for file in plan.references}


def keep(made_from: Ingredients, folder: Path) -> None:
    """Copy into ``folder/inputs`` what is not there yet; the names begin with the content's hash.

    Raises LocalFailure when the disk does not take it. A file that went away or changed meanwhile is left to its user.
    """
    inputs = folder / INPUTS
    try:
        inputs.mkdir(parents=True, exist_ok=True)
        _keep_together(inputs, made_from, [_keep_spec(inputs, made_from.source), *_keep_files(inputs, made_from)])
    except OSError as error:
        raise LocalFailure(f"{inputs}: {error.strerror}; the run folder must be writable") from None


def _keep_spec(inputs: Path, source: Source) -> _Kept:
    name, sha256 = source.path.name, source.sha256
    content = inputs / f"{sha256[:DIGITS]}-{name}"
    if not content.exists():
        part = _part(content)
        part.write_text(source.text, encoding="utf-8", newline="")
        part.replace(content)
    return _Kept(path=name, sha256=sha256, content=content)


def _keep_files(inputs: Path, made_from: Ingredients) -> list[_Kept]:
    home, kept = made_from.source.path.parent, []
    for path, sha256 in sorted(made_from.files.items()):
        content = inputs / f"{sha256[:DIGITS]}-{PurePosixPath(path).name}"
        if content.exists() or _copy(home / path, content, sha256):
            kept.append(_Kept(path=path, sha256=sha256, content=content))
    return kept


def _copy(source: Path, content: Path, sha256: str) -> bool:
    """Whether the file was there, with the bytes that the plan is about."""
    if not source.is_file():
        return False
    part = _part(content)
    shutil.copyfile(source, part)
    if not _has(part, sha256):
        part.unlink()
        return False
    part.replace(content)
    return True


def _has(path: Path, sha256: str) -> bool:
    """Whether these are the bytes; a house style was hashed as text, which has no byte order mark."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() == sha256:
            return True
        file.seek(0)
        marked = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
        return marked and hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _part(path: Path) -> Path:
    """Nothing left of an earlier try, and for its owner's eyes only: a prompt may be a secret."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    create_private(part)
    return part


def _keep_together(inputs: Path, made_from: Ingredients, kept: list[_Kept]) -> None:
    """The files at the paths they had, as links to their contents; a folder that is there is whole."""
    facts = {"spec": _below(kept)[kept[0].path], "settings": list(made_from.settings), "files": _listed(kept)}
    text = json.dumps(facts, ensure_ascii=False, indent=1) + "\n"
    whole = inputs / hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    if whole.exists():
        return
    part = whole.with_name(whole.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for file in kept:
        place = part / _below(kept)[file.path]
        place.parent.mkdir(parents=True, exist_ok=True)
        _link(file.content, place)
    create_private(part / LIST)
    (part / LIST).write_text(text, encoding="utf-8")
    part.replace(whole)


def _listed(kept: list[_Kept]) -> list[dict[str, str]]:
    return [{"path": file.path, "sha256": file.sha256} for file in kept]


def _below(kept: list[_Kept]) -> Mapping[str, str]:
    """Each path as it lies in the folder of the whole: a house style above the spec puts the spec further down."""
    up = max(PurePosixPath(file.path).parts.count("..") for file in kept)
    return {file.path: os.path.normpath(PurePosixPath(*["spec"] * up, file.path)) for file in kept}


def _link(content: Path, place: Path) -> None:
    """The same bytes once on the disk, where it has such links."""
    try:
        os.link(content, place)
    except OSError:
        create_private(place)
        shutil.copyfile(content, place)
