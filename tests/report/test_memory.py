"""What a large run weighs: a view holds once what images share, and no file of a report is ever held whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flux_batch.plan.make import make_plan
from flux_batch.report.manifest import write_manifest
from flux_batch.report.page.render import write_page
from flux_batch.report.page.sheet import sheet
from flux_batch.run.store.registry import register
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.spec.load import parse_spec

SIDE = 40
COUNT = 2 * SIDE * SIDE
SPEC = f"""
version: 1
name: large
prompt: "Studio photo of {{{{ cup }}}} on {{{{ scene }}}}, soft light from the left, as if the year were 1970"
variables:
  cup: [{", ".join(f"cup {n}" for n in range(SIDE))}]
  scene: [{", ".join(f"scene {n}" for n in range(SIDE))}]
ratios: ["1:1", "16:9"]
limits: {{max_tasks: {COUNT}}}
"""


class Weighed:
    """Bytes an image: what is held afterwards, and the most that was held besides on the way."""

    held = most = 0.0


@contextmanager
def weighed() -> Iterator[Weighed]:
    """Weigh what is done within."""
    found = Weighed()
    tracemalloc.start()
    try:
        yield found
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    found.held, found.most = held / COUNT, (peak - held) / COUNT


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFile]:
    """A run of some thousand images, none of them begun."""
    spec = parse_spec(tmp_path / "large.yaml", SPEC)
    with StateFile(tmp_path / FILE) as opened:
        register(opened, make_plan(spec), spec, now=1.0)
        yield opened


def test_a_view_holds_once_what_images_share(state: StateFile) -> None:
    """With texts of its own an image weighs two kilobytes, and with all rows read at once another one on the way."""
    with weighed() as found:
        view = state.view()
    assert len(view.entries) == COUNT
    assert found.held < 1_400
    assert found.most < 700


def test_no_file_of_a_report_is_held_whole(state: StateFile, tmp_path: Path) -> None:
    """A manifest has a kilobyte an image, the pages as much; whole, each would be there as text and as bytes."""
    view = state.view()
    made = sheet(view, {})
    for _ in ("new", "unchanged"):
        with weighed() as manifest:
            write_manifest(view, tmp_path)
        with weighed() as page:
            write_page(made, tmp_path)
        assert manifest.most < 800
        assert page.most < 900
