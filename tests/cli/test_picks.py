"""``picks``: several reviewers' files as one, and which values win."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from flux_batch.spec.schema.published import schema_text

from .kit import Desk, furnish
from .marking import RUN, mark, rehearsed


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished rehearsal, made once."""
    return rehearsed(furnish(tmp_path_factory.mktemp("picks")))


@pytest.fixture
def reviewed(home: Path) -> Desk:
    """Two reviewers who disagree on every third image."""
    desk = Desk(home)
    mark(desk, "ann.json", "Ann", lambda number: {"flag": "pick" if number % 3 else "reject", "rating": number % 6})
    mark(desk, "ben.json", "Ben \x1b[31m", lambda number: {"flag": ["pick", "reject", None][number % 3], "odd": 1})
    return desk


def test_merge(reviewed: Desk) -> None:
    """A table in 80 columns, the split ones first; notes on stderr; nothing of a name steers the terminal."""
    result = reviewed("picks", "merge", "ann.json", "ben.json", COLUMNS="80")
    assert result.code == 0
    assert "2 reviewers" in result.out
    assert "split 8 · one only 4" in " ".join(result.out.split()).replace("  ", " ")
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert "\x1b" not in result.out + result.err
    assert "`odd` (12 times)" in result.err


def test_merge_writes_a_picks_file(reviewed: Desk) -> None:
    """By the schema, the same bytes again, and never over another file."""
    result = reviewed("picks", "merge", "ann.json", "ben.json", "-o", "both.json", "--json")
    assert (result.code, result.json["agreement"]["split"], result.json["output"]) == (0, 8, "both.json")
    said = reviewed("picks", "merge", "ann.json", "ben.json", "-o", "both.json").out
    assert said.endswith(f"\nNext: flux-batch promote {RUN} --picks both.json -o finals.yaml\n")
    both = reviewed.home / "both.json"
    jsonschema.validate(json.loads(both.read_text("utf-8")), json.loads(schema_text("picks")))
    assert reviewed("picks", "merge", "ann.json", "ben.json", "-o", "both.json").code == 0
    before = (reviewed.home / "ann.json").read_bytes()
    over = reviewed("picks", "merge", "both.json", "-o", "ann.json")
    assert (over.code, (reviewed.home / "ann.json").read_bytes()) == (2, before)
    assert "is there already" in over.err


def test_show(reviewed: Desk) -> None:
    """Rates with intervals, the best value first, and how little a few images say."""
    result = reviewed("picks", "show", RUN, "--picks", "ann.json", COLUMNS="80")
    assert (result.code, result.err) == (0, "")
    assert "8 picked of 12 images that were picked or rejected" in result.out
    assert "fewer than 10 images" in result.out
    assert "ratio: 9:16 wins" not in result.out
    assert max(len(line) for line in result.out.splitlines()) <= 80
    found = reviewed("picks", "show", RUN, "--picks", "ann.json", "--json").json
    assert (found["basis"], found["picked"], found["of"]) == ("decided", 8, 12)
    (scene,) = (axis for axis in found["axes"] if axis["axis"] == "scene")
    assert {value["label"]: (value["picked"], value["seen"]) for value in scene["values"]} == {
        "linen": (4, 6),
        "marble": (4, 6),
    }


def test_without_a_reject_rates_are_of_all(reviewed: Desk) -> None:
    """Who only picks has seen the others too."""
    mark(reviewed, "cat.json", "Cat", lambda number: {"flag": "pick"}, only=range(3))
    found = reviewed("picks", "show", RUN, "--picks", "cat.json", "--json").json
    assert (found["basis"], found["picked"], found["of"]) == ("stored", 3, 12)


def test_picks_that_name_another_run(reviewed: Desk) -> None:
    """The content decides, and that is said."""
    path = mark(reviewed, "dan.json", "Dan", lambda number: {"flag": "pick"}, only=range(3))
    path.write_text(path.read_text("utf-8").replace('"run": "quickstart-rehearsal"', '"run": "../winter"'), "utf-8")
    result = reviewed("picks", "show", RUN, "--picks", "dan.json", "--json")
    assert (result.code, result.json["picked"]) == (0, 3)
    assert 'the picks name the run "../winter", this one is "quickstart-rehearsal"' in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["merge"], "Missing argument"),
        (["merge", "nowhere.json"], "there is no file nowhere.json"),
        (["merge", "broken.json"], "this is not JSON"),
        (["merge", "specs/quickstart.yaml"], "this is not a picks file; it is the picks-NAME.json from your downloads"),
        (["ann.json", "ben.json"], "Did you mean `flux-batch picks merge ann.json`?"),
        (["mix"], "There are `picks merge` and `picks show`."),
        (["show", RUN], f"which picks? Give the file that the contact sheet saved: --picks runs/{RUN}/picks-Ann.json"),
        (["show", "quickstart", "--picks", "ann.json"], "no such run; did you mean quickstart-rehearsal? Give"),
        (["show", "nothing", "--picks", "ann.json"], "no such run"),
    ],
)
def test_mistakes(arguments: list[str], said: str, reviewed: Desk) -> None:
    """Exit 2, and what to do."""
    reviewed.write("broken.json", "{")
    reviewed.write(f"runs/{RUN}/picks-Ann.json", "{}")
    result = reviewed("picks", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err
