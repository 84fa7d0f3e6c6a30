"""The floor of a plan: render, hash and insert so many prompts, check nothing and say nothing."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment

TEMPLATE = "Studio photo of {{ product }} on {{ scene }}, soft light"


def rows(count: int) -> Iterator[tuple[int, str, str]]:
    """Position, key and prompt of every image."""
    template = Environment().from_string(TEMPLATE)
    for number in range(count):
        prompt = template.render(product=f"p{number}", scene=f"s{number}", ratio="1:1", model="flux-kontext-pro")
        yield number, hashlib.sha256(prompt.encode()).hexdigest(), prompt


def main() -> None:
    """The first argument is the number of prompts."""
    with tempfile.TemporaryDirectory() as home:
        db = sqlite3.connect(Path(home) / "floor.sqlite")
        db.execute("CREATE TABLE task (position INTEGER, key TEXT PRIMARY KEY, prompt TEXT)")
        db.executemany("INSERT INTO task VALUES (?, ?, ?)", rows(int(sys.argv[1])))
        db.commit()
        db.close()


if __name__ == "__main__":
    main()
