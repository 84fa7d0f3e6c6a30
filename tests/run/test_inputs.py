"""The spec and the references of a run are kept beside it."""

from __future__ import annotations

import codecs
import hashlib
import json
from pathlib import Path

from PIL import Image

from flux_batch.plan.make import make_plan
from flux_batch.run.folder.inputs import keep_inputs
from flux_batch.run.folder.kept import kept_wholes
from flux_batch.spec.load import load_spec

from .kit import MATRIX, Bench, plain_spec, plan_of


def names(bench: Bench) -> dict[str, bytes]:
    """What is kept, each content once."""
    return {path.name: path.read_bytes() for path in (bench.folder / "inputs").iterdir() if path.is_file()}


def wholes(folder: Path) -> list[Path]:
    """What a run can be repeated from."""
    return [path for path in (folder / "inputs").iterdir() if path.is_dir()]


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
    assert len([path for path in (tmp_path / "inputs").iterdir() if path.is_file()]) == 1


STYLED = """\
version: 1
name: styled
extends: ../house.yaml
prompt: "{{ product.name }}, {{ light }}"
variables: {product: {from: data/products.csv}}
reference: logo.png
profiles: {wide: {ratios: ["16:9"]}}
"""


def styled(home: Path) -> Path:
    """A spec with a table, a reference and a house style above it."""
    folder = home / "campaigns"
    (folder / "data").mkdir(parents=True)
    (home / "house.yaml").write_text("version: 1\nvariables: {light: soft light}\n")
    (folder / "data" / "products.csv").write_text("name,sku\nmug,M-01\npot,P-02\n")
    Image.new("RGB", (64, 64), "orange").save(folder / "logo.png")
    (folder / "spec.yaml").write_text(STYLED)
    return folder / "spec.yaml"


def test_a_run_can_be_repeated_when_everything_has_changed(tmp_path: Path) -> None:
    """The kept spec makes the same requests, whatever became of the originals."""
    spec = load_spec(styled(tmp_path), ["profile=wide"])
    plan = make_plan(spec)
    keep_inputs(plan, spec, tmp_path / "run")
    for path in ("house.yaml", "campaigns/data/products.csv", "campaigns/logo.png", "campaigns/spec.yaml"):
        (tmp_path / path).unlink()
    (whole,) = wholes(tmp_path / "run")
    facts = json.loads((whole / "inputs.json").read_text())
    again = make_plan(load_spec(whole / facts["spec"], facts["settings"]))
    assert [task.key for task in again.tasks] == [task.key for task in plan.tasks]
    assert {file["path"] for file in facts["files"]} == {"spec.yaml", "../house.yaml", "data/products.csv", "logo.png"}


def test_the_same_inputs_are_kept_once_and_a_changed_table_again(tmp_path: Path) -> None:
    """A second run adds nothing; an edit adds a whole, of which only the new content takes room."""
    path = styled(tmp_path)
    for _ in range(2):
        keep_inputs(make_plan(load_spec(path)), load_spec(path), tmp_path / "run")
    assert len(wholes(tmp_path / "run")) == 1
    (path.parent / "data" / "products.csv").write_text("name,sku\ncup,C-03\n")
    keep_inputs(make_plan(load_spec(path)), load_spec(path), tmp_path / "run")
    assert len(wholes(tmp_path / "run")) == 2
    logos = {file.stat().st_ino for file in (tmp_path / "run").rglob("*logo.png")}
    assert len(logos) == 1


def test_a_table_that_changed_after_the_plan_is_not_kept_as_what_it_was(tmp_path: Path) -> None:
    """What is kept is what was bought from, or nothing."""
    path = styled(tmp_path)
    spec = load_spec(path)
    plan = make_plan(spec)
    (path.parent / "data" / "products.csv").write_text("name,sku\ncup,C-03\n")
    keep_inputs(plan, spec, tmp_path / "run")
    assert not list((tmp_path / "run").rglob("*products.csv*"))


def test_a_house_style_with_a_byte_order_mark_is_kept(tmp_path: Path) -> None:
    """As Notepad saves it; its hash is of the text."""
    path = styled(tmp_path)
    style = tmp_path / "house.yaml"
    style.write_bytes(codecs.BOM_UTF8 + style.read_bytes())
    spec = load_spec(path)
    keep_inputs(make_plan(spec), spec, tmp_path / "run")
    style.unlink()
    (whole,) = kept_wholes(tmp_path / "run")
    assert whole.load().variables == spec.variables


def test_a_kill_while_they_are_put_together_leaves_nothing_half(tmp_path: Path) -> None:
    """What is left of it is cleared away by the next run."""
    path = styled(tmp_path)
    spec, plan = load_spec(path), make_plan(load_spec(path))
    keep_inputs(plan, spec, tmp_path / "run")
    (whole,) = wholes(tmp_path / "run")
    whole.rename(whole.with_name(whole.name + ".part"))
    (whole.with_name(whole.name + ".part") / "junk").write_text("x")
    keep_inputs(plan, spec, tmp_path / "run")
    assert wholes(tmp_path / "run") == [whole]
    assert not (whole / "junk").exists()
