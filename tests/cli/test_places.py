"""Commands typed where they cannot work, in a folder that is gone or closed: a sentence, and no bug of ours."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from flux_batch.run.store.state import FILE

from .kit import CANARY, Desk

ROOT: Final = Path(__file__).parents[2]
SPEC: Final = ROOT / "specs" / "quickstart.yaml"
NOBODY: Final = 65534
TINY: Final = 'version: 1\nname: tiny\nprompt: a mug\nratios: ["1:1"]\n'

FROM_ANYWHERE: Final = (
    ["plan", str(SPEC)],
    ["plan", str(SPEC), "-o", "plan.json"],
    ["rehearse", str(SPEC)],
    ["why", "images/mug.png"],
    ["init"],
    ["doctor"],
)
"""Commands that look for something of theirs in the present folder."""


def typed(before: str, arguments: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    """What a shell does with it, in a folder that ``before`` has done something to."""
    command = f"{before}; exec {shlex.join([sys.executable, '-m', 'flux_batch', *arguments])}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOAPIS_API_KEY": CANARY, "FLUX_BATCH_DEBUG": ""}
    environment["TOAPIS_BASE_URL"] = "http://127.0.0.1:9"
    done = subprocess.run(
        ["sh", "-c", command], cwd=home, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (0, 1, 2, 4), done.stderr
    assert "Traceback" not in done.stderr
    assert "bug of ours" not in done.stderr
    return done


@pytest.mark.parametrize("arguments", FROM_ANYWHERE, ids=" ".join)
def test_in_a_folder_that_is_gone(arguments: list[str], tmp_path: Path) -> None:
    """Somebody has deleted it, or the drive is away."""
    home = tmp_path / "away"
    home.mkdir()
    done = typed(f"rmdir {shlex.quote(str(home))}", arguments, home)
    if arguments[-1] == "plan.json":
        assert (done.returncode, "cd to a folder that is there" in done.stderr) == (4, True), done.stderr


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="takes another user's rights")
@pytest.mark.parametrize("arguments", FROM_ANYWHERE, ids=" ".join)
def test_in_a_folder_that_may_not_be_read(arguments: list[str], tmp_path: Path) -> None:
    """Another user's."""
    home = tmp_path / "closed"
    home.mkdir()
    become = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {shlex.quote(sys.executable)}"
    if subprocess.run(
        [*shlex.split(become), "-c", "import flux_batch"], cwd="/", check=False, capture_output=True
    ).returncode:
        pytest.skip("Python itself is closed to other users here")
    home.chmod(0)
    done = typed(f"exec {become} -m flux_batch {shlex.join(arguments)}", [], home)
    if arguments[0] == "plan":
        assert (done.returncode, "Permission denied" in done.stderr) == (4, True), done.stderr


def test_a_state_file_that_is_empty_empties_no_report(desk: Desk) -> None:
    """The manifest may be all that is left to say what was bought."""
    desk.write("tiny.yaml", TINY)
    assert desk("rehearse", "tiny.yaml", "--out", "run").code == 0
    (desk.home / "run" / FILE).write_bytes(b"")
    before = (desk.home / "run" / "manifest.json").read_bytes()
    for command in ("report", "status", "verify", "export"):
        done = desk(command, "run")
        assert (done.code, f"has no {FILE}, but images of an earlier run" in done.err) == (4, True), (command, done.err)
    assert (desk.home / "run" / "manifest.json").read_bytes() == before
