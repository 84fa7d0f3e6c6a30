"""What a run was made from, kept beside it: the spec's text and the reference images, each once for each content."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from flux_batch.errors import LocalFailure
from flux_batch.plan.records import Plan
from flux_batch.run.folder import create_private
from flux_batch.spec.records import Spec

INPUTS: Final = "inputs"


def keep_inputs(plan: Plan, spec: Spec, folder: Path) -> None:
    """Copy into ``folder/inputs`` what is not there yet; the names begin with the content's hash.

    Raises LocalFailure when the disk does not take it. A reference that went away is left to its user.
    """
    inputs = folder / INPUTS
    try:
        inputs.mkdir(parents=True, exist_ok=True)
        _write(inputs / f"{plan.spec_sha256[:12]}-{spec.source.path.name}", spec.source.text)
        for reference in plan.references:
            _copy(spec.folder / reference.path, inputs / f"{reference.sha256[:12]}-{Path(reference.path).name}")
    except OSError as error:
        raise LocalFailure(f"{inputs}: {error.strerror}; the run folder must be writable") from None


def _write(path: Path, text: str) -> None:
    if not path.exists():
        part = path.with_name(path.name + ".part")
        _begin(part)
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(path)


def _copy(source: Path, path: Path) -> None:
    if not path.exists() and source.is_file():
        part = path.with_name(path.name + ".part")
        _begin(part)
        shutil.copyfile(source, part)
        part.replace(path)


def _begin(part: Path) -> None:
    """Nothing left of an earlier try, and for its owner's eyes only: a prompt may be a secret."""
    part.unlink(missing_ok=True)
    create_private(part)
