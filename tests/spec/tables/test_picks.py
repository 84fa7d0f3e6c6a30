"""Picks files as data: the images that were picked, with all that a prompt or a condition may ask of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flux_batch.plan.make import make_plan
from flux_batch.report.picking.agreement import merge, merged_json
from flux_batch.spec.beside.picks import read_picks
from flux_batch.spec.load import parse_spec
from flux_batch.spec.tables import Table
from flux_batch.spec.tables.picks import COLUMNS, is_picks

Read = Callable[..., Table]
HASHES = {name: name * 64 for name in "abcdef"}


def pick(name: str, flag: str | None = "pick", **more: Any) -> dict[str, Any]:
    """One image as the sheet writes it."""
    return {"sha256": HASHES[name], "id": f"id-{name}", "key": f"key-{name}", "flag": flag, "rating": None, **more}


def document(*picks: Any, **changes: Any) -> str:
    """A whole file."""
    top = {"format": 1, "run": "spring", "reviewer": "Ann", "made": "2026-11-24T09:00:00Z"}
    return json.dumps({**top, "picks": list(picks), **changes})


FULL = document(
    pick("a", rating=5, note=" too  dark\n", axes={"product": "mug", "n": "1"}, prompt="A mug", model="m", size="1:1"),
    pick("b", "reject", axes={"product": "pot", "n": "1"}, prompt="A pot"),
    pick("c", None, rating=4, axes={"product": "tray", "n": "1"}, prompt="A tray"),
    pick("d", axes={"product": "vase", "n": "1"}, prompt="A vase"),
)


def rows(table: Table) -> list[dict[str, Any]]:
    """The plain values of a table."""
    return [{name: cell.value for name, cell in row.cells.items()} for row in table.rows]


def test_only_picked_images_are_rows(read: Read) -> None:
    """Each with what the sheet knew, named by what tells it apart; what nobody said is no field."""
    table = read("picks.json", FULL)
    first, second = rows(table)
    assert first == {
        "label": "mug",
        "prompt": "A mug",
        "model": "m",
        "size": "1:1",
        "rating": 5,
        "flag": "pick",
        "note": "too dark",
        "sha256": "a" * 64,
        "id": "id-a",
        "key": "key-a",
        "axes": {"product": "mug", "n": "1"},
    }
    assert (second["label"], "rating" in second) == ("vase", False)
    assert [row.place for row in table.rows] == ["picks.json, pick 1", "picks.json, pick 4"]
    assert table.columns == COLUMNS
    assert [file.path for file in table.files] == ["picks.json"]


@pytest.mark.parametrize(
    ("flag", "labels"), [("pick", ["mug", "vase"]), ("reject", ["b"]), ("any", ["mug", "pot", "tray", "vase"])]
)
def test_flag_chooses_others(flag: str, labels: list[str], folder: Path) -> None:
    """Rejected ones, or all; one alone has nothing that tells it apart but its id."""
    from flux_batch.spec.tables.read import read_table

    (folder / "picks.json").write_text(FULL)
    found = [row["label"] for row in rows(read_table(folder, "picks.json", flag=flag))]
    assert found == [f"id-{label}" if len(label) == 1 else label for label in labels]


def test_names_that_are_alike_are_numbered(read: Read) -> None:
    """Two reviewers' runs may hold the same axes twice."""
    alike = [pick(name, axes={"product": product}) for name, product in zip("abc", ("mug", "mug", "pot"), strict=True)]
    assert [row["label"] for row in rows(read("picks.json", document(*alike)))] == ["mug", "mug (2)", "pot"]


def test_a_merged_file_says_what_the_majority_said(folder: Path, read: Read) -> None:
    """And all notes."""
    for name, flags in (("ann", ("pick", "reject")), ("ben", ("pick", "reject")), ("cy", ("reject", "pick"))):
        picks = [pick(image, flag, note=f"{name} on {image}") for image, flag in zip("ab", flags, strict=True)]
        (folder / f"{name}.json").write_text(document(*picks, reviewer=name))
    merged = merge([read_picks(folder / f"{name}.json") for name in ("ann", "ben", "cy")])
    (row,) = rows(read("merged.json", json.dumps(merged_json(merged))))
    assert (row["sha256"], row["note"]) == ("a" * 64, "ann on a; ben on a; cy on a")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (document(), True),
        ('{"picks": [], "reviewer": "Ann"}', True),
        ('{"picks": [{"name": "mug"}]}', False),
        ('[{"picks": 1}]', False),
        ('{"format": 1, "rows": ["picks"]}', False),
        ('{"picks": ', False),
        ('"picks"' + "[" * 100_000, False),
    ],
)
def test_what_means_to_be_a_picks_file(text: str, meant: bool) -> None:
    """A table that has a list called picks stays a table."""
    assert is_picks(text.encode()) is meant


def test_a_spec_makes_finals_of_picks(tmp_path: Path) -> None:
    """Prompt and ratio of each picked draft, and a condition on its stars."""
    (tmp_path / "picks.json").write_text(FULL)
    text = """
version: 1
prompt: "{{ draft.prompt }}, in {{ draft.axes.product }} colours"
variables: {draft: {from: picks.json, flag: any}}
where: draft.rating >= 4
models: [flux-kontext-max]
"""
    plan = make_plan(parse_spec(tmp_path / "finals.yaml", text))
    assert [task.prompt for task in plan.tasks] == ["A mug, in mug colours", "A tray, in tray colours"]
