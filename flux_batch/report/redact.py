"""What a shared report must not carry: signed queries, credentials in addresses, and where the author's home is."""

from __future__ import annotations

import re
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

_URL: Final = re.compile(r"(?P<scheme>https?://)(?:[^\s/?#@\"'<>]*@)?(?P<rest>[^\s?#\"'<>]*)[^\s\"'<>]*", re.IGNORECASE)


def without_queries(text: str) -> str:
    """The same text with every URL cut before its query or fragment, and without a user name and password."""
    return _URL.sub(lambda found: found["scheme"] + found["rest"], text)


def relative_name(path: str) -> str:
    """A path as the user gave it, or only its last part when it tells where on the machine it lies."""
    windows = PureWindowsPath(path)
    if PurePosixPath(path).is_absolute():
        return PurePosixPath(path).name
    return windows.name if windows.is_absolute() else path
