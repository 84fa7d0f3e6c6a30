"""A server that says the key back to us, in every place it has: nobody sees it, and no image is lost by it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from PIL import Image

from tests.canary import check_said, keys_in

from .witness import Api, Witness, witness

KEY: Final = "sk-parrot/7f3+9e51'c2d8=4b60"
QUOTED: Final = quote(KEY, safe="")

SPEC: Final = """
version: 1
name: parrot
execution: {submit_rate: 0, poll: {first: 0.05, every: 0.05}}
jobs:
  plain: {prompt: "a {{ thing }}", variables: {thing: [mug, plant, chair]}}
  branded: {prompt: put this logo on a mug, reference: logo.png, ratios: [match_input_image]}
"""


class Parrot(Api):
    """The API, with one bad habit; ``spoilt`` counts the submits it has answered."""

    habit = ""
    spoilt = 0

    def _answer(self, status: int, value: dict[str, Any]) -> None:
        submitted = self.command == "POST" and self.path.endswith("/generations")
        if submitted and self.habit == "unclear":
            self._page(*self._unclear()[self._count() % 4])
        elif submitted and self.habit == "refused":
            message = f"no: Authorization: Bearer {KEY}, see https://files.example/log?sig=s3cret"
            super()._answer(400, {"error": {"code": f"bad_{KEY}", "message": message, "type": "x"}})
        elif self.habit == "failed" and value.get("status") == "completed":
            error = {"code": KEY, "message": f"{QUOTED} https://files.example/a?sig=s3cret", "type": "x"}
            super()._answer(status, {**value, "status": "failed", "error": error})
        else:
            super()._answer(status, self._chatter(value) if self.habit == "talkative" else value)

    def _chatter(self, value: dict[str, Any]) -> dict[str, Any]:
        """Good answers that say more than they should: status words, addresses, the balance."""
        if value.get("status") == "in_progress":
            return {**value, "status": KEY}
        if value.get("status") == "completed":
            url = value["result"]["data"][0]["url"]
            return {**value, "result": {"data": [{"url": f"{url}?key={QUOTED}&again={KEY}&sig=s3cret"}]}}
        if "data" in value:
            return {**value, "data": {**value["data"], "url": f"{value['data']['url']}?key={KEY}"}}
        return {"success": False, "message": f"unknown token {KEY}"} if "remain_balance" in value else value

    def _unclear(self) -> list[tuple[int, str, str]]:
        """The order was taken, and no answer says so: status, body, Location."""
        page = f"<p>Thanks, {KEY}! <a href='https://files.example/a?key={QUOTED}&sig=s3cret'>"
        return [
            (500, json.dumps({"error": {"code": "oops", "message": f"{self.headers}", "type": "x"}}), ""),
            (200, page, ""),
            (307, "", f"{self.witness.base}/v1/elsewhere?key={QUOTED}&again={KEY}"),
            (307, "", f"http://[{KEY}"),
        ]

    def end_headers(self) -> None:
        """Every answer has it in its headers."""
        self.send_header("X-Echo", KEY)
        self.send_header("Set-Cookie", f"session={KEY}; expires=never")
        self.send_header("Retry-After", KEY)
        super().end_headers()

    def _count(self) -> int:
        with self.witness.lock:
            type(self).spoilt += 1
            return self.spoilt

    def _page(self, status: int, text: str, location: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"text/html; key={KEY}")
        self.send_header("Content-Length", str(len(text)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(text.encode())


HABITS: Final = {"talkative": 4, "unclear": 4, "refused": 0, "failed": 0}
"""What it does → how many images come home all the same."""


def flux_batch(home: Path, server: Witness, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as whoever looks for a mistake does."""
    done = subprocess.run(
        [sys.executable, "-m", "flux_batch", *arguments],
        cwd=home,
        env={**os.environ, "TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": server.base, "FLUX_BATCH_DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    check_said(done.stdout, done.stderr)
    assert "s3cret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("habit", HABITS)
def test_a_key_said_back_is_seen_by_nobody(habit: str, tmp_path: Path) -> None:
    """Not in the state, the manifest, the sheet or on a stream; and the file host never gets it."""
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "logo.png")
    manners = type("Spoilt", (Parrot,), {"habit": habit})
    with witness(KEY, manners) as server:
        ran = flux_batch(tmp_path, server, "run", "spec.yaml", "--yes", "--json")
        assert json.loads(ran.stdout)["stored"] == HABITS[habit], ran.stderr
        assert len(server.submits) == 4
        flux_batch(tmp_path, server, "status", "spec.yaml", "--json")
        assert not keys_in("\n".join(server.file_paths).encode(), [KEY])
        assert not [headers for headers in server.file_headers if "Authorization" in headers]
    folder = tmp_path / "runs/parrot"
    shown = [path for path in folder.rglob("*") if path.suffix in {".json", ".html", ".js", ".yaml"}]
    assert len(shown) >= 2
    assert not [path for path in shown if b"s3cret" in path.read_bytes()]


def test_resolve_shows_what_was_answered(tmp_path: Path) -> None:
    """In one line that steers nothing, without the key and without what signs an address."""
    page = f"<p>Thanks,\x1b[2J {KEY}!\n<a href='https://files.example/a?key={QUOTED}&sig=s3cret'>" + "x" * 999

    class Confused(Api):
        """Takes every order, answers with a page, and knows of none afterwards."""

        def _answer(self, status: int, value: dict[str, Any]) -> None:
            if self.command == "POST":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page.encode())
                return
            super()._answer(500 if "generations" in self.path else status, value)

    spec = "version: 1\nname: parrot\nprompt: a mug\n"
    (tmp_path / "spec.yaml").write_text(spec, encoding="utf-8")
    with witness(KEY, Confused) as server:
        command = [sys.executable, "-m", "flux_batch", "run", "spec.yaml", "--yes"]
        environment = {**os.environ, "TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": server.base}
        with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert any("No clear answer" in line for line in process.stderr)
            # The answer is kept before anything else is asked: here, before the run is ended.
            process.terminate()
            process.wait(60)
        listed = flux_batch(tmp_path, server, "resolve", "spec.yaml")
        (opened,) = json.loads(flux_batch(tmp_path, server, "resolve", "spec.yaml", "--json").stdout)["open"]
    (line,) = [line for line in listed.stdout.splitlines() if "the provider answered" in line]
    shown = "the provider answered 200 with: <p>Thanks,\ufffd[2J [key]! <a href='https://files.example/a'>xxx"
    assert line.strip().removeprefix("answer").strip().startswith(shown)
    assert len(line) < 400
    assert (opened["answer"]["status"], opened["answer"]["content_type"]) == (200, "text/html")
    assert opened["answer"]["bytes"] > 1000
    assert opened["answer"]["body"].startswith("<p>Thanks,\x1b[2J [key]!\n")
