"""`plan -o` writes the same bytes from the same files, with tables, globs, bases and profiles: everywhere."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flux_batch.plan.make import make_plan
from flux_batch.spec.load import load_spec

ROOT = Path(__file__).parents[2]

SPEC = """\
version: 1
name: all-of-it
extends: shared/house.yaml
prompt: >-
  {{ product.name | article }} {{ tone }} {{ scene }} {{ light }}
  {%- if product.price %} {{ product.price }}{% endif %}
variables:
  product: {from: data/products.TABLE, label: sku}
  scene: {linen: a linen cloth, marble: a marble counter}
  tone: [warm, cool]
pair: [[scene, tone]]
ratios: ["{{ product.ratio }}", "16:9"]
where: not product.price or product.price > 5
include:
  - {product: M-01, ratio: "21:9"}
jobs:
  scene: {}
  picture:
    prompt: Put {{ picture.name }} on linen
    variables: {picture: {from: assets/*.png}}
    reference: "{{ picture }}"
    ratios: [match_input_image]
  edit: {edit: scene, prompt: "Let it snow, {{ mood }}", variables: {mood: [soft, wild]}}
profiles:
  draft: {repeat: 1}
  final: {models: [flux-kontext-max], repeat: 2}
"""
HOUSE = "version: 1\nvariables: {light: soft light}\noptions: {response_format: png}\nlint: {from: shared/brand.yaml}\n"
ROWS = [
    {"sku": "M-01", "name": "sage mug", "price": "12,50", "ratio": "1:1"},
    {"sku": "T-02", "name": "olive Töpfchen", "price": "", "ratio": "4:3"},
    {"sku": "B-03", "name": "bowl", "price": "4", "ratio": "1:1"},
]


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    """The same rows in the way of each kind of table."""
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix == ".json":
        path.write_text(json.dumps([{key: cell for key, cell in row.items() if cell} for row in rows]))
    else:
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.worksheets[0]
        for row in ([*rows[0]], *([*row.values()] for row in rows)):
            sheet.append([cell or None for cell in row])
        book.save(path)


def write_all(folder: Path, table: str = "csv", spec: str = SPEC, rows: list[dict[str, str]] = ROWS) -> Path:
    """A spec with everything that it reads."""
    for name in ("shared", "data", "assets"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "shared/house.yaml").write_text(HOUSE)
    (folder / "shared/brand.yaml").write_text("banned: [cheap]\n")
    write_table(folder / f"data/products.{table}", rows)
    for name in ("zebra", "äpfel", "mug"):
        shutil.copy(ROOT / "specs/assets/mug.png", folder / f"assets/{name}.png")
    (folder / "spec.yaml").write_text(spec.replace("TABLE", table))
    return folder / "spec.yaml"


def planned(spec: str, cwd: Path, env: Mapping[str, str] | None = None, out: str = "plan.json") -> bytes:
    """What `plan -o` writes, in a process of its own."""
    command = [sys.executable, "-m", "flux_batch", "plan", spec, "-o", out, "--profile", "final", "--set", "repeat=1"]
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return (cwd / out).read_bytes()


@pytest.fixture(scope="module", params=["csv", "xlsx"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec with one kind of table."""
    return write_all(tmp_path_factory.mktemp("spec"), request.param).parent


@pytest.fixture(scope="module")
def usual(folder: Path) -> bytes:
    """The plan as it is made here and now."""
    return planned("spec.yaml", folder)


def test_the_environment_does_not_matter(folder: Path, usual: bytes) -> None:
    """Hash seed, locale, time zone, home."""
    env = {"PYTHONHASHSEED": "4242", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONUTF8": "1", "HOME": "/nowhere"}
    assert planned("spec.yaml", folder, env) == usual


def test_the_way_to_the_spec_does_not_matter(folder: Path, usual: bytes) -> None:
    """Another working folder: the plan lies beside the spec, and says where it is from there."""
    name = folder.name
    assert planned(f"{name}/spec.yaml", folder.parent, {"PYTHONHASHSEED": "0"}, f"{name}/plan.json") == usual


def test_the_place_of_the_folder_does_not_matter(folder: Path, usual: bytes, tmp_path: Path) -> None:
    """Nor in which order its files were written."""
    there = tmp_path / "wo änders"
    there.mkdir()
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_file():
            (there / path.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there / path.relative_to(folder))
    assert planned(str(there / "spec.yaml"), there) == usual
    assert str(folder).encode() not in usual


def keys(spec: Path) -> list[str]:
    """What a spec buys, in its order."""
    return [task.key for task in make_plan(load_spec(spec)).tasks]


@pytest.mark.parametrize("table", ["json", "xlsx"])
def test_another_kind_of_table_buys_nothing(table: str, tmp_path: Path) -> None:
    """The same rows are the same images."""
    assert keys(write_all(tmp_path / "a")) == keys(write_all(tmp_path / "b", table))


SAME: dict[str, Any] = {
    "rows in another order": {"rows": ROWS[::-1]},
    "a column that nobody reads": {"rows": [{"stock": str(n), **row} for n, row in enumerate(ROWS)]},
    "columns in another order": {"rows": [dict(reversed(row.items())) for row in ROWS]},
    "other labels": {"spec": SPEC.replace("label: sku", "label: name").replace("product: M-01", "product: sage mug")},
    "labels of a variable": {"spec": SPEC.replace("{linen: a", "{cloth: a")},
    "another job name": {"spec": SPEC.replace("  scene: {}", "  main: {}").replace("edit: scene", "edit: main")},
    "jobs in another order": {"spec": SPEC.replace("  scene: {}\n", "").replace("profiles:", "  scene: {}\nprofiles:")},
    "values in another order": {"spec": SPEC.replace("[soft, wild]", "[wild, soft]")},
    "ratios in another order": {"spec": SPEC.replace(', "16:9"]', "]").replace("ratios: [", 'ratios: ["16:9", ', 1)},
    "another name": {"spec": SPEC.replace("name: all-of-it", "name: other")},
    "comments": {"spec": "# a comment\n\n" + SPEC.replace("jobs:", "\n# another\njobs:")},
}  # fmt: skip


@pytest.mark.parametrize("change", SAME)
def test_what_changes_no_request_buys_nothing(change: str, tmp_path: Path) -> None:
    """Moving, renaming, adding what no prompt reads."""
    before, after = keys(write_all(tmp_path / "a")), keys(write_all(tmp_path / "b", **SAME[change]))
    assert set(after) == set(before)
    assert len(after) == len(before)


def test_one_changed_cell_buys_only_its_own_images(tmp_path: Path) -> None:
    """And what is made of them."""
    rows = [{**ROWS[0], "name": "blue mug"}, *ROWS[1:]]
    before, after = keys(write_all(tmp_path / "a")), keys(write_all(tmp_path / "b", rows=rows))
    plan = make_plan(load_spec(tmp_path / "b/spec.yaml"))
    new = [task for task in plan.tasks if task.key not in set(before)]
    assert new
    assert {task.axes["product"] for task in new} == {"M-01"}
    assert len(after) == len(before)
