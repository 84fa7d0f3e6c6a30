"""The example specs and every example in the docs load, and the schema that editors use agrees."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.plan.make import make_plan
from flux_batch.plan.records import Plan
from flux_batch.spec.beside.files import inspect_reference
from flux_batch.spec.load import load_spec, parse_spec
from flux_batch.spec.records import Spec

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "specs").glob("*.yaml"))
DOCS = ROOT / "docs" / "guide.md"
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
PRICE = Decimal("0.04")


def planned(spec: Spec) -> Plan:
    """The plan of a spec, its references looked at."""
    return make_plan(spec, lambda relative: inspect_reference(spec.folder, relative))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_example_specs_are_planned_within_their_budget(path: Path) -> None:
    """Every example can be bought as its first lines say, all of it or a sample, at four cents an image."""
    spec = load_spec(path)
    sample = re.search(r"^#   flux-batch run \S+ --sample (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    images = int(sample[1]) if sample else len(planned(spec).purchases())
    assert spec.budget.max is not None
    assert PRICE * images <= spec.budget.max


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_example_specs_say_how_many_images_they_make(path: Path) -> None:
    """The count in an example's first lines is the count of its plan."""
    said = re.search(r"(?:= +|matrix.*= )(\d+) images,|(\d+) images, about", path.read_text(encoding="utf-8"))
    assert said is not None
    assert int(said[1] or said[2]) == len(planned(load_spec(path)).tasks)


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_example_specs_begin_with_the_line_that_editors_read(path: Path) -> None:
    """The modeline names a schema that is there."""
    modeline = path.read_text(encoding="utf-8").split("\n")[0]
    assert modeline == "# yaml-language-server: $schema=../schemas/spec.schema.json"
    assert (path.parent / "../schemas/spec.schema.json").is_file()


def test_campaign_is_a_real_campaign() -> None:
    """One example is large enough to show what the tool is for."""
    assert len(planned(load_spec(ROOT / "specs" / "campaign.yaml")).tasks) >= 60


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[1].removeprefix("name: "))
def test_examples_in_the_docs_are_complete_specs(block: str) -> None:
    """Whoever copies an example from the docs has a spec that can be planned."""
    assert planned(parse_spec(ROOT / "specs" / "from-the-docs.yaml", block)).tasks


def test_the_docs_name_every_key() -> None:
    """No key of the language is missing from the guide."""
    from flux_batch.spec.schema.published import breaches

    text = DOCS.read_text(encoding="utf-8")
    (unknown,) = (each for each in breaches({"version": 1, "?": 1}, "spec") if each.keyword == "additionalProperties")
    assert [key for key in unknown.schema["properties"] if f"`{key}" not in text] == []


@pytest.mark.parametrize(
    ("block", "images"),
    [
        *(("mugs", 32), ("not-everything", 6), ("from-a-picture", 4), ("seasons", 10)),
        *(("from-a-table", 6), ("in-step", 4), ("and-a-banner", 6)),
    ],
)
def test_the_docs_count_right(block: str, images: int) -> None:
    """The sums in the docs are what the plan makes of the examples."""
    text = next(each for each in BLOCKS if f"name: {block}\n" in each)
    assert len(planned(parse_spec(ROOT / "specs" / "from-the-docs.yaml", text)).tasks) == images
