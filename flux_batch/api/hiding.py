"""The key as it may come back to us, and text without it: pure."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote

MARK: Final = "[key]"
SHORTEST: Final = 4
"""Characters; hiding anything shorter would eat holes into every text."""


def hide_key(text: str, key: str) -> str:
    """The text without the key, in whatever spelling it is there."""
    for form in key_forms(key):
        text = text.replace(form, MARK)
    return text


def hide_key_in_bytes(data: bytes, key: str) -> bytes:
    """The same for what may not even be text."""
    for form in key_forms(key):
        data = data.replace(form.encode("utf-8", "replace"), MARK.encode())
    return data


def hide_key_in_json(value: object, key: str) -> object:
    """The same for every text in a JSON value; names stay, for with a short key an answer could not be read."""
    if not key_forms(key):
        return value
    if isinstance(value, str):
        return hide_key(value, key)
    if isinstance(value, list):
        return [hide_key_in_json(each, key) for each in value]
    if isinstance(value, dict):
        return {name: hide_key_in_json(each, key) for name, each in value.items()}
    return value


@lru_cache(maxsize=8)
def key_forms(key: str) -> tuple[str, ...]:
    """The key itself, and as URLs, JSON, HTML, Python and base64 write it; the longest first, none for a short one."""
    if len(key) < SHORTEST:
        return ()
    data, as_json = key.encode("utf-8", "replace"), json.dumps(key)[1:-1]
    packed = {encode(data).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode)}
    written = {quote(data, safe=""), quote(data), as_json, as_json.replace("/", "\\/"), escape(key), repr(key)[1:-1]}
    return tuple(sorted({key} | packed | written, key=len, reverse=True))
