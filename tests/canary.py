"""The canary: a dummy key is looked for in every byte that a test wrote or said. Where it turns up, the test fails."""

from __future__ import annotations

import base64
import html
import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

DUMMIES = (
    "sk-test-0123456789",
    "sk-canary-7f3a9e51c2d84b60",
    "sk-independent-0123456789",
    "sk-canary-0123456789abcdef",
    "sk-parrot/7f3+9e51'c2d8=4b60",
)
"""Every key that a test uses as if it were somebody's."""


@cache
def spellings(key: str) -> tuple[bytes, ...]:
    """A key as it is, and as headers, URLs, JSON, HTML and Python write it. On purpose not the product's own."""
    data = key.encode()
    packed = {base64.b64encode(data), base64.urlsafe_b64encode(data), data.hex().encode(), key.encode("utf-16-le")}
    # Base64 of "Bearer <key>" and the like: the part that does not depend on what stands before it.
    inner = {base64.b64encode(b"x" * before + data)[4:-4] for before in (1, 2)}
    texts = (quote(key, safe=""), quote(key), json.dumps(key)[1:-1], html.escape(key), repr(key)[1:-1])
    return tuple({data, *packed, *inner, *(text.encode() for text in texts), key.replace("/", r"\/").encode()})


def keys_in(data: bytes, keys: Iterable[str] = DUMMIES) -> list[str]:
    """The spellings of any key found there."""
    return [form.decode("latin-1") for key in keys for form in spellings(key) if form in data]


def check_said(*streams: str | bytes | None, keys: Iterable[str] = DUMMIES) -> None:
    """What a process wrote to its streams holds no key."""
    for stream in streams:
        data = stream.encode("utf-8", "replace") if isinstance(stream, str) else stream or b""
        assert not keys_in(data, keys), f"a key was said: {data.decode('utf-8', 'replace')}"


def check_folder(folder: Path, keys: Iterable[str] = DUMMIES) -> None:
    """No file below, and no name of one, holds a key; a database is also read row by row, for its pages cut values."""
    wanted, found = tuple(keys), []
    for path in folder.rglob("*"):
        data = str(path.relative_to(folder)).encode("utf-8", "surrogateescape")
        if path.is_file() and not path.is_symlink():
            data += b"\n" + path.read_bytes() + b"\n".join(_values(path))
        found += [f"{path.relative_to(folder)}: {form}" for form in keys_in(data, wanted)]
    assert not found, f"a key was written: {found}"


# For a conftest to import: the canary then watches every test below it -----------------------------------------------


@pytest.fixture(autouse=True)
def no_key_is_written(tmp_path: Path) -> Iterator[None]:
    """Whatever a test leaves behind, no key is in it."""
    yield
    check_folder(tmp_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that prints or logs a key fails, whoever captured it."""
    report = yield
    said = "\n".join(text for name, text in report.sections if name.startswith("Captured"))
    if report.passed and (found := keys_in(said.encode("utf-8", "replace"))):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} said a key: {found}"
    return report


def _values(path: Path) -> Iterator[bytes]:
    """Every value of a database, whole."""
    if path.suffix != ".sqlite":
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            db.text_factory = bytes
            tables = [name.decode() for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in db.execute(f'SELECT * FROM "{table}"'):
                    yield from (value for value in row if isinstance(value, bytes))
    except sqlite3.Error:
        return  # a test damaged it on purpose; its bytes were looked at all the same
