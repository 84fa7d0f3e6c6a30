"""``promote``: picks become a spec that says exactly what was picked, priced, and ready to run."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.plan.make import make_plan
from flux_batch.plan.promotion import Pick, Wish, items, next_spec
from flux_batch.plan.records import Task
from flux_batch.plan.templates.template import leftover, squeeze
from flux_batch.spec.load import parse_spec
from flux_batch.spec.reading.text import UNREADABLE
from flux_batch.spec.records import DraftImage

from .kit import Desk, furnish
from .marking import RUN, mark, rehearsed, tasks

ODD = """version: 1
name: odd
variables:
  say:
    colon: 'a sign: "50% off" # today, it''s C:\\new'
    braces: 'a {mood} {image} mug — für Größe, 茶碗 🫖'
    yes: "no"
    dash: "- [x] *star &and !bang | >"
jobs:
  plain: {prompt: "{{ say }}", ratios: ["1:1", "16:9"]}
  based: {prompt: "Put {{ say }} on it", reference: pic.png, options: {response_format: png, safety_tolerance: 2}}
  winter: {edit: plain, prompt: Snow}
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two rehearsals, made once."""
    home = rehearsed(furnish(tmp_path_factory.mktemp("promote")))
    shutil.copy(next((home / "specs" / "assets").glob("*.png")), home / "pic.png")
    Desk(home).write("odd.yaml", ODD)
    return rehearsed(home, "odd.yaml")


@pytest.fixture
def desk(finished: Path, tmp_path: Path) -> Desk:
    """A copy of them."""
    return Desk(shutil.copytree(finished, tmp_path / "project"))


def planned(desk: Desk, spec: str) -> list[Task]:
    """What the new spec makes."""
    path = desk.home / spec
    return list(make_plan(parse_spec(path, path.read_text("utf-8"))).tasks)


def chosen(desk: Desk, run: str, numbers: range) -> list[dict[str, Any]]:
    """Pick these; returns their tasks."""
    mark(
        desk,
        "picks.json",
        "Ann",
        lambda number: {"flag": "pick", "note": "a # note: {{ x }}\n- y: z"},
        run=run,
        only=numbers,
    )
    return [task for number, task in enumerate(tasks(desk, run)) if number in numbers]


def test_finals(desk: Desk) -> None:
    """The picked prompts and sizes on the best model, and nothing else; priced; validate and rehearse take it."""
    picked = chosen(desk, RUN, range(0, 12, 3))
    result = desk("promote", RUN, "--picks", "picks.json", "-o", "next.yaml")
    assert (result.code, result.out.splitlines()[0]) == (0, "4 images, about $0.16, on flux-kontext-max")
    made = planned(desk, "next.yaml")
    assert sorted((task.prompt, task.size, task.model) for task in made) == sorted(
        (task["prompt"], task["size"], "flux-kontext-max") for task in picked
    )
    assert desk("validate", "next.yaml").code == 0
    plan = desk("plan", "next.yaml", "--json").json
    assert (plan["new"], plan["estimate"]) == (4, "0.16")
    text = (desk.home / "next.yaml").read_text("utf-8")
    for task in picked:
        assert f"# from runs/{RUN}/{task['file']['path']} ({task['id']})" in text
    assert "As it stands: 4 images, about $0.16." in text
    assert desk("rehearse", "next.yaml").code == 0


@pytest.mark.parametrize(
    ("limit", "line", "said"),
    [
        ("1.00", "\nbudget: {max: 1.00} # the draft's\n", "budget: the draft's $1.00, in force"),
        (
            "0.10",
            "\n# budget: {max: 0.10} # the draft's, which is not enough: this is about $0.16\n",
            "budget: none yet; the draft's $0.10 is not enough",
        ),
    ],
)
def test_the_draft_s_budget_comes_along(limit: str, line: str, said: str, desk: Desk) -> None:
    """In force where it is enough, else as a comment; which of them is said."""
    with sqlite3.connect(desk.home / "runs" / RUN / "state.sqlite") as state:
        state.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('budget_max', ?)", (limit,))
    chosen(desk, RUN, range(0, 12, 3))
    result = desk("promote", RUN, "--picks", "picks.json", "-o", "next.yaml")
    assert result.code == 0, result.err
    assert said in result.out
    assert line in (desk.home / "next.yaml").read_text("utf-8")
    assert desk("plan", "next.yaml", "--json").json["budget"]["max"] == (limit if limit == "1.00" else None)


def test_split_images_are_counted(desk: Desk) -> None:
    """What as many pick as reject is left out, and that is said."""
    mark(desk, "ann.json", "Ann", lambda number: {"flag": "pick"})
    mark(desk, "ben.json", "Ben", lambda number: {"flag": "reject" if number < 4 else "pick"})
    result = desk("promote", RUN, "--picks", "ann.json", "--picks", "ben.json", "-o", "next.yaml")
    assert result.code == 0, result.err
    assert "note: 4 split images left out" in result.err
    assert "the picks name the run" not in result.err


def test_the_new_sheet_links_back(desk: Desk) -> None:
    """By label to the draft's images, from wherever the new spec lies; an edited label loses its link and no more."""
    picked = chosen(desk, RUN, range(0, 12, 3))
    assert desk("promote", RUN, "--picks", "picks.json", "-o", "next/finals.yaml").code == 0
    path = desk.home / "next" / "finals.yaml"
    draft = parse_spec(path, path.read_text("utf-8")).draft
    assert draft is not None
    assert (draft.run, draft.folder, draft.axis) == ("quickstart", f"../runs/{RUN}", "image")
    told = {image.sha256: (image.id, image.file) for found in draft.images.values() for image in found}
    assert told == {task["file"]["sha256"]: (task["id"], task["file"]["path"]) for task in picked}
    first = next(iter(draft.images))
    path.write_text(path.read_text("utf-8").replace(f'        "{first}":', '        "renamed":'), "utf-8")
    assert desk("rehearse", "next/finals.yaml").code == 0
    run = "quickstart-finals-rehearsal"
    data = (desk.home / "runs" / run / "data.js").read_text("utf-8")
    links = json.loads(data.removeprefix("globalThis.fluxBatch = ").rstrip(";\n"))["draft"]
    assert links["page"] == f"../{RUN}/index.html"
    hrefs = [image["href"] for image in links["images"]]
    assert len(hrefs) == 3
    assert all((desk.home / "runs" / run / href).is_file() for href in hrefs)
    drafts = [task.get("draft") for task in tasks(desk, run)]
    assert sum(each is None for each in drafts) == 1
    assert {image["id"] for each in drafts if each for image in each} == {image["id"] for image in links["images"]}


def test_json_and_more_ratios(desk: Desk) -> None:
    """Every picked motif once in every ratio; a motif picked in two ratios is not asked for twice."""
    picked = chosen(desk, RUN, range(12))
    result = desk("promote", RUN, "--picks", "picks.json", "-o", "next.yaml", "--ratios", "1:1, 21:9", "--json")
    prompts = {task["prompt"] for task in picked}
    assert (result.json["picked"], result.json["images"]) == (12, 2 * len(prompts))
    assert any("once" in note for note in result.json["notes"])
    made = planned(desk, "next.yaml")
    assert {(task.prompt, task.size) for task in made} == {(text, size) for text in prompts for size in ("1:1", "21:9")}
    assert len(made) == result.json["images"]


def test_any_prompt_survives(desk: Desk) -> None:
    """Quotes, colons, comments, braces; references and parents come along as files named by their content."""
    picked = chosen(desk, "odd-rehearsal", range(1000))
    result = desk(
        "promote", "odd-rehearsal", "--picks", "picks.json", "-o", "to/next.yaml", "--model", "flux-kontext-pro"
    )
    assert result.code == 0, result.err
    made = planned(desk, "to/next.yaml")
    by_key = {task["key"]: task for task in picked}
    wanted = {
        (task["prompt"], task["size"], json.dumps(task["options"]), _content(task["reference"], by_key))
        for task in picked
    }
    assert {
        (task.prompt, task.size, json.dumps(task.options), task.reference.sha256 if task.reference else None)
        for task in made
    } == wanted
    assert len(made) == len(wanted)
    assert desk("validate", "to/next.yaml").code == 0
    for path in (desk.home / "to" / "assets").iterdir():
        assert hashlib.sha256(path.read_bytes()).hexdigest().startswith(path.stem)


def _content(reference: dict[str, Any] | None, by_key: dict[str, dict[str, Any]]) -> str | None:
    if reference is None:
        return None
    return str(reference["sha256"] or by_key[reference["source"]]["file"]["sha256"])


def test_as_reference(desk: Desk) -> None:
    """Every picked image is the reference of one edit; the copies are the originals, byte for byte."""
    picked = chosen(desk, RUN, range(3))
    result = desk(
        "promote",
        RUN,
        "--picks",
        "picks.json",
        "-o",
        "e/next.yaml",
        "--as",
        "reference",
        "--prompt",
        "Add # snow: {now}",
        "--json",
    )
    assert (result.code, result.json["images"], len(result.json["assets"])) == (0, 3, 3)
    made = planned(desk, "e/next.yaml")
    assert {task.prompt for task in made} == {"Add # snow: {now}"}
    assert {task.size for task in made} == {"match_input_image"}
    assert {task.reference.sha256 for task in made if task.reference} == {task["file"]["sha256"] for task in picked}
    assert desk("validate", "e/next.yaml").code == 0


def test_nothing_is_written_over(desk: Desk) -> None:
    """Neither the spec nor a picture beside it; what was begun is taken back."""
    chosen(desk, RUN, range(2))
    desk.write("next.yaml", "mine")
    result = desk("promote", RUN, "--picks", "picks.json", "-o", "next.yaml")
    assert (result.code, (desk.home / "next.yaml").read_text()) == (2, "mine")
    assert "is not written over" in result.err
    name = f"new/assets/{tasks(desk)[1]['file']['sha256'][:16]}.jpg"
    desk.write(name, "mine")
    result = desk("promote", RUN, "--picks", "picks.json", "-o", "new/next.yaml", "--as", "reference")
    assert (result.code, [path.name for path in (desk.home / "new").rglob("*") if path.is_file()]) == (
        2,
        [Path(name).name],
    )
    assert (desk.home / name).read_text() == "mine"


def test_a_template_that_is_wrong_leaves_nothing(desk: Desk) -> None:
    """The plan refuses it before the spec is there."""
    chosen(desk, RUN, range(2))
    result = desk(
        "promote", RUN, "--picks", "picks.json", "-o", "n/x.yaml", "--as", "reference", "--prompt", "{{ nope }}"
    )
    assert result.code == 2
    assert not (desk.home / "n").exists()


def test_an_image_of_another_run_is_named(desk: Desk) -> None:
    """Nothing is guessed and nothing written."""
    path = mark(desk, "picks.json", "Ann", lambda number: {"flag": "pick"})
    document = json.loads(path.read_text())
    document["picks"][1] |= {"sha256": "0" * 64, "id": "other-007"}
    path.write_text(json.dumps(document))
    result = desk("promote", RUN, "--picks", "picks.json", "-o", "next.yaml")
    assert result.code == 2
    assert "1 picked image not of the run" in result.err
    assert "other-007 (sha256 000000000000…)" in result.err
    assert not (desk.home / "next.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-o", "next.txt"], "ends in .yaml"),
        (["-o", "next.yaml", "--ratios", "16:10"], "did you mean"),
        (["-o", "next.yaml", "--ratios", "match_input_image"], "is not a ratio"),
        (["-o", "next.yaml", "--prompt", "x"], "--prompt is for --as reference"),
        (["-o", "next.yaml"], "no image is picked"),
    ],
)
def test_mistakes(arguments: list[str], said: str, desk: Desk) -> None:
    """Exit 2, and what to do."""
    mark(desk, "picks.json", "Ann", lambda number: {"flag": "reject"})
    result = desk("promote", RUN, "--picks", "picks.json", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).map(squeeze)


@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=5), st.sampled_from([(), ("1:1",)]))
def test_every_prompt_and_label_reads_back(pairs: list[tuple[str, str]], ratios: tuple[str, ...]) -> None:
    """Whatever a prompt may be, the next spec makes exactly it."""
    pairs = [
        pair
        for pair in pairs
        if all(pair) and not UNREADABLE.search("".join(pair)) and not leftover(pair[0], frozenset())
    ]
    picks = [_pick(prompt, label) for prompt, label in pairs]
    if not picks:
        return
    way = (pairs[0][1], pairs[0][0])
    wish = Wish(name="next", title=pairs[0][1], model="flux-kontext-max", ratios=ratios, head=(pairs[0][0],), draft=way)
    text = next_spec(items(picks, wish), wish)
    spec = parse_spec(Path("next.yaml"), text)
    tasks = make_plan(spec).tasks
    assert spec.draft
    assert (spec.draft.run, spec.draft.folder) == way
    assert {task.axes[spec.draft.axis] for task in tasks} == set(spec.draft.images)
    assert {image.id for found in spec.draft.images.values() for image in found} == {pick.task.id for pick in picks}
    assert {task.prompt for task in tasks} == {prompt for prompt, _ in pairs}
    assert len(tasks) == len({(prompt) for prompt, _ in pairs})


def test_labels_and_characters_that_yaml_would_misread() -> None:
    """Keys that mean something else, numbers, long ones, and characters that nobody can see."""
    labels = ["from", "<<", "012", "no", "x" * 2000, "a: b", "# c", "\xad", "- d"]
    prompts = [f"{label[:30]} \xad\u200b\ufeff\u202e\U000e0041 {number}" for number, label in enumerate(labels)]
    wish = Wish(name="next", title="from", model="flux-kontext-max")
    text = next_spec(items([_pick(*pair) for pair in zip(prompts, labels, strict=True)], wish), wish)
    tasks = make_plan(parse_spec(Path("next.yaml"), text)).tasks
    assert [task.prompt for task in tasks] == prompts
    assert all(char.isprintable() or char == "\n" for char in text)


def _pick(prompt: str, label: str) -> Pick:
    axes = {"it": label, "model": "flux-kontext-pro", "ratio": "1:1", "n": "1"}
    key = hashlib.sha256(prompt.encode()).hexdigest()
    task = Task(key=key, id=key[:12], job="main", axes=axes, model="flux-kontext-pro", prompt=prompt, size="1:1")
    draft = DraftImage(id=key[:12], sha256=key, file=f"images/{key[:8]}.png")
    return Pick(task=task, image=f"images/{label}.png", notes=(label, prompt), draft=draft)
