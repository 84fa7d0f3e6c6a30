"""The canary itself: a key that is planted is found, wherever and however it is written."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canary import check_folder, check_said

PLANTED = "sk-parrot/planted+by+hand"
"""Not among the keys that are looked for in this test's own folder."""

SPELT = {
    "plain": PLANTED.encode(),
    "header": base64.b64encode(f"Bearer {PLANTED}".encode()),
    "base64": base64.b64encode(PLANTED.encode()),
    "url": quote(PLANTED, safe="").encode(),
    "json": PLANTED.replace("/", r"\/").encode(),
    "utf-16": PLANTED.encode("utf-16-le"),
    "hex": PLANTED.encode().hex().encode(),
}


@pytest.mark.parametrize("spelling", SPELT)
@pytest.mark.parametrize("name", ["manifest.json", "deep/down/index.html", "picture.png"])
def test_a_planted_key_is_found_in_any_file(tmp_path: Path, spelling: str, name: str) -> None:
    """In whatever spelling, in the middle of whatever bytes."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\x00\xff" * 99 + SPELT[spelling] + b"\xff" * 99)
    with pytest.raises(AssertionError, match="a key was written"):
        check_folder(tmp_path, [PLANTED])


def test_a_planted_key_is_found_where_a_database_cuts_it_in_two(tmp_path: Path) -> None:
    """A long value lies on many pages; wherever one of them ends, the key is seen."""
    path = tmp_path / "state.sqlite"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE answer (body BLOB)")
        db.executemany(
            "INSERT INTO answer VALUES (?)", [(b"x" * at + PLANTED.encode(),) for at in range(4000, 4200, 9)]
        )
        db.commit()
    with pytest.raises(AssertionError, match="a key was written"):
        check_folder(tmp_path, [PLANTED])


def test_a_planted_key_is_found_in_a_name(tmp_path: Path) -> None:
    """A folder called like it would be shown in every list."""
    (tmp_path / PLANTED.replace("/", "-")).mkdir()
    with pytest.raises(AssertionError, match="a key was written"):
        check_folder(tmp_path, [PLANTED.replace("/", "-")])


def test_a_planted_key_is_found_in_what_is_said() -> None:
    """On either stream."""
    with pytest.raises(AssertionError, match="a key was said"):
        check_said("fine", f"error: Bearer {PLANTED}".encode(), keys=[PLANTED])
    check_said("fine", b"", None, keys=[PLANTED])
