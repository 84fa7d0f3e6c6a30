"""JSON and JSON lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.spec.tables.conftest import Read, Refused, values


def test_records_keep_their_types(read: Read) -> None:
    """Numbers as they were written; null and empty texts are absent."""
    text = """[{"SKU": "M-1", "price": 4.50, "n": 3, "big": 1e3, "new": true, "none": null, "empty": " "},
    {"n": 4, "tags": ["a", "b"], "size": {"Width (cm)": 3, "x": null}}]"""
    table = read("data/p.json", text)
    assert table.columns == ("sku", "price", "n", "big", "new", "tags", "size")
    first, second = values(table)
    assert first == {"sku": "M-1", "price": Decimal("4.50"), "n": 3, "big": Decimal(1000), "new": True}
    assert (str(first["price"]), str(first["big"])) == ("4.50", "1000")
    assert second == {"n": 4, "tags": ("a", "b"), "size": {"width_cm": 3}}
    assert table.rows[1].cells["size"].place == "data/p.json, item 2, size"


def test_cells_stand_in_the_order_of_the_columns(read: Read) -> None:
    """Whatever the order in an object."""
    table = read("p.json", '[{"a": 1, "b": 2}, {"b": 3, "c": 5, "a": 4}]')
    assert list(table.rows[1].cells) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    ['{"version": 1, "tags": ["x"], "picks": [{"a": 1}]}', '\ufeff[{"a": 1}]', '{"a": {"a": 1}}'],
)
def test_other_shapes_of_a_table(read: Read, text: str) -> None:
    """A list in an object, as a picks file has it, or labels."""
    assert values(read("p.json", text))[0]["a"] == 1


def test_json_lines(read: Read, refused: Refused) -> None:
    """One object a line."""
    for suffix in ("jsonl", "ndjson"):
        table = read(f"p.{suffix}", '{"a": 1}\r\n\n{"a": "\u2028x"}\n'.replace("\u2028", ""))
        assert values(table) == [{"a": 1}, {"a": "x"}]
        assert table.rows[1].cells["a"].place == f"p.{suffix}, line 3, a"
    assert refused("p.jsonl", '{"a": 1}\n{"a": \n[1]\n') == [
        "p.jsonl:2:7 | this is not JSON: Expecting value",
    ]
    assert "p.jsonl, line 2 | this is not a record" in refused("p.jsonl", '{"a": 1}\n[1]\n')[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"a": 1,]', "p.json:1:10 | this is not JSON: "),
        ('[\n{"a" 1}]', "p.json:2:6 | this is not JSON: Expecting ':' delimiter"),
        ('{"a": 1}\n{"a": 2}', "p.json:2:1 | this is not JSON: Extra data | several objects, one a line, are a .jsonl"),
        ('[{"a": 1, "a": 2}]', 'p.json, item 1, a | the key "a" is written twice'),
        ('[{"a": 1, "A": 2}]', "p.json, item 1, A | two fields are named `a`"),
        ('[{"a": NaN}]', "p.json, item 1, a | NaN is not a number that can be used"),
        ('[{"a": -Infinity}]', "p.json, item 1, a | -Infinity is not a number"),
        ('[{"a": 12345678901234567890}]', 'p.json, item 1, a | "12345678901234567890" is too long for a number'),
        (f'[{{"a": 1{"0" * 5000}}}]', "p.json, item 1, a | "),
        ('[{"a": 1e999999999}]', 'p.json, item 1, a | "1e999999999" is too long'),
        ('[{"a": [1, null]}]', "p.json, item 1, a[2] | null stands in a list"),
        ('[{"a": {"b": "\\u001b"}}]', "p.json, item 1, a.b | this cell has the character U+001B"),
        ('[{"a": "\\ud800"}]', "p.json, item 1, a | this cell has the character U+D800"),
        ('[{"": 1}]', 'p.json, item 1 | "" cannot name a field'),
        ('[{"ratio": 969}]', 'p.json, item 1, ratio | 969 is not a ratio: did you mean "16:9"?'),
        ('["red", "green"]', "p.json, item 1 | this is not a record with names and values | a table is a list"),
        ('{"a": [{"b": 1}], "c": [{"b": 1}]}', "p.json | `a` and `c` are both lists of records"),
        ('"text"', "p.json | there is no list of records in this file"),
        ("[]", "p.json | the table has no rows"),
        ("", "p.json:1:1 | this is not JSON: Expecting value"),
        ('[{"a": ' + "[" * 9 + "]" * 9 + "}]", "p.json, item 1, a[1][1][1][1][1][1][1][1] | nested more than 8"),
    ],
)
def test_bad_json_is_refused(refused: Refused, text: str, said: str) -> None:
    """What Python's own reader lets pass as well."""
    fault = refused("p.json", text)[0]
    if said.startswith('p.json, item 1 | ""'):
        assert "cannot name a field" in fault
    else:
        assert fault.startswith(said)


def test_all_faults_at_once(refused: Refused) -> None:
    """Each with its place."""
    assert len(refused("p.json", '[{"a": NaN, "b": "\\u0000"}, 3, {"a": NaN}]')) == 4


def test_deep_json_is_no_crash(refused: Refused) -> None:
    """A million brackets."""
    assert "nested more than 8 levels" in refused("p.json", "[" * 1_000_000)[0]
    assert "nested more than 8 levels" in refused("p.jsonl", '{"a":' * 1_000_000)[0]


def test_not_utf8(refused: Refused) -> None:
    """JSON has one encoding."""
    assert refused("p.json", b'[\n{"a": "\xe4"}]')[0].startswith("p.json:2 | this is not UTF-8 text: the byte 0xE4")
