"""The manifest: valid by its schema, whole, and silent about secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flux_batch.plan.records import Reference
from flux_batch.report.manifest import manifest, write_manifest
from flux_batch.run.records import Entry, Failure, Phase, RunView

from .conftest import PRICE, make_task, make_view, sha, stored, unstored

SCHEMA = Path(__file__).parents[2] / "schemas" / "manifest.schema.json"
AXES = {"scene": "linen", "model": "flux-kontext-pro", "ratio": "1:1", "n": "1"}


def validate(document: dict[str, Any]) -> None:
    """Against the published schema, by way of real JSON."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(json.dumps(document)))


def test_the_schema_is_a_schema_and_closed() -> None:
    """Every object in it names its fields, and takes no others."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    objects = [schema, *(each for each in schema["$defs"].values() if each.get("type") == "object")]
    assert all(each["additionalProperties"] is False for each in objects)


def test_a_run_is_valid(spring: RunView) -> None:
    """A run with images, failures and an edit fits the schema."""
    validate(manifest(spring))


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_valid(phase: Phase) -> None:
    """The schema knows every phase a purchase can be in."""
    view = make_view((unstored(make_task(1, AXES), phase, Failure(code="x", message="y")),))
    document = manifest(view)
    validate(document)
    assert document["tasks"][0]["status"] == phase.value


def test_a_task_says_everything(spring: RunView, folder: Path) -> None:
    """The first task carries its request, its file and its times."""
    task = manifest(spring)["tasks"][0]
    assert task["axes"]["product"] == "sage mug"
    assert (task["cost"], task["attempts"], task["remote_id"]) == ("0.04", 1, "task_img_hero-001")
    assert task["times"]["stored"] == "2026-11-23T11:59:21.000Z"
    assert sha((folder / task["file"]["path"]).read_bytes()) == task["file"]["sha256"]


def test_a_suspect_file_says_why(spring: RunView) -> None:
    """Three purchases with the same bytes; a file that nothing is wrong with has no such field."""
    first = spring.entries[0].purchase.file
    assert first
    entries = tuple(
        replace(entry, purchase=replace(entry.purchase, file=first)) if number in (4, 8) else entry
        for number, entry in enumerate(spring.entries)
    )
    document = manifest(replace(spring, entries=entries))
    validate(document)
    said = [(task["file"] or {}).get("suspect") for task in document["tasks"]]
    assert [number for number, reason in enumerate(said) if reason] == [0, 4, 8]
    assert said[0] == "3 purchases brought the very same bytes"
    assert not any("suspect" in (task["file"] or {}) for task in manifest(spring)["tasks"])


def test_what_was_paid_and_given_up_costs_what_it_cost(spring: RunView) -> None:
    """A failed task costs nothing, unless the provider had taken it and a person gave it up."""
    given_up = replace(
        spring.entries[0].purchase, phase=Phase.FAILED, failure=Failure(code="abandoned", message="by hand")
    )
    document = manifest(replace(spring, entries=(replace(spring.entries[0], purchase=given_up), *spring.entries[1:])))
    validate(document)
    assert (document["tasks"][0]["cost"], document["tasks"][0]["file"]) == ("0.04", None)
    assert document["totals"]["cost"] == document["totals"]["spent"] == "0.44"


def test_costs_add_up_when_tasks_share_an_image(spring: RunView) -> None:
    """Two tasks with one key show one file; only the first one costs."""
    first = spring.entries[0]
    twin = Entry(task=replace(first.task, id="copy-001", job="copy"), purchase=first.purchase)
    document = manifest(replace(spring, entries=(*spring.entries, twin)))
    validate(document)
    last = document["tasks"][-1]
    assert (last["shared_with"], last["cost"], last["file"]) == ("hero-001", "0.00", document["tasks"][0]["file"])
    costs = sum(Decimal(task["cost"]) for task in document["tasks"])
    assert costs == Decimal(document["totals"]["cost"]) == spring.spent


def test_nothing_secret_is_told(spring: RunView) -> None:
    """No result URL, no signed query, no password, and no folder of the author."""
    entry = spring.entries[0]
    reference = Reference(kind="url", source="https://me:pw@cdn.example/a.png?X-Amz-Signature=SECRET#SECRET")
    said = Failure(code="x", message="GET https://files.example/a.png?Signature=SECRET&x=1 failed")
    entry = replace(
        entry, task=replace(entry.task, reference=reference), purchase=replace(entry.purchase, failure=said)
    )
    view = replace(
        spring,
        entries=(entry, *spring.entries[1:]),
        spec_file="/home/alice/clients/acme/spring.yaml",
        base_url="https://user:pw@toapis.com/v1?key=SECRET",
    )
    text = json.dumps(manifest(view))
    assert not [word for word in ("SECRET", "pw@", "alice", "files.example/hero") if word in text]
    assert '"https://cdn.example/a.png"' in text
    assert '"spring.yaml"' in text


def test_a_kept_image_is_marked(spring: RunView) -> None:
    """An image the spec no longer asks for stays, and does not count as a task."""
    entries = (replace(spring.entries[0], wanted=False), *spring.entries[1:])
    document = manifest(replace(spring, entries=entries))
    validate(document)
    assert document["tasks"][0]["wanted"] is False
    assert (document["totals"]["tasks"], document["totals"]["retired"]) == (12, 1)


def test_a_rehearsal_does_not_claim_to_be_ai(spring: RunView) -> None:
    """The simulator's drawings are not labelled as made by a model."""
    document = manifest(replace(spring, rehearsal=True))
    validate(document)
    assert document["tasks"][0]["digital_source_type"] is None
    assert "AI" not in document["disclosure"]


def test_an_edit_is_a_composite(spring: RunView) -> None:
    """IPTC's words differ for an image made from a prompt and one made from another image."""
    tasks = manifest(spring)["tasks"]
    assert tasks[0]["digital_source_type"].endswith("/trainedAlgorithmicMedia")
    assert tasks[12]["digital_source_type"].endswith("/compositeWithTrainedAlgorithmicMedia")


def test_money_is_never_scientific() -> None:
    """A tiny amount stays readable."""
    entry = unstored(replace(make_task(1, AXES), price=Decimal("1E-7")), Phase.PLANNED)
    entry = replace(entry, purchase=replace(entry.purchase, price=None))
    document = manifest(make_view((entry,), spent=Decimal("1E+1")))
    validate(document)
    assert (document["tasks"][0]["price"], document["totals"]["spent"]) == ("0.0000001", "10.00")


def test_writing_twice_changes_nothing(spring: RunView, folder: Path) -> None:
    """The second write leaves the very same file."""
    path = write_manifest(spring, folder)
    before = path.stat()
    write_manifest(spring, folder)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [each.name for each in folder.glob(".*")] == []


def test_an_empty_run_is_valid() -> None:
    """A run without tasks has a manifest too."""
    validate(manifest(make_view((), budget_max=None, spent=PRICE * 0)))


def test_odd_characters_survive(folder: Path, spring: RunView) -> None:
    """A prompt's own characters are kept; half a surrogate does not break the file."""
    entry = replace(stored(make_task(1, AXES, prompt="naïve 茶 \u202e\u2028 \ud800"), spring.entries[0].purchase.file))  # type: ignore[arg-type]
    path = write_manifest(make_view((entry,)), folder)
    prompt = json.loads(path.read_text("utf-8"))["tasks"][0]["prompt"]
    assert prompt == "naïve 茶 \u202e\u2028 ?"
