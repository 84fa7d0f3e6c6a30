"""The fault file and the matcher: pure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flux_batch.errors import UsageError
from flux_batch.simulator import BadFault, Fault, FaultPlan, fault, load_faults, parse_faults
from flux_batch.simulator.fault_file import to_json
from flux_batch.simulator.faults import KINDS, Event, FaultBook, draw


def met(book: FaultBook, count: int, **fields: Any) -> str:
    """A letter for each of so many submits: x where a fault happened."""
    event = Event(**({"place": "submit", "subject": "s"} | fields))
    return "".join("x" if book.meet(event) else "." for _ in range(count))


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (fault("cut"), "xxxxxxxxxx"),
        (fault("cut", first=3), "xxx......."),
        (fault("cut", after=2, first=3), "..xxx....."),
        (fault("cut", every=4), "...x...x.."),
        (fault("cut", after=1, every=3), "...x..x..x"),
        (fault("cut", every=2, times=2), ".x.x......"),
        (fault("cut", probability=0), ".........."),
    ],
)
def test_when_a_rule_fires(rule: Fault, expected: str) -> None:
    """The first n, every k-th, after so many, at most so often."""
    assert met(FaultBook((rule,)), 10) == expected


def test_chance_is_seeded() -> None:
    """The same seed gives the same faults; another one others; the share is about right."""
    runs = [met(FaultBook((fault("cut", probability=0.3),), seed), 400) for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert 90 < runs[0].count("x") < 150
    assert 0 <= draw(1, 2, "a", 3) < 1


def test_a_rule_speaks_only_of_what_it_names() -> None:
    """By prompt, model and business id."""
    book = FaultBook((fault("cut", prompt="Teapot", model="flux-kontext-max"), fault("policy", business_id="b7")))
    assert met(book, 1, prompt="a white TEAPOT", model="flux-kontext-max") == "x"
    assert met(book, 1, prompt="a white teapot", model="flux-kontext-pro") == "."
    assert met(book, 1, business_id="b7") == "x"
    assert met(book, 1, place="status", business_id="b7") == "."


def test_rules_can_count_for_each_task() -> None:
    """The first POST of every body, whatever comes between."""
    book = FaultBook((fault("cut", first=1, per="task"),))
    events = [Event(place="submit", subject=name) for name in "abab"]
    assert [bool(book.meet(event)) for event in events] == [True, True, False, False]


def test_wire_faults_queue_up_and_fates_add_up() -> None:
    """Three throttles, then two cuts; a fate happens beside each of them."""
    book = FaultBook((fault("throttle", first=3), fault("hide"), fault("cut", first=2)))
    seen = [[rule.kind for rule in book.meet(Event(place="submit"))] for _ in range(6)]
    assert seen == [["hide", "throttle"]] * 3 + [["hide", "cut"]] * 2 + [["hide"]]
    assert book.fired() == [3, 6, 2]


def test_every_kind_can_be_written_and_read_back() -> None:
    """With its defaults, at each of its places."""
    for name, kind in KINDS.items():
        for place in kind.places:
            rule = fault(name, where=place)
            assert parse_faults(json.dumps([to_json(rule)])) == FaultPlan(faults=(rule,))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "line 1, column 2: not JSON"),
        ("7", 'expected {"faults": [...]}'),
        ('{"fault": []}', 'expected {"faults": [...]}'),
        ('{"faults": [], "sed": 1}', "'sed' is not one of faults, seed; did you mean seed?"),
        ('{"faults": [], "seed": -1}', "seed: -1 is not a whole number"),
        ("[7]", "faults[0]: expected an object"),
        ("[{}]", "faults[0].kind is missing; one of throttle"),
        ('[{"kind": "cutt"}]', "faults[0].kind: 'cutt' is not one of throttle"),
        ('[{"kind": "cutt"}]', "did you mean cut?"),
        ('[{"kind": []}]', "faults[0].kind: [] is not one of"),
        ('[{"kind": "cut"}, {"kind": "drip", "where": "submit"}]', "faults[1].where: 'submit' is not one of file"),
        ('[{"kind": "cut", "secs": 1}]', "faults[0]: 'secs' is not one of first, after"),
        ('[{"kind": "cut", "first": "3"}]', "faults[0].first: '3' is not a whole number from 0"),
        ('[{"kind": "cut", "first": true}]', "faults[0].first: True is not a whole number"),
        ('[{"kind": "cut", "probability": 2}]', "faults[0].probability: 2 is not a number from 0 to 1"),
        ('[{"kind": "cut", "model": "flux"}]', "faults[0].model: 'flux' is not flux-kontext-pro or flux-kontext-max"),
        ('[{"kind": "error", "status": 99}]', "faults[0].status: 99 is not a whole number from 200 to 599"),
        ('[{"kind": "redirect", "location": "a\\r\\nX: y"}]', "faults[0].location"),
    ],
)
def test_a_bad_file_is_explained(text: str, says: str) -> None:
    """The field is named, and what is allowed."""
    with pytest.raises(BadFault) as caught:
        parse_faults(text)
    assert says in str(caught.value)


def test_a_fault_file_is_read(tmp_path: Path) -> None:
    """From disk, with a seed; and an error begins with the path."""
    path = tmp_path / "faults.json"
    path.write_text('{"seed": 7, "faults": [{"kind": "error", "status": 502, "billed": true}]}')
    assert load_faults(path) == FaultPlan(faults=(fault("error", status=502, billed=True),), seed=7)
    path.write_text("[{}]")
    with pytest.raises(UsageError, match=r"faults\.json: faults\[0\]"):
        load_faults(path)
    with pytest.raises(UsageError, match="cannot be read"):
        load_faults(tmp_path / "none.json")
