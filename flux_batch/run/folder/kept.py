"""The whole sets of inputs that a run kept (see ``inputs``), read back: a spec with everything it read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flux_batch.errors import UsageError
from flux_batch.run.folder.inputs import DIGITS, INPUTS, LIST
from flux_batch.spec.load import load_spec
from flux_batch.spec.records import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One set, in ``folder``: its ``spec``, the ``settings`` over it, and every file's hash by its path from the spec.

    ``made`` is when a run first had it, in Unix seconds.
    """

    folder: Path
    spec: Path
    settings: tuple[str, ...]
    hashes: Mapping[str, str]
    made: float

    def load(self) -> Spec:
        """The spec as that run had it; UsageError where it cannot be read, or is not what was kept."""
        spec = load_spec(self.spec, self.settings)
        read = {self.spec.name: spec.source.sha256, **{file.path: file.sha256 for file in spec.inputs}}
        if changed := [path for path, sha256 in read.items() if self.hashes.get(path) != sha256]:
            raise UsageError(f"{self.folder}: {changed[0]} is not what was kept")
        return spec


def kept_wholes(folder: Path) -> list[Whole]:
    """The sets in a run folder, in no order; damaged ones are left out."""
    found = (_whole(path.parent) for path in (folder / INPUTS).glob(f"*/{LIST}"))
    return [whole for whole in found if whole is not None]


def _whole(folder: Path) -> Whole | None:
    try:
        data = (folder / LIST).read_bytes()
        if hashlib.sha256(data).hexdigest()[:DIGITS] != folder.name:
            return None
        facts = json.loads(data)
        return Whole(
            folder=folder,
            spec=folder / facts["spec"],
            settings=tuple(facts["settings"]),
            hashes={file["path"]: file["sha256"] for file in facts["files"]},
            made=(folder / LIST).stat().st_mtime,
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None
