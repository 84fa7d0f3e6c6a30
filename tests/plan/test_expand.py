"""A whole spec expanded: what each image asks for, and every problem at once."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest

from flux_batch.errors import InvalidSpec
from flux_batch.plan.expansion.expand import expand
from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Reference

from .kit import Folder, only, plan_of, problems_of, spec_of, under_caret


def test_a_task_says_all_that_is_asked_for() -> None:
    """Prompt, model, size, options, reference, variation, price, and where the prompt stands."""
    task = only(
        plan_of(
            """\
            version: 1
            models: [flux-kontext-max]
            ratios: ["1:1"]
            reference: in/mug.png
            options: {response_format: png, safety_tolerance: 2}
            prompt: >-
              Put this mug
              on linen
            """,
            {"in/mug.png": "pixels"},
        )
    )
    assert (task.model, task.prompt, task.size, task.n) == ("flux-kontext-max", "Put this mug on linen", "1:1", 1)
    assert task.options == {"response_format": "png", "safety_tolerance": 2}
    assert task.reference is not None
    assert (task.reference.kind, task.reference.source) == ("file", "in/mug.png")
    assert task.price == Decimal("0.04")
    assert (task.job, task.line, task.id) == ("main", 6, task.key[:12])


def test_an_address_is_not_looked_at() -> None:
    """It is the provider that fetches it."""
    folder = Folder()
    plan = make_plan(spec_of("version: 1\nprompt: a\nreference: https://cdn.example/mug.png\n"), folder)
    assert only(plan).reference == Reference(kind="url", source="https://cdn.example/mug.png")
    assert (folder.looked_at, plan.references) == ([], ())


def test_every_file_is_looked_at_once_and_kept_once_per_content() -> None:
    """However many images start from it, and also when it cannot be used."""
    folder = Folder({"a.png": "same", "b.png": "same", "c.png": "other"})
    text = "version: 1\nprompt: x\nreference: '{{ it }}.png'\nvariables: {it: [a, b, c]}\nrepeat: 3\n"
    plan = make_plan(spec_of(text), folder)
    assert folder.looked_at == ["a.png", "b.png", "c.png"]
    assert len(plan.references) == 2
    missing = Folder()
    with pytest.raises(InvalidSpec):
        make_plan(spec_of(text), missing)
    assert missing.looked_at == ["a.png", "b.png", "c.png"]


def test_one_request_met_twice_is_bought_once_and_shown_twice() -> None:
    """Jobs do not count, only what is asked for; the plan says so and says where."""
    plan = plan_of("""\
        version: 1
        prompt: Photo of a {{ product }}
        variables: {product: [mug, pot]}
        jobs:
          web: {}
          print: {}
          other: {prompt: "Photo of a {{ product }}!"}
        """)
    assert len(plan.tasks) == 6
    assert len(plan.purchases()) == 4
    web, again = plan.tasks[0], plan.tasks[2]
    assert (web.key, web.stem) == (again.key, again.stem)
    assert again.id == f"{web.id}-2"
    assert len({task.id for task in plan.tasks}) == 6
    (note,) = plan.notes
    assert note.message == "2 of 6 images repeat the request of another: bought once, shown in both places"
    assert note.line == 2
    assert note.hint == "for instance job=web and job=print"


def test_repeat_is_what_buys_variations() -> None:
    """The same request, and another number."""
    plan = plan_of("version: 1\nprompt: a\nrepeat: 3\n")
    assert [task.n for task in plan.tasks] == [1, 2, 3]
    assert len(plan.purchases()) == 3


@pytest.fixture
def never_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail at the first combination, rather than fill this machine's memory with a trillion of them."""
    monkeypatch.setattr("flux_batch.plan.expansion.expand.combos", lambda *_: pytest.fail("it was multiplied"))


@pytest.mark.usefixtures("never_multiplied")
def test_a_trillion_images_are_refused_at_once() -> None:
    """With their number and their price, before anything is multiplied."""
    names = [f"v{number}" for number in range(6)]
    spec = spec_of(
        {
            "version": 1,
            "prompt": " ".join(f"{{{{ {name} }}}}" for name in names),
            "variables": {name: list(range(100)) for name in names},
        }
    )
    started = time.perf_counter()
    with pytest.raises(InvalidSpec) as caught:
        expand(spec, Folder())
    (problem,) = caught.value.problems
    assert time.perf_counter() - started < 0.5
    assert problem.message == (
        "this multiplies to 1,000,000,000,000 images, about $40,000,000,000.00; the limit is 10,000"
    )
    assert problem.hint == "raise limits.max_tasks if you mean it"


@pytest.mark.usefixtures("never_multiplied")
def test_an_absurd_product_is_still_a_sentence() -> None:
    """A number of thousands of digits would be neither printable nor readable."""
    names = [f"v{number}" for number in range(1_500)]
    text = {
        "version": 1,
        "prompt": "".join(f"{{{{{name}}}}}" for name in names),
        "variables": {name: list(range(30)) for name in names},
        "jobs": {"one": {}, "two": {}, "three": {}, "four": {}},
    }
    (problem,) = problems_of(text)
    assert problem.message.startswith("this multiplies to more than 1,000,000,000,000,000 images, about more than $1,0")


def test_the_limit_is_the_specs_own_and_names_the_biggest_job() -> None:
    """One image over it is too many; excluded ones count until they are left out."""
    text = """\
        version: 1
        limits: {max_tasks: 5}
        ratios: ["1:1", "4:3", "3:4", "16:9"]
        jobs:
          small: {prompt: a, ratios: ["1:1"]}
          big:
            prompt: b
        """
    assert len(plan_of(text).tasks) == 5
    (problem,) = problems_of(f"{text}    repeat: 2\n".replace("        ", "", 1).replace("\n        ", "\n"))
    assert problem.message == "this multiplies to 9 images, about $0.36; the limit is 5"
    assert problem.hint == "most come from job `big` (8); raise limits.max_tasks if you mean it"
    assert (problem.line, under_caret(problem)) == (7, "prompt")


def test_the_limit_does_not_count_what_an_edit_inherits() -> None:
    """An edit that names its parents' variable follows them: it is one image per parent, not the square."""
    plan = plan_of(
        {
            "version": 1,
            "variables": {"product": [f"p{number}" for number in range(90)]},
            "limits": {"max_tasks": 270},
            "jobs": {
                "hero": {"prompt": "{{ product }}"},
                "edit": {"edit": "hero", "prompt": "less of {{ product }}"},
                "again": {"edit": "edit", "prompt": "more of {{ product }}"},
            },
        }
    )
    assert len(plan.tasks) == 270


def test_every_problem_at_once_each_at_its_place() -> None:
    """Misspelt variables, a brace too few, missing files, bad syntax: one round, in the order of the file."""
    problems = problems_of(
        """\
        version: 1
        variables: {product: [mug, pot], scene: linen}
        jobs:
          hero:
            prompt: >-
              Studio photo of a {{ product }}
              on {{ scnee }}, soft light
          single:
            prompt: A mug of {product} on {{ scene }}
          files:
            prompt: Put it on linen
            reference: "assets/{{ product }}.png"
          both:
            prompt: "{{ prodct }}"
            reference: "{{ sceen }}.png"
          loops:
            prompt: "a {{ product }} {% for x in y %}{% endfor %}"
          child: {edit: hero, prompt: waits for the mend of its parent}
          web: {prompt: a, reference: "http://cdn.example/mug.png"}
          empty: {prompt: "{{ '' if product == 'pot' else 'x' }}"}
        """,
        {"assets/mug.webp": "x"},
    )
    assert [(each.line, each.column, under_caret(each), each.message) for each in problems] == [
        (7, 13, "scnee", "`{{ scnee }}` is not a variable here"),
        (
            9,
            22,
            "{product}",
            "`{product}` is not filled in",
        ),
        (12, 16, '"assets/{{ product }}.png"', 'for product=mug: there is no file "assets/mug.png" beside the spec'),
        (12, 16, '"assets/{{ product }}.png"', 'for product=pot: there is no file "assets/pot.png" beside the spec'),
        (14, 17, "prodct", "`{{ prodct }}` is not a variable here"),
        (15, 20, "sceen", "`{{ sceen }}` is not a variable here"),
        (17, 30, "{% for x in y %}", "templates fill in variables; this one uses a loop"),
        (
            19,
            31,
            '"http://cdn.example/mug.png"',
            (
                'the reference "http://cdn.example/mug.png" is not fetched: an address begins with https://, '
                "or is a path beside the spec"
            ),
        ),
        (
            20,
            19,
            "\"{{ '' if product == 'pot' else 'x' }}\"",
            "the prompt of product=pot, model=flux-kontext-pro, ratio=16:9, n=1 is empty",
        ),
    ]
    hints = [each.hint for each in problems]
    assert hints[0] == "did you mean `scene`?"
    assert hints[1] == "a variable is written {{ product }}"
    assert hints[4] == "did you mean `product`?"


def test_the_caret_stands_under_the_word() -> None:
    """As a person reads it, in a block scalar."""
    (problem,) = problems_of("version: 1\nprompt: >-\n  Photo of {{ prodct }}\nvariables: {product: [mug, pot]}\n")
    assert problem.render() == (
        "spring.yaml:3:15: `{{ prodct }}` is not a variable here\n"
        "  3 |   Photo of {{ prodct }}\n"
        "    |               ^^^^^^ did you mean `product`?"
    )


def test_a_problem_of_a_shared_prompt_is_told_once() -> None:
    """Not once per job that inherits it."""
    assert len(problems_of("version: 1\nprompt: '{{ x }}'\njobs: {a: {}, b: {}, c: {}}\n")) == 1


def test_a_brace_too_few_is_found_beside_other_slips() -> None:
    """In prompts, in references and in names; JSON in a prompt is fine."""
    problems = problems_of("""\
        version: 1
        prompt: "{product} on {{ scnee }}"
        reference: "in/{product}.png"
        variables: {product: [mug, pot]}
        naming: "{n}"
        """)
    assert [(each.line, under_caret(each), each.message) for each in problems] == [
        (2, "{product}", "`{product}` is not filled in"),
        (2, "scnee", "`{{ scnee }}` is not a variable here"),
        (3, "{product}", "`{product}` is not filled in"),
        (5, "{n}", "`{n}` is not filled in"),
    ]
    json = 'Draw {"scene": {"light": "{{ light }}"}}, exactly'
    plan = plan_of({"version": 1, "prompt": json, "variables": {"light": "soft"}})
    assert only(plan).prompt == 'Draw {"scene": {"light": "soft"}}, exactly'


def test_a_brace_in_a_value_is_shown_in_the_value() -> None:
    """That is where it must be mended."""
    (problem,) = problems_of("version: 1\nprompt: 'A {{ product }}'\nvariables:\n  product: [mug, 'pot {{ x }}']\n")
    assert (problem.line, under_caret(problem)) == (4, "{{")
    assert problem.message.startswith("`{{` is left in the prompt of product=pot {{ x }}")
    assert problem.hint == "a variable is written {{ name }}"


def test_a_name_that_another_job_has_is_unknown_here() -> None:
    """And the hint knows only what can be used here."""
    problem, _ = problems_of("""\
        version: 1
        jobs:
          one: {prompt: "{{ scene }}", variables: {product: mug}}
          two: {prompt: "{{ product }}", variables: {scene: linen}}
        """)
    assert problem.hint == "known here: job, model, n, product, ratio"


def test_addresses_that_cannot_work() -> None:
    """No host, a space from a variable."""
    for reference, reason in (
        ("https:///mug.png", "names no host"),
        ("https://cdn.example/{{ it }}.png", "has a space in it"),
        ("ftp://cdn.example/mug.png", "is not fetched"),
    ):
        (problem,) = problems_of(
            {"version": 1, "prompt": "a", "reference": reference, "variables": {"it": ["green mug"]}}
        )
        assert reason in problem.message


def test_two_images_of_one_name_are_a_problem_before_anything_is_bought() -> None:
    """With both combinations and what to do."""
    (problem,) = problems_of("""\
        version: 1
        prompt: "{{ product }}"
        variables: {product: [Mug, mug]}
        naming: "{{ job }}/{{ product }}"
        """)
    assert problem.line == 4
    assert problem.message == 'two images would get the name "main/mug": product=Mug, and product=mug'
    assert problem.hint == "add an axis that tells them apart"


def test_unused_variables_are_a_note_at_their_own_line() -> None:
    """Not an error; one used only in `naming` is used."""
    plan = plan_of("""\
        version: 1
        prompt: "{{ product }}"
        variables:
          product: [mug, pot]
          tone: warm
          shelf: a1
        naming: "{{ shelf }}/{{ product }}"
        """)
    (note,) = plan.notes
    assert (note.line, under_caret(note), note.hint) == (5, "tone", "it multiplies nothing")
    assert [task.stem for task in plan.tasks] == ["a1/mug", "a1/pot"]
