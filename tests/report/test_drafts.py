"""A promoted run leads back to its draft, as far as that is there, and nowhere else."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from flux_batch.errors import InvalidSpec
from flux_batch.report.manifest import manifest
from flux_batch.report.picking.drafts import draft_told
from flux_batch.report.write import write_report
from flux_batch.run.records import RunView
from flux_batch.spec.load import parse_spec
from flux_batch.spec.records import Draft, DraftImage

from .conftest import picture_bytes, sha
from .test_manifest import validate

LABEL = "sage mug"


def promoted(view: RunView, way: str, file: str = "images/a #1.png") -> RunView:
    """The run as one whose sage mugs were picked from a draft."""
    image = DraftImage(id="draft-007", sha256=sha("a"), file=file)
    return replace(
        view, draft=Draft(run="drafts", folder=way, axis="product", images={LABEL: (image,), "gone": (image,)})
    )


@pytest.fixture
def draft(folder: Path) -> Path:
    """A draft's run folder beside the run's."""
    home = folder.parent / "java script: draft"
    (home / "images").mkdir(parents=True)
    (home / "index.html").touch()
    (home / "images" / "a #1.png").write_bytes(picture_bytes("draft", (64, 48)))
    return home


def test_links(spring: RunView, folder: Path, draft: Path) -> None:
    """To its sheet and to each picked image, by an address that no name can turn into another."""
    told = draft_told(promoted(spring, f"../{draft.name}"), folder)
    assert told
    (image,) = told.images
    assert told.page == "../java%20script%3A%20draft/index.html"
    assert image.href == "../java%20script%3A%20draft/images/a%20%231.png"
    assert image.tiles == tuple(
        index for index, entry in enumerate(spring.entries) if entry.task.axes["product"] == LABEL
    )


def test_both_were_copied_elsewhere(spring: RunView, folder: Path, draft: Path) -> None:
    """The draft is found beside the run."""
    told = draft_told(promoted(spring, f"../../somewhere/else/{draft.name}"), folder)
    assert told
    assert told.page == "../java%20script%3A%20draft/index.html"


def test_a_draft_that_is_gone_is_named_without_links(spring: RunView, folder: Path, draft: Path) -> None:
    """What was picked is still said."""
    shutil.rmtree(draft)
    told = draft_told(promoted(spring, f"../{draft.name}"), folder)
    assert told
    assert (told.run, told.page, told.images[0].href) == ("drafts", "", "")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"file": "../../../etc/passwd"}, "is not a path below the draft's run folder"),
        ({"file": "/etc/passwd"}, "is not a path below the draft's run folder"),
        ({"file": "images\\..\\x"}, "is not a path below the draft's run folder"),
        ({"file": None}, "`file`"),
        ({"sha256": "x"}, "is not 64 digits"),
        ({"more": 1}, "unknown key `more`"),
    ],
)
def test_a_draft_that_leads_astray_is_refused(change: dict[str, object], said: str, tmp_path: Path) -> None:
    """With its place, as everything in a spec."""
    image = {"id": "a", "sha256": sha("a"), "file": "images/a.png"} | change
    draft = {"run": "x", "folder": "runs/x", "axis": "image", "images": {"mug": [image]}}
    with pytest.raises(InvalidSpec) as caught:
        parse_spec(tmp_path / "a.yaml", json.dumps({"version": 1, "name": "a", "prompt": "A mug", "draft": draft}))
    assert said in caught.value.problems[0].message


@pytest.mark.parametrize(
    "draft", [None, 1, [], {}, {"run": "x"}, {"run": "x", "folder": "x", "axis": "x", "images": 1}]
)
def test_half_a_draft_is_refused(draft: object, tmp_path: Path) -> None:
    """Never by a traceback."""
    with pytest.raises(InvalidSpec):
        parse_spec(tmp_path / "a.yaml", json.dumps({"version": 1, "name": "a", "prompt": "A mug", "draft": draft}))


def test_manifest_and_page(spring: RunView, folder: Path, draft: Path) -> None:
    """Both say it; a run that was not promoted says nothing."""
    view = promoted(spring, f"../{draft.name}")
    document = manifest(view)
    validate(document)
    assert document["draft"] == {"run": "drafts", "folder": f"../{draft.name}"}
    told = [task.get("draft") for task in document["tasks"]]
    assert told[0] == [{"id": "draft-007", "sha256": sha("a")}]
    assert told[5] is None
    assert "draft" not in manifest(spring)
    write_report(view, folder)
    assert 'href="../java%20script%3A%20draft/index.html">drafts</a>' in (folder / "index.html").read_text("utf-8")
    data = (folder / "data.js").read_text("utf-8")
    assert json.loads(data.removeprefix("globalThis.fluxBatch = ").rstrip(";\n"))["draft"]["run"] == "drafts"
