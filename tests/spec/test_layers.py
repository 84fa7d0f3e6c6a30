"""`extends` and profiles: what is taken over, what replaces, and where a problem stands."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.load import load_spec
from flux_batch.spec.records import Budget, Spec

Load = Callable[..., Spec]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """A spec over files beside it: ``base`` is base.yaml, ``up_base`` is ../base.yaml."""

    def loaded(text: str, *settings: str, **files: str) -> Spec:
        folder = tmp_path / "specs"
        folder.mkdir(exist_ok=True)
        for name, content in files.items():
            place = tmp_path / f"{name[3:]}.yaml" if name.startswith("up_") else folder / f"{name}.yaml"
            place.write_text(content)
        (folder / "spec.yaml").write_text(text)
        return load_spec(folder / "spec.yaml", settings)

    return loaded


def problems(load: Load, text: str, *settings: str, **files: str) -> tuple[Problem, ...]:
    """What is wrong with it."""
    with pytest.raises(InvalidSpec) as caught:
        load(text, *settings, **files)
    return caught.value.problems


BASE = """\
version: 1
name: base
prompt: A {{ a }}
ratios: ["1:1", "4:3"]
variables:
  a: {one: first, two: second}
  b: [b1]
options: {response_format: png, safety_tolerance: 2}
exclude: [{a: one}]
budget: {max: 3, warn: 2}
"""
OVER = "version: 1\nextends: base.yaml\n"


def test_groups_are_merged_and_all_else_is_replaced(load: Load) -> None:
    """A variable whole, a list whole, options key by key; the name is never taken over."""
    spec = load(
        OVER + "ratios: ['16:9']\nvariables: {a: {two: other}}\noptions: {safety_tolerance: 5}\nexclude: []\n",
        base=BASE,
    )
    (job,) = spec.jobs
    assert spec.name == "spec"
    assert job.prompt == "A {{ a }}"
    assert job.ratios == ("16:9",)
    assert {variable.name: [value.label for value in variable.values] for variable in job.variables} == {
        "a": ["two"],
        "b": ["b1"],
    }
    assert job.options == {"response_format": "png", "safety_tolerance": 5}
    assert job.exclude == ()
    assert (str(spec.budget.max), str(spec.budget.warn)) == ("3", "2")


def test_a_base_may_lie_above_and_have_a_base_of_its_own(load: Load) -> None:
    """Its path starts at its own folder."""
    spec = load(
        "version: 1\nextends: ../house.yaml\nprompt: A mug, {{ light }}\n",
        up_house="version: 1\nextends: specs/deepest.yaml\nratios: ['1:1']\n",
        deepest="version: 1\nvariables: {light: soft}\nratios: ['4:3']\n",
    )
    (job,) = spec.jobs
    assert job.ratios == ("1:1",)
    assert [file.path for file in spec.inputs] == ["../house.yaml", "deepest.yaml"]
    assert [len(file.sha256) for file in spec.inputs] == [64, 64]


@pytest.mark.parametrize(
    ("base", "line", "column"),
    [
        ("version: 1\nratios: ['16:10']\n", 2, 10),
        ("version: 1\njobs:\n  x: {prompt: A, repeat: 0}\n", 3, 26),
        ("version: 1\nvariables:\n  a: [x, x]\n", 3, 10),
    ],
)
def test_a_problem_of_the_base_stands_in_the_base(load: Load, base: str, line: int, column: int) -> None:
    """File, line and column are those where it is really written."""
    (problem,) = problems(load, OVER + "prompt: A mug\n", base=base)
    assert (Path(problem.file).name, problem.line, problem.column) == ("base.yaml", line, column)
    assert problem.excerpt == base.split("\n")[line - 1]


def test_what_replaces_a_wrong_value_mends_it(load: Load) -> None:
    """The base's value is not there any more."""
    assert load(OVER + "prompt: A\nratios: ['1:1']\n", base="version: 1\nratios: ['16:10']\n").jobs[0].ratios == (
        "1:1",
    )


def test_specs_may_extend_each_other_eight_deep(load: Load) -> None:
    """More is a slip; and a circle is refused at once."""
    chain = {f"b{n}": f"version: 1\nextends: b{n + 1}.yaml\n" for n in range(20)}
    (problem,) = problems(load, "version: 1\nprompt: A\nextends: b0.yaml\n", **chain)
    assert problem.message == "more than 8 specs extend each other"
    good = {**chain, "b5": "version: 1\nratios: ['1:1']\n"}
    assert load("version: 1\nprompt: A\nextends: b0.yaml\n", **good).jobs[0].ratios == ("1:1",)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "~/x.yaml", "C:/x.yaml", "a\\b.yaml", "https://x.example/a.yaml", ".", "x"]
)
def test_a_path_that_is_none(load: Load, path: str) -> None:
    """Nothing is read, and the message says no folder of this machine."""
    (problem,) = problems(load, f"version: 1\nprompt: A\nextends: '{path}'\n")
    assert problem.line == 3
    assert "/tmp" not in problem.message + problem.hint


PROFILES = """\
version: 1
prompt: A {{ a }}
variables: {a: [x, y]}
repeat: 3
options: {safety_tolerance: 1, response_format: png}
where: a == 'x'
profiles:
  draft: {repeat: 1, options: {safety_tolerance: 2}}
  final: {models: [flux-kontext-max], where: a == 'y', variables: {a: [z]}}
"""


def test_a_profile_replaces_what_the_file_says(load: Load) -> None:
    """Group by group, and only the one that was chosen."""
    draft = load(PROFILES, "profile=draft").jobs[0]
    assert (draft.repeat, draft.options) == (1, {"safety_tolerance": 2, "response_format": "png"})
    final = load(PROFILES, "profile=final").jobs[0]
    assert (final.repeat, final.models, [each.text for each in final.where]) == (3, ("flux-kontext-max",), ["a == 'y'"])
    assert [value.label for value in final.variables[0].values] == ["z"]
    assert load(PROFILES).jobs[0].repeat == 3


def test_the_command_line_comes_last(load: Load) -> None:
    """`--profile` goes before `profile:`, `--set` before both."""
    text = PROFILES + "profile: final\n"
    assert load(text).jobs[0].models == ("flux-kontext-max",)
    assert load(text, "profile=draft").jobs[0].repeat == 1
    assert load(text, "profile=draft", "repeat=2").jobs[0].repeat == 2
    assert load(text, "profiles.draft.repeat=7", "profile=draft").jobs[0].repeat == 7


def test_profiles_of_a_base_may_be_chosen_and_changed(load: Load) -> None:
    """They are a group like any other."""
    base = "version: 1\nprofiles:\n  draft: {repeat: 2, ratios: ['1:1']}\n"
    spec = load(OVER + "prompt: A\nprofiles: {draft: {repeat: 4}}\n", "profile=draft", base=base)
    assert (spec.jobs[0].repeat, spec.jobs[0].ratios) == (4, ("1:1",))


@pytest.mark.parametrize(
    ("profile", "line"),
    [("draft: {repeat: 0}", 3), ("draft: {jobs: {x: {ratios: ['16:10']}}}", 3), ("draft: {where: 3}", 3)],
)
def test_a_problem_in_a_profile_stands_in_the_profile(load: Load, profile: str, line: int) -> None:
    """Once, whether it is chosen or not."""
    text = f"version: 1\nprofiles:\n  {profile}\njobs: {{x: {{prompt: A}}}}\n"
    assert [each.line for each in problems(load, text)] == [line]
    assert [each.line for each in problems(load, text, "profile=draft")] == [line]


def test_a_profile_of_the_base_with_a_problem_names_the_base(load: Load) -> None:
    """Where it stands, and not where it would be put."""
    base = "version: 1\nprofiles:\n  draft: {repeat: 0}\n"
    (problem,) = problems(load, OVER + "prompt: A\n", "profile=draft", base=base)
    assert (Path(problem.file).name, problem.line) == ("base.yaml", 3)


def test_a_short_budget_below_is_kept_beside_a_group(load: Load) -> None:
    """`budget: 5` is `{max: 5}`: a limit of the house is not lost because this file adds a warning."""
    base = "version: 1\nprompt: a mug\nbudget: 5\n"
    assert load(OVER + "budget: {warn: 2}\n", base=base).budget == Budget(max=Decimal(5), warn=Decimal(2))
    text = f"{base}profile: draft\nprofiles: {{draft: {{budget: {{warn: 2}}}}}}\n"
    assert load(text).budget == Budget(max=Decimal(5), warn=Decimal(2))


def test_a_short_budget_is_named_where_it_stands(load: Load) -> None:
    """A warning above the house's limit is shown in this file, a wrong limit in the other."""
    base = "version: 1\nprompt: a mug\nbudget: -5\n"
    assert [Path(each.file).name for each in problems(load, OVER + "budget: {warn: 2}\n", base=base)] == ["base.yaml"]
