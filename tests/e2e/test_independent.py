"""The same commands against a server we did not build the client on: every file is the picture of its own request."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.canary import check_said

from .witness import SIZES, Witness, colour, witness

KEY = "sk-independent-0123456789"

SPEC = """
version: 1
name: independent
variables:
  thing: [mug, teapot, chair, lamp]
models: [flux-kontext-pro, flux-kontext-max]
ratios: ["1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21"]
execution: {submit_rate: 0, poll: {first: 0.1, every: 0.1}}
jobs:
  plain: {prompt: "a {{ thing }} on a table"}
  branded:
    prompt: put this logo on a {{ thing }}
    reference: logo.png
    models: [flux-kontext-pro]
    ratios: [match_input_image]
  winter: {prompt: make it winter, edit: branded}
  framed: {prompt: add a frame, edit: winter}
"""


@pytest.fixture
def server() -> Iterator[Witness]:
    """The independent server."""
    with witness(KEY) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project with one shared reference image."""
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "logo.png")
    return tmp_path


def flux_batch(home: Path, server: Witness, *arguments: str) -> dict[str, Any]:
    """Run a command; its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "flux_batch", *arguments, "--json"],
        cwd=home,
        env={**os.environ, "TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": server.base},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    check_said(done.stdout, done.stderr)
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    return value


def test_everything_against_a_server_of_another_make(home: Path, server: Witness) -> None:
    """2 models x 9 ratios x 4 prompts, a shared reference, a chain of three; then nothing is left to buy."""
    planned = flux_batch(home, server, "plan", "spec.yaml")
    assert (planned["tasks"], planned["uploads"], server.requests) == (72 + 3 * 4, 1, 0)

    ran = flux_batch(home, server, "run", "spec.yaml", "--yes")
    assert (ran["stored"], len(server.submits)) == (84, 84)
    assert ran["observed"] == ran["spent"] == "3.36"
    assert server.uploads == [(home / "logo.png").read_bytes()]
    assert not [headers for headers in server.file_headers if "Authorization" in headers]
    check_pictures(home / "runs/independent", server)

    before = server.requests
    again = flux_batch(home, server, "run", "spec.yaml", "--yes")
    assert (again["stored"], again["spent_now"], server.requests) == (84, "0.00", before)


def check_pictures(folder: Path, server: Witness) -> None:
    """Each file in the manifest has its hash, and the colour and shape of its own request."""
    tasks = json.loads((folder / "manifest.json").read_text())["tasks"]
    urls = {task["id"]: f"{server.files}/generated/{task['remote_id']}.png" for task in tasks}
    logo = f"{server.files}/uploads/1.png"
    for task in tasks:
        path = folder / task["file"]["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == task["file"]["sha256"]
        source = {"plain": "", "branded": logo}.get(task["job"], "") or parent_url(task, tasks, urls)
        with Image.open(path) as image:
            assert image.getpixel((5, 5)) == colour(task["model"], task["prompt"], task["size"], source)
            assert image.size == SIZES.get(task["size"], (64, 64))


def parent_url(task: dict[str, Any], tasks: list[dict[str, Any]], urls: dict[str, str]) -> str:
    """The URL of the picture that a task of the chain edits."""
    parent_job = {"winter": "branded", "framed": "winter"}.get(task["job"])
    if parent_job is None:
        return ""
    parents = [
        each["id"] for each in tasks if each["job"] == parent_job and each["axes"]["thing"] == task["axes"]["thing"]
    ]
    assert len(parents) == 1
    return urls[parents[0]]
