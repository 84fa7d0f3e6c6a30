"""What docs/guide.md says of pair, where, include, defaults, tables and chains, sentence by sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan
from flux_batch.spec.load import parse_spec

from .kit import axes_of, keys, plan_of, problems_of

PAIR = "version: 1\nvariables: {a: [a1, a2], b: [b1, b2], c: [c1, c2]}\npair: [[a, b]]\n"


def test_paired_variables_go_in_step_where_the_first_of_them_stands() -> None:
    """Whatever the prompt's order is."""
    plan = plan_of(PAIR + "prompt: '{{ c }} {{ b }} {{ a }}'\n")
    assert axes_of(plan, "a", "b", "c") == [
        ("a1", "b1", "c1"),
        ("a1", "b1", "c2"),
        ("a2", "b2", "c1"),
        ("a2", "b2", "c2"),
    ]


def test_a_job_that_uses_one_of_a_pair_multiplies_over_it() -> None:
    """The other one changes nothing."""
    assert axes_of(plan_of(PAIR + "prompt: '{{ b }}'\n"), "b") == [("b1",), ("b2",)]


def test_a_jobs_pair_replaces_the_one_at_the_top() -> None:
    """Both are then what the job says."""
    plan = plan_of(PAIR + "jobs: {x: {prompt: '{{ a }} {{ b }} {{ c }}', pair: [[b, c]]}}\n")
    assert axes_of(plan, "a", "b", "c") == [
        ("a1", "b1", "c1"),
        ("a1", "b2", "c2"),
        ("a2", "b1", "c1"),
        ("a2", "b2", "c2"),
    ]


def test_a_pair_at_the_top_may_name_a_variable_of_one_job() -> None:
    """The other jobs multiply over what they have of it."""
    plan = plan_of("""\
        version: 1
        variables: {a: [a1, a2]}
        pair: [[a, b]]
        jobs:
          x: {prompt: "{{ a }}"}
          y: {prompt: "{{ a }} {{ b }}", variables: {b: [b1, b2]}}
        """)
    assert [task.prompt for task in plan.tasks] == ["a1", "a2", "a1 b1", "a2 b2"]


@pytest.mark.parametrize(
    ("chain", "prompts"),
    [
        ("{x: {prompt: '{{ a }}'}, y: {edit: x, prompt: 'on {{ b }}'}}", ["a1", "a2", "on b1", "on b2"]),
        (
            "{x: {prompt: '{{ a }}'}, y: {edit: x, prompt: in rain}, z: {edit: y, prompt: 'on {{ b }}'}}",
            ["a1", "a2", "in rain", "in rain", "on b1", "on b2"],
        ),
        (
            "{x: {prompt: '{{ a }}'}, y: {edit: x, prompt: 'on {{ b }}', variables: {b: [p, q]}}}",
            ["a1", "a2", "on p", "on q"],
        ),
        (
            "{x: {prompt: '{{ a }}'}, y: {edit: x, prompt: '{{ b }}'}, z: {edit: x, prompt: '{{ b }} {{ c }}'}}",
            ["a1", "a2", "b1", "b2", "b1 c1", "b1 c2", "b2 c1", "b2 c2"],
        ),
    ],
    ids=["child", "grandchild", "own values", "branches"],
)
def test_an_edit_goes_in_step_with_the_image_it_starts_from(chain: str, prompts: list[str]) -> None:
    """However far above, on every branch."""
    assert [task.prompt for task in plan_of(PAIR + f"jobs: {chain}\n").tasks] == prompts


@pytest.mark.parametrize(
    ("rule", "added"),
    [
        ("{a: a1}", []),
        ("{a: a1, b: b2}", [("a1", "b2")]),
        ("{a: new}", [("new", "b1"), ("new", "b2")]),
        ("{a: new, b: new}", [("new", "new")]),
        ("{a: [a1, new], b: b1}", [("new", "b1")]),
        ("{a: [a1, new]}", [("new", "b1"), ("new", "b2")]),
        ("{a: [new, new]}", [("new", "b1"), ("new", "b2")]),
    ],
)
def test_include_with_paired_values(rule: str, added: list[tuple[str, ...]]) -> None:
    """A known value keeps its step, a new one has none; what is there already is not made twice."""
    plan = plan_of(PAIR + f"prompt: '{{{{ a }}}} {{{{ b }}}}'\ninclude: [{rule}]\n")
    assert axes_of(plan, "a", "b") == [("a1", "b1"), ("a2", "b2"), *added]
    assert len(keys(plan)) == len(plan.tasks)


def test_include_comes_last() -> None:
    """No `exclude` and no `where` takes away what it adds; the rest is multiplied as ever."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ a }} {{ b }}"
        variables: {a: [a1, a2], b: [b1, b2]}
        exclude: [{a: a1}]
        where: b == 'b2'
        include: [{a: a1}, {a: [a1, a9], model: flux-kontext-max, ratio: "1:1"}]
        """)
    assert axes_of(plan, "a", "b", "model", "ratio") == [
        ("a2", "b2", "flux-kontext-pro", "16:9"),
        ("a1", "b1", "flux-kontext-pro", "16:9"),
        ("a1", "b2", "flux-kontext-pro", "16:9"),
        *[(a, b, "flux-kontext-max", "1:1") for a in ("a1", "a9") for b in ("b1", "b2")],
    ]


EDIT = "version: 1\nvariables: {a: [a1, a2]}\njobs:\n  x: {prompt: 'A {{ a }}'}\n"


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("include: [{model: flux-kontext-max}]", [("a1", "flux-kontext-max"), ("a2", "flux-kontext-max")]),
        ("include: [{a: a2, model: flux-kontext-max}]", [("a2", "flux-kontext-max")]),
        ("include: [{a: a1}]", []),
    ],
)
def test_include_on_an_edit_is_about_the_images_it_starts_from(job: str, expected: list[tuple[str, ...]]) -> None:
    """All of them, or those that the rule names."""
    plan = plan_of(EDIT + f"  y: {{edit: x, prompt: snow, {job}}}\n")
    edits = [(task.axes["a"], task.model) for task in plan.tasks if task.job == "y"]
    assert edits == [("a1", "flux-kontext-pro"), ("a2", "flux-kontext-pro"), *expected]


def test_include_on_an_edit_adds_no_image_to_start_from() -> None:
    """It is said where the rule stands, rather than nothing being added."""
    (problem,) = problems_of(EDIT + "  y: {edit: x, prompt: snow, include: [{a: a3}]}\n")
    assert problem.message == "this rule adds nothing: no image of job `x` has these values"
    plan = plan_of(EDIT.replace("'}", "', include: [{a: a3}]}") + "  y: {edit: x, prompt: snow}\n")
    assert [task.axes["a"] for task in plan.tasks if task.job == "y"] == ["a1", "a2", "a3"]


SHARED = """\
version: 1
variables: {a: [a1, a2], b: [b1, b2]}
RULE
jobs:
  x: {prompt: "A {{ a }}"}
  y: {prompt: "B {{ b }}"}
  z: {edit: x, prompt: snow}
"""


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ("include: [{a: new}]", (3, 2, 3)),
        ("include: [{b: new}]", (2, 3, 2)),
        ("where: a == 'a1'", (1, 2, 1)),
        ("where: b == 'b1' and n == 1", (2, 1, 2)),
        ("where: job != 'z' or a == 'a2'", (2, 2, 1)),
    ],
)
def test_a_rule_at_the_top_is_about_the_jobs_that_have_its_axes(rule: str, counts: tuple[int, ...]) -> None:
    """Edits have those of the images they start from."""
    plan = plan_of(SHARED.replace("RULE", rule))
    assert tuple(sum(task.job == job for task in plan.tasks) for job in "xyz") == counts


@pytest.mark.parametrize("rule", ["include: [{a: new, b: new}]", "where: a == 'a1' and b == 'b1'"])
def test_a_rule_at_the_top_is_about_one_job_at_least(rule: str) -> None:
    """It would be without any effect."""
    (problem,) = problems_of(SHARED.replace("RULE", rule))
    assert (problem.line, problem.message) == (3, "no job has all of these axes")


def planned(folder: Path, text: str, **tables: str) -> Plan:
    """The plan of a spec with tables beside it: ``p_csv`` is p.csv."""
    for name, content in tables.items():
        (folder / name.replace("_", ".")).write_text(content, encoding="utf-8")
    return make_plan(parse_spec(folder / "spec.yaml", text))


PRICES = (
    'name,price,from\nmug,12.50,€ 3\npot,"12,50",4\nplate,€ 12.50,5\nbowl,"1,234",6\ntray,,7\nvase,9,8\ncup,cheap,9\n'
)
TABLE = "version: 1\nprompt: '{{ p.name }}'\nvariables: {p: {from: p.csv}}\n"


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("p.price > 10", "mug pot plate"),
        ("p.price == 12.5", "mug pot plate"),
        ("10 < p.price", "mug pot plate"),
        ("8 < p.price < 10", "vase"),
        ("p.price == '1,234'", "bowl"),
        ("p.price in [9, 12.50]", "mug pot plate vase"),
        ("not p.price", "tray"),
        ("p.price < 10 or p.price >= 10", "mug pot plate vase"),
        ("p.price > p.from", "mug pot plate vase cup"),  # two texts that are no two numbers: by letters
        ("p == 'mug'", "mug"),
        ("p in ['mug', 'cup']", "mug cup"),
        ("'u' in p.name", "mug cup"),
        ("p.name != 'mug' and p.price > 10", "pot plate"),
    ],
)
def test_where_on_the_cells_of_a_table(condition: str, names: str, tmp_path: Path) -> None:
    """As numbers where they write one; an empty cell is neither equal nor less nor more."""
    plan = planned(tmp_path, TABLE + f'where: "{condition}"\n', p_csv=PRICES)
    assert [task.prompt for task in plan.tasks] == names.split()


@pytest.mark.parametrize(
    ("values", "condition", "labels"),
    [
        ("{linen: rumpled linen, oak: an oak board}", "s == 'linen'", "linen"),
        ("{linen: rumpled linen, oak: an oak board}", "s == 'rumpled linen'", "linen"),
        ("{linen: rumpled linen, oak: an oak board}", "s not in ['linen']", "oak"),
        ("{small: 10, big: 20}", "s == 'small'", "small"),
        ("{small: 10, big: 20}", "s > 10", "big"),
        ("{shiny: true, matte: false}", "s == 'shiny'", "shiny"),
        ("{shiny: true, matte: false}", "s == true", "shiny"),
        ("['9', '10']", "s > 9", "10"),
        ("[9, 10]", "s == 9", "9"),
    ],
)
def test_where_on_labels_and_on_values(values: str, condition: str, labels: str) -> None:
    """Either names a value."""
    plan = plan_of(f"version: 1\nprompt: 'A {{{{ s }}}}'\nvariables: {{s: {values}}}\nwhere: \"{condition}\"\n")
    assert " ".join(task.axes["s"] for task in plan.tasks) == labels


def test_defaults_are_for_edits_too() -> None:
    """Which take nothing else of models, ratios and repeat from the top."""
    plan = plan_of("""\
        version: 1
        ratios: ["4:3"]
        repeat: 2
        defaults: {models: [flux-kontext-max]}
        jobs:
          x: {prompt: A}
          y: {edit: x, prompt: E}
          z: {prompt: Z, models: [flux-kontext-pro], repeat: 1}
        """)
    shown = [(task.job, task.model, task.size, task.n) for task in plan.tasks]
    maximum = "flux-kontext-max"
    assert shown == [
        ("x", maximum, "4:3", 1),
        ("x", maximum, "4:3", 2),
        ("y", maximum, "match_input_image", 1),
        ("y", maximum, "match_input_image", 1),
        ("z", "flux-kontext-pro", "4:3", 1),
    ]


def test_naming_with_fields_uses_them_as_parts_of_names() -> None:
    """Slashes and colons in a field make no folder."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ p.name }}"
        variables: {p: [{name: "sage/mug: 1", sku: M-01, size: {w: 9}}]}
        naming: "{{ p.sku }}/{{ p.name }}-{{ p.size.w }}-{{ ratio }}"
        """)
    assert [task.stem for task in plan.tasks] == ["M-01/sage-mug-1-9-16x9"]


def test_a_picture_for_each_row(tmp_path: Path) -> None:
    """Each is uploaded once."""
    picture = (Path(__file__).parents[2] / "specs/assets/mug.png").read_bytes()
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(picture + name.encode())
    text = TABLE + "reference: '{{ p.photo }}'\nrepeat: 2\n"
    plan = planned(tmp_path, text, p_csv="name,photo\nmug,a.png\npot,b.png\n")
    assert [task.reference.source for task in plan.tasks if task.reference] == ["a.png", "a.png", "b.png", "b.png"]
    assert {task.size for task in plan.tasks} == {"match_input_image"}
    assert len(plan.references) == 2


def test_a_budget_below_the_plan_is_a_note() -> None:
    """It is found by looking at the spec; the run refuses."""
    plan = plan_of("version: 1\nprompt: A {{ a }}\nvariables: {a: [1, 2]}\nbudget: {max: 0.05}\n")
    (note,) = plan.notes
    assert note.message == "all 2 images cost about $0.08, which is more than the budget, $0.05"
    assert note.line == 4
    (note,) = plan_of("version: 1\nprompt: A mug\nbudget: {max: 0.01}\n").notes
    assert note.message == "its one image costs about $0.04, which is more than the budget, $0.01"
    assert not plan_of("version: 1\nprompt: A {{ a }}\nvariables: {a: [1, 2]}\nbudget: {max: 0.08}\n").notes


def test_a_value_that_lint_bans_is_named_once() -> None:
    """However many images say it; each of several values is."""
    found = problems_of("""\
        version: 1
        prompt: "A {{ a }} on {{ b }}"
        variables: {a: [cheap mug, Cheap pot, cheapish bowl], b: [linen, oak]}
        lint: {banned: [cheap]}
        """)
    assert [each.message for each in found] == [
        '`a` of "cheap mug" says "cheap", which `lint` bans',
        '`a` of "Cheap pot" says "Cheap", which `lint` bans',
    ]


SHARED_RULE = """
    version: 1
    variables: {product: [mug]}
    include: [{ratio: "21:9"}]
    jobs:
      hero: {prompt: "a {{ product }}", ratios: ["1:1"]}
      winter: {edit: hero, prompt: make it winter}
"""


def test_a_ratio_to_add_at_the_top_is_about_images_made_from_nothing() -> None:
    """An edit follows its parents, the added one too; it is not multiplied by the rule again."""
    assert [(task.job, task.size) for task in plan_of(SHARED_RULE).tasks] == [
        ("hero", "1:1"), ("hero", "21:9"), ("winter", "match_input_image"), ("winter", "match_input_image"),
    ]  # fmt: skip


def test_an_edit_takes_no_default_picture_to_start_from() -> None:
    """It has one: its parent's."""
    plan = plan_of(
        """
        version: 1
        defaults: {reference: logo.png}
        jobs:
          hero: {prompt: a mug}
          winter: {edit: hero, prompt: make it winter}
    """,
        {"logo.png": "logo"},
    )
    assert [task.reference.kind for task in plan.tasks if task.reference] == ["file", "parent"]
