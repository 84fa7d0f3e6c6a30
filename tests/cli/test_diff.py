"""``diff``: runs and saved plans side by side."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .kit import Desk, furnish

SPEC = 'version: 1\nprompt: "{{ p }} on {{ s }}"\nvariables: {p: [PRODUCTS], s: [linen, oak]}\nratios: ["1:1"]\n'


def write(desk: Desk, name: str, products: str) -> None:
    """A spec with these products."""
    desk.write(name, SPEC.replace("PRODUCTS", products))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of six images, and a plan of eight: one value edited, one added."""
    desk = Desk(furnish(tmp_path_factory.mktemp("both")))
    write(desk, "a.yaml", "mug, pot, tray")
    write(desk, "b.yaml", "cup, pot, tray, jug")
    assert desk("rehearse", "a.yaml").code == 0
    assert desk("plan", "b.yaml", "-o", "plan.json").code == 0
    return desk.home


@pytest.fixture
def both(finished: Path, tmp_path: Path) -> Desk:
    """A copy of them."""
    return Desk(shutil.copytree(finished, tmp_path / "both"))


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Everything below a folder, with size and time."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_a_run_and_a_plan(both: Desk) -> None:
    """What is the same, what changed and how, what only one has, and the money; nothing is written."""
    before = files(both.home)
    result = both("diff", "a-rehearsal", "plan.json")
    assert result.code == 0
    assert result.out.splitlines()[:3] == [
        "A  runs/a-rehearsal: rehearsal, 6 images, 6 stored",
        "B  plan.json: saved plan, 8 images",
        "   = 4 same   ~ 2 changed   - 0 only in A   + 2 only in B",
    ]
    assert "Price of the images   A $0.24   B $0.32   +$0.08" in result.out
    assert "p: 3 → 4 values   - mug   + cup, jug" in result.out
    assert "~ 2  prompt changed: “mug” → “cup”" in result.out
    assert "+ main/jug-oak-pro-1x1-1" in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert files(both.home) == before


def test_the_same_for_scripts(both: Desk) -> None:
    """One object, uncut; by a spec as well as by a name or a folder."""
    found = both("diff", "a.yaml", "plan.json", "--json").json
    assert (found["same"], found["changed"], found["only_a"], found["only_b"]) == (4, 2, 0, 2)
    assert found["cost_difference"] == "0.08"
    assert {each["what"][0] for each in found["images"]["changed"]} == {"prompt"}
    assert found["a"] == {
        "kind": "rehearsal", "name": "a", "where": "runs/a-rehearsal", "images": 6, "stored": 6, "cost": "0.24",
        "spent": "0.24",
    }  # fmt: skip
    assert found["b"]["spent"] is None
    assert {"axis": "p", "a": ["mug", "pot", "tray"], "b": ["cup", "pot", "tray", "jug"]} in found["axes"]
    assert both("diff", "runs/a-rehearsal", "plan.json", "--json").json == {
        **found,
        "a": {**found["a"], "where": "runs/a-rehearsal"},
    }


def test_equal_sides(both: Desk) -> None:
    """Exit 0 as well, and no lists."""
    result = both("diff", "plan.json", "plan.json")
    assert result.code == 0
    assert "= 8 same   ~ 0 changed   - 0 only in A   + 0 only in B" in result.out
    assert "the same" in result.out
    assert "Changed" not in result.out


def test_long_lists_are_cut(desk: Desk) -> None:
    """And say where the rest is."""
    write(desk, "a.yaml", "mug")
    write(desk, "b.yaml", ", ".join(["mug", *(f"value{number}" for number in range(40))]))
    for name in ("a", "b"):
        assert desk("plan", f"{name}.yaml", "-o", f"{name}.json").code == 0
    result = desk("diff", "a.json", "b.json")
    assert "     and 72 more images (see --json)" in result.out
    assert "value7 and 32 more" in result.out
    assert len(result.out.splitlines()) < 30
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert len(desk("diff", "a.json", "b.json", "--json").json["images"]["only_b"]) == 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "plan.json"], "nowhere: no such run"),
        (["plan.json"], "Missing argument"),
        (["specs/quickstart.yaml", "plan.json"], "has not been run here"),
        (["broken.json", "plan.json"], "damaged"),
    ],
)
def test_what_is_neither_run_nor_plan(both: Desk, arguments: list[str], said: str) -> None:
    """Exit 2, and what to give instead."""
    both.write(
        "broken.json",
        '{"kind": "flux-batch plan", "format": 1, "name": "x", "spec": "a.yaml", "out": null, "settings": [],'
        ' "selection": {}, "promised": 7}',
    )
    result = both("diff", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
