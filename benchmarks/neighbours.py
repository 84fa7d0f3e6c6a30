"""What people use instead, on the same provider and in turn: a script on plain httpx, and promptfoo.

    python neighbours.py [--images N] [--rounds N] [--promptfoo PATH]

``--promptfoo`` is the program of an installed promptfoo (``npm install promptfoo``); without it that row is left out.
Its provider is twenty lines of JavaScript that submit, poll, download and save.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measure import HERE, Figures, measure, provider, workplace
from run import ours_in, write_spec

FLIGHT = 400

PROVIDER = """
const fs = require('fs');
const base = process.env.TOAPIS_BASE_URL, key = process.env.TOAPIS_API_KEY;
const headers = {Authorization: `Bearer ${key}`, 'Content-Type': 'application/json'};
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
let count = 0;
module.exports = class {
  id() { return 'toapis'; }
  async callApi(prompt) {
    const body = JSON.stringify({model: 'flux-kontext-pro', prompt, size: '1:1'});
    const sent = await fetch(`${base}/v1/images/generations`, {method: 'POST', headers, body});
    const {id} = await sent.json();
    await sleep(1000);
    const ask = async () => (await fetch(`${base}/v1/images/generations/${id}`, {headers})).json();
    let found;
    while ((found = await ask()).status !== 'completed') await sleep(200);
    const file = `image-${count++}.png`;
    fs.writeFileSync(file, Buffer.from(await (await fetch(found.result.data[0].url)).arrayBuffer()));
    return {output: file};
  }
};
"""


def write_promptfoo(home: Path, images: int) -> None:
    """Its configuration: one prompt, a test for each image."""
    (home / "provider.js").write_text(PROVIDER)
    tests = [{"vars": {"number": f"n{number}"}} for number in range(images)]
    config = {"prompts": ["a {{number}}"], "providers": ["file://provider.js"], "tests": tests}
    (home / "promptfooconfig.json").write_text(json.dumps(config))


def promptfoo(program: str, home: Path, environment: dict[str, str]) -> Figures:
    """One evaluation, without cache, telemetry and updates."""
    quiet = {
        "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1",
        "PROMPTFOO_CONFIG_DIR": str(home / "promptfoo"),
    }
    command = [program, "eval", "-c", "promptfooconfig.json", "--no-cache", "--no-table", "--no-progress-bar"]
    return measure([*command, "-j", str(FLIGHT)], {**environment, **quiet}, str(home))


def main() -> None:
    """A row for each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--promptfoo")
    given = parser.parse_args()
    with provider() as environment, workplace() as home:
        write_spec(home, given.images, FLIGHT, 1.0)
        write_promptfoo(home, given.images)
        bare = [sys.executable, str(HERE / "floor_run.py"), str(given.images)]
        script = [sys.executable, str(HERE / "script_httpx.py"), str(given.images)]
        rows: dict[str, Callable[[], Figures]] = {
            "bare aiohttp, keeps nothing": lambda: measure(bare, environment),
            "flux-batch run": lambda: ours_in(home, environment),
            "a script on httpx": lambda: measure(script, environment, home),
        }
        if given.promptfoo:
            rows["promptfoo eval"] = lambda: promptfoo(str(given.promptfoo), home, environment)
        found = [{name: run() for name, run in rows.items()} for _ in range(given.rounds)]
    print(f"{given.images:,} images, {FLIGHT} in flight, 1 s each (median of {given.rounds}, in turn)")
    for name in rows:
        wall, cpu, memory = (median(getattr(each[name], what) for each in found) for what in ("wall", "cpu", "memory"))
        print(f"{name:<30}{wall:>9.1f} s{cpu:>9.1f} CPU-s{memory:>9.0f} MB")


if __name__ == "__main__":
    main()
