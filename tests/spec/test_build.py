"""What a valid file becomes: names, inheritance, places, excludes, settings."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec, Problem
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Budget, Execution, Job, Limits, Poll, ReportOptions, Spec

Parse = Callable[[str], Spec]
Problems = Callable[[str], tuple[Problem, ...]]

CHAIN = """\
version: 1
prompt: shared prompt
reference: assets/mug.png
models: [flux-kontext-pro]
ratios: ["1:1"]
repeat: 3
options: {response_format: png, safety_tolerance: 2}
variables: {product: [mug, pot], tone: warm}
exclude: [{product: pot, job: hero}]
jobs:
  hero:
    prompt: hero prompt
    variables: {tone: [warm, cold], scene: linen}
    ratios: ["16:9"]
    options: {safety_tolerance: 4}
    exclude: [{tone: cold}]
  plain: {}
  winter: {edit: hero}
  banner: {edit: winter, ratios: ["21:9"], repeat: 2, models: [flux-kontext-max], reference: }
"""


@pytest.fixture
def jobs(parse: Parse) -> dict[str, Job]:
    """The jobs of a spec that inherits in every way."""
    return {job.name: job for job in parse(CHAIN.replace(", reference: }", "}")).jobs}


def labels(job: Job) -> dict[str, list[str]]:
    """The labels of a job's variables."""
    return {variable.name: [value.label for value in variable.values] for variable in job.variables}


def test_a_file_without_jobs_is_one_job(parse: Parse) -> None:
    """It is called main, and stands at the top of the file."""
    (job,) = parse("version: 1\nprompt: mug\n").jobs
    assert (job.name, job.at, job.prompt_at) == ("main", (), ("prompt",))
    assert (job.models, job.ratios, job.repeat, job.edit, job.reference) == ((), (), 1, None, None)


def test_a_job_takes_what_stands_at_the_top(jobs: dict[str, Job]) -> None:
    """Nothing of its own: everything of the file's."""
    plain = jobs["plain"]
    assert (plain.prompt, plain.reference, plain.repeat) == ("shared prompt", "assets/mug.png", 3)
    assert (plain.models, plain.ratios) == (("flux-kontext-pro",), ("1:1",))
    assert plain.options == {"response_format": "png", "safety_tolerance": 2}


def test_a_job_overrides_what_it_says_itself(jobs: dict[str, Job]) -> None:
    """Variables and options merge by name, lists are replaced."""
    hero = jobs["hero"]
    assert (hero.prompt, hero.ratios) == ("hero prompt", ("16:9",))
    assert hero.options == {"response_format": "png", "safety_tolerance": 4}
    assert labels(hero) == {"product": ["mug", "pot"], "tone": ["warm", "cold"], "scene": ["linen"]}


def test_an_edit_follows_its_parent(jobs: dict[str, Job]) -> None:
    """Models, ratios, reference and repeat at the top are not for edits; prompt, variables and options are."""
    winter = jobs["winter"]
    assert (winter.models, winter.ratios, winter.reference, winter.repeat) == ((), (), None, 1)
    assert (winter.prompt, winter.options) == ("shared prompt", {"response_format": "png", "safety_tolerance": 2})
    assert labels(winter) == {"product": ["mug", "pot"], "tone": ["warm"]}


def test_an_edit_may_say_otherwise(jobs: dict[str, Job]) -> None:
    """What stands in the edit itself counts."""
    banner = jobs["banner"]
    assert (banner.models, banner.ratios, banner.repeat) == (("flux-kontext-max",), ("21:9",), 2)


def test_prompts_and_references_know_where_they_were_written(jobs: dict[str, Job]) -> None:
    """A message about an inherited prompt points at the top."""
    assert jobs["hero"].prompt_at == ("jobs", "hero", "prompt")
    assert jobs["plain"].prompt_at == ("prompt",)
    assert jobs["plain"].reference_at == ("reference",)
    assert [variable.at for variable in jobs["hero"].variables] == [
        ("variables", "product"),
        ("jobs", "hero", "variables", "tone"),
        ("jobs", "hero", "variables", "scene"),
    ]


def test_excludes_of_the_file_come_before_those_of_the_job(jobs: dict[str, Job]) -> None:
    """Both hold, each with its place."""
    assert [dict(rule.axes) for rule in jobs["hero"].exclude] == [
        {"product": ("pot",), "job": ("hero",)},
        {"tone": ("cold",)},
    ]
    assert [rule.at for rule in jobs["hero"].exclude] == [("exclude", 0), ("jobs", "hero", "exclude", 0)]


def test_excludes_speak_in_labels(parse: Parse) -> None:
    """A value may be written by its label or by its text, a number as a number."""
    (job,) = parse(
        """\
        version: 1
        prompt: mug
        repeat: 2
        variables: {size: {s: small mug, l: large mug}, year: [2025, 2026], lid: [true, false]}
        exclude:
          - {size: small mug, n: 2}
          - {size: [l, small mug], year: 2025, lid: false}
        """
    ).jobs
    assert [dict(rule.axes) for rule in job.exclude] == [
        {"size": ("s",), "n": ("2",)},
        {"size": ("l", "s"), "year": ("2025",), "lid": ("false",)},
    ]


def test_an_edit_can_exclude_by_the_axes_of_its_ancestors(parse: Parse) -> None:
    """The images it starts from carry their axes with them."""
    spec = parse(
        """\
        version: 1
        jobs:
          hero: {prompt: a, variables: {product: [mug, pot]}, ratios: ["1:1", "9:16"], repeat: 2}
          winter: {prompt: b, edit: hero}
          card: {prompt: c, edit: winter, exclude: [{product: pot, ratio: "9:16", n: 2}]}
        """
    )
    assert dict(spec.jobs[2].exclude[0].axes) == {"product": ("pot",), "ratio": ("9:16",), "n": ("2",)}


def test_labels_are_text_on_one_line(parse: Parse) -> None:
    """Numbers, truth and line breaks become what can name a file."""
    (job,) = parse('version: 1\nprompt: x\nvariables: {a: [1, 4.50, true, "two\\n lines", NO], b: {1: x}}\n').jobs
    assert labels(job) == {"a": ["1", "4.50", "true", "two lines", "NO"], "b": ["1"]}
    assert [value.value for value in job.variables[0].values] == [1, Decimal("4.50"), True, "two\n lines", "NO"]


@pytest.mark.parametrize(
    ("file", "name"),
    [("spring.yaml", "spring"), ("Spring_2.flux.yaml", "Spring_2.flux"), ("a" * 64 + ".json", "a" * 64)],
)
def test_the_file_names_the_run_when_the_spec_does_not(file: str, name: str) -> None:
    """The file's name without its ending, where a folder can be called so."""
    assert parse_spec(Path(file), "version: 1\nprompt: x\n").name == name


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("spring mugs.yaml", "name: spring-mugs"),
        ("ß.yaml", "name: my-batch"),
        ("a" * 65 + ".yaml", f"name: {'a' * 64}"),
    ],
)
def test_a_file_whose_name_does_not_fit_needs_a_name(file: str, hint: str) -> None:
    """The message says what to add."""
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(Path(file), "version: 1\nprompt: x\n")
    assert hint in caught.value.problems[0].hint


@pytest.mark.parametrize("device", ["con", "NUL", "com1", "lpt9.txt", "aux.yaml"])
def test_windows_devices_name_no_run(device: str, problems: Problems) -> None:
    """A spec made on a Mac must also run on Windows."""
    assert "on Windows" in problems(f"version: 1\nprompt: x\nname: {device}\n")[0].message


def test_settings_become_records(parse: Parse) -> None:
    """Money is Decimal, seconds are floats, the rest is as written."""
    spec = parse(
        """\
        version: 1
        name: mugs
        prompt: x
        variables: {product: [a, b], scene: [c, d]}
        budget: {max: 5.00, warn: 3}
        execution: {concurrency: 24, submit_rate: 0, poll: {first: 2.5}, when_uncertain: hold, settle_seconds: 0}
        report: {rows: product, columns: scene, tabs: [ratio, model], title: Spring}
        limits: {max_tasks: 50}
        naming: "{{ product }}"
        """
    )
    assert spec.budget == Budget(max=Decimal("5.00"), warn=Decimal(3))
    assert spec.execution == Execution(
        concurrency=24, submit_rate=0.0, poll=Poll(first=2.5, every=5.0), when_uncertain="hold", settle_seconds=0.0
    )
    assert spec.report == ReportOptions(title="Spring", rows="product", columns="scene", tabs=("ratio", "model"))
    assert (spec.limits, spec.naming, spec.name) == (Limits(max_tasks=50), "{{ product }}", "mugs")
    assert [variable.name for variable in spec.variables] == ["product", "scene"]


def test_defaults_are_those_of_the_records(parse: Parse) -> None:
    """What nobody wrote is what the records say."""
    spec = parse("version: 1\nprompt: x\n")
    assert (spec.budget, spec.execution, spec.report, spec.limits) == (Budget(), Execution(), ReportOptions(), Limits())
    assert spec.folder == Path()


@pytest.mark.parametrize("text", ["5.00", "5", "0"])
def test_a_budget_may_be_one_number(text: str, parse: Parse) -> None:
    """Short for its max."""
    assert parse(f"version: 1\nprompt: x\nbudget: {text}\n").budget == Budget(max=Decimal(text))


def test_report_may_use_axes_of_any_job(parse: Parse) -> None:
    """A variable of one job is an axis of the sheet."""
    spec = parse("version: 1\njobs: {a: {prompt: x, variables: {v: [1, 2]}}}\nreport: {rows: v, columns: job}\n")
    assert (spec.report.rows, spec.report.columns) == ("v", "job")


def test_a_bad_variable_does_not_make_its_users_wrong(problems: Problems) -> None:
    """One fault is one problem: what follows from it is not shown."""
    found = problems(
        """\
        version: 1
        prompt: x
        variables: {product: [mug, [[pot]]], 2x: [a]}
        exclude: [{product: pot}, {x2: a}]
        report: {rows: product, columns: x2}
        """
    )
    assert [(each.line, each.column) for each in found] == [(3, 29), (3, 38)]


def test_a_bad_job_does_not_make_its_edits_wrong(problems: Problems) -> None:
    """A job that could not be read may have been the one meant."""
    found = problems("version: 1\njobs:\n  hero shot: {prompt: x}\n  winter: {prompt: y, edit: hero}\n")
    assert [each.line for each in found] == [3]


def test_two_circles_are_both_named(problems: Problems) -> None:
    """Each circle once, by its names."""
    found = problems(
        """\
        version: 1
        prompt: x
        jobs:
          a: {edit: b}
          b: {edit: a}
          c: {edit: d}
          d: {edit: c}
          e: {edit: a}
        """
    )
    assert [each.message.partition(": ")[2] for each in found] == ["a → b → a", "c → d → c"]
