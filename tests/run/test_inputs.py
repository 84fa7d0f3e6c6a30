"""The spec and the references of a run are kept beside it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from flux_batch.run.inputs import keep_inputs

from .kit import MATRIX, Bench, plain_spec, plan_of


def names(bench: Bench) -> dict[str, bytes]:
    """What is kept."""
    return {path.name: path.read_bytes() for path in (bench.folder / "inputs").iterdir()}


def test_spec_and_references_are_kept_by_content(bench: Bench) -> None:
    """Under names that begin with their hashes; an edit adds, and overwrites nothing."""
    Image.new("RGB", (64, 64), "orange").save(bench.home / "logo.png")
    text = MATRIX + "    reference: logo.png\n"
    bench.run(text)
    first = names(bench)
    assert {name.split("-", 1)[1] for name in first} == {"spec.yaml", "logo.png"}
    for name, data in first.items():
        assert hashlib.sha256(data).hexdigest().startswith(name.split("-")[0])
    bench.run(text.replace("blue", "teal"))
    assert first.items() <= names(bench).items()
    assert len(names(bench)) == 3


def test_a_reference_that_went_away_is_nobodys_crash(tmp_path: Path) -> None:
    """The run itself says what is missing."""
    spec = plain_spec()
    keep_inputs(plan_of(spec), spec, tmp_path)
    assert len(list((tmp_path / "inputs").iterdir())) == 1
