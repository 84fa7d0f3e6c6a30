"""YAML tables follow the rules of a spec."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.spec.tables.conftest import Read, Refused, values


@pytest.mark.parametrize("suffix", ["yaml", "yml", "YAML"])
def test_a_list_of_records(read: Read, suffix: str) -> None:
    """YAML 1.2: a ratio is text, and NO is Norway."""
    text = "- sku: M-1\n  ratio: 16:9\n  market: NO\n- {sku: M-2, price: 4.50, tags: [a, b]}\n"
    table = read(f"p.{suffix}", text)
    assert values(table) == [
        {"sku": "M-1", "ratio": "16:9", "market": "NO"},
        {"sku": "M-2", "price": Decimal("4.50"), "tags": ("a", "b")},
    ]
    assert table.columns == ("sku", "ratio", "market", "price", "tags")
    assert (table.rows[1].place, table.rows[1].cells["price"].place) == (f"p.{suffix}:4:3", f"p.{suffix}:4:14")


def test_keys_become_labels(read: Read, refused: Refused) -> None:
    """``label: row``."""
    table = read("p.yaml", "mug:\n  name: sage mug\npot:\n  name: white pot\n")
    assert table.columns == ("label", "name")
    assert values(table) == [{"label": "mug", "name": "sage mug"}, {"label": "pot", "name": "white pot"}]
    assert table.rows[1].cells["label"].place == "p.yaml:3:1"
    assert "has a `label` of its own" in refused("p.yaml", "mug: {Label: x}\n")[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a: 1\n  a: 2\n", 'p.yaml:2:3 | the key "a" is written twice'),
        ("- a: 012\n", "p.yaml:1:6 | unquoted, 012 is the number 12"),
        ("- a: 'x\n", "p.yaml:1:6 | the ' that opens here is never closed"),
        ("- a: x\x1b\n", "p.yaml:1:7 | U+001B"),
        ('- a: "\\u202e"\n', "p.yaml:1:3 | this cell has the character U+202E"),
        ("- red\n- green\n", "p.yaml:1:3 | this is not a record"),
        ("just text\n", "p.yaml:1:1 | there is no list of records"),
        ("", "p.yaml:1:1 | the file is empty"),
        ("# nothing\n", "p.yaml:1:1 | there is no list of records"),
        ("- a: " + "[" * 30 + "]" * 30 + "\n", "p.yaml:1:24 | nested more than 20 levels"),
        ("- a: " + "[" * 9 + "]" * 9 + "\n", "p.yaml:1:14 | nested more than 8 levels"),
    ],
)
def test_bad_yaml_is_refused(refused: Refused, text: str, said: str) -> None:
    """With line and column."""
    assert refused("p.yaml", text)[0].startswith(said)


def test_aliases_do_not_unfold_to_billions(refused: Refused) -> None:
    """A few hundred bytes can mean anything."""
    bomb = "- &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"- &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(9)
    )
    assert "unfold to more than 50,000 values" in refused("p.yaml", bomb)[0]


def test_large_yaml_is_refused(refused: Refused) -> None:
    """A scanner would be busy with it."""
    assert "at most 1,024 KiB | save it as .csv" in refused("p.yaml", "- {a: 1}\n" * 200_000)[0]
