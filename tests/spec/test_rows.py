"""Rows of a table as values: what names them, and what keeps them from having a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.building.fields import Record
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Variable


def variable(folder: Path, table: str, label: str = "", suffix: str = "csv") -> Variable:
    """The variable of a table."""
    (folder / f"t.{suffix}").write_text(table, encoding="utf-8")
    named = f", label: '{label}'" if label else ""
    text = f"version: 1\nprompt: A mug\nvariables: {{p: {{from: t.{suffix}{named}}}}}\n"
    return parse_spec(folder / "spec.yaml", text).variables[0]


def problem(folder: Path, table: str, label: str = "") -> Problem:
    """The one problem of it."""
    with pytest.raises(InvalidSpec) as caught:
        variable(folder, table, label)
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("table", "label", "names"),
    [
        ("sku,name\nM,mug\nP,pot\n", "", ["mug", "pot"]),
        ("sku,title\nM,mug\nP,pot\n", "", ["mug", "pot"]),
        ("shape,id\nround,1\nround,2\n", "", ["1", "2"]),
        ("shape,colour\nround,red\nround,blue\n", "", ["red", "blue"]),
        ("sku,name\nM,mug\nP,pot\n", "sku", ["M", "P"]),
        ("sku,name\nM,mug\nP,pot\n", "{{ sku }}", ["M", "P"]),
        ("sku,name\nM,mug\nP,pot\n", "{{ sku }}: {{name}}", ["M: mug", "P: pot"]),
        ("Unit price,Name\n3,mug\n4,pot\n", "unit_price", ["3", "4"]),
        ("sku,name\nM,  a   mug \nP,pot\n", "", ["a mug", "pot"]),
        ("sku,name\nM,\nP,pot\n", "", ["M", "pot"]),
    ],
)
def test_rows_are_named(table: str, label: str, names: list[str], tmp_path: Path) -> None:
    """By a column, by a text of columns, or by what is made for it."""
    found = variable(tmp_path, table, label)
    assert [value.label for value in found.values] == names
    assert [value.place for value in found.values] == ["t.csv:2", "t.csv:3"]


def test_every_column_is_a_field(tmp_path: Path) -> None:
    """An empty cell is none of that row."""
    found = variable(tmp_path, 'Name,Unit price,sku\nmug,"3,50",M\npot,,P\n')
    assert found.columns == ("name", "unit_price", "sku")
    rows = [value.value for value in found.values]
    assert all(isinstance(row, Record) for row in rows)
    assert [dict(row.fields) for row in rows if isinstance(row, Record)] == [
        {"name": "mug", "unit_price": "3,50", "sku": "M"},
        {"name": "pot", "sku": "P"},
    ]


def test_a_table_of_one_column_is_a_list_of_texts(tmp_path: Path) -> None:
    """`{{ p }}` is what stands in it."""
    assert [str(value.value) for value in variable(tmp_path, "name\nmug\npot\n").values] == ["mug", "pot"]


@pytest.mark.parametrize(
    ("table", "label", "message", "hint"),
    [
        ("sku,name\n1,mug\n2,mug\n", "", '"mug" is already the name of t.csv:2', "label: sku"),
        ("sku,name\n1,mug\n2,mug\n3,mug\n", "", "t.csv:2, and 1 more like it", "label: sku"),
        ("a,b\n1,2\n1,2\n", "", '"1" is already', 'label: "{{ a }} {{ b }}"'),
        ("sku,name\n1,mug\n2,\n", "name", "t.csv:3: this row has no name", "fill in its `name`"),
        ("sku,name\n1,mug\n2,pot\n", "nme", "t.csv has no column `nme`", "did you mean `name`?"),
        ("sku,name\n1,mug\n2,pot\n", "{{ sku }} {{ nme }}", "t.csv has no column `nme`", "did you mean `name`?"),
        ("sku,name\n1,mug\n2,pot\n", "{{ name | upper }}", "`{{ name | upper }}` cannot name rows", "made of columns"),
        ("sku,name\n1,mug\n2,pot\n", "{% if sku %}", "has no column `{% if sku %}`", "known here: sku, name"),
    ],
)
def test_one_mistake_is_one_message(table: str, label: str, message: str, hint: str, tmp_path: Path) -> None:
    """With a column that would do."""
    found = problem(tmp_path, table, label)
    assert message in found.message
    assert hint in found.hint


@pytest.mark.parametrize("field", ["name", "tags"])
def test_groups_in_json_are_no_names_and_no_crash(field: str, tmp_path: Path) -> None:
    """A group, or a list of groups, is passed over."""
    rows = f'[{{"{field}": [{{"x": 1}}], "b": "q"}}, {{"{field}": {{"x": 1}}, "b": "r"}}]'
    assert [value.label for value in variable(tmp_path, rows, suffix="json").values] == ["q", "r"]
