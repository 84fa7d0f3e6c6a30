"""Where the API is and with which key: read from the environment, checked before any client exists."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from flux_batch.errors import UsageError

KEY_VARIABLE: Final = "TOAPIS_API_KEY"
BASE_VARIABLE: Final = "TOAPIS_BASE_URL"
DEFAULT_BASE: Final = "https://toapis.com/v1"

_KEY = re.compile(r"[\x21-\x7e]{4,512}")
_HOST = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?|[0-9a-f:.]*:[0-9a-f:.]*")
"""A name made of labels, or an IPv6 address."""


class Secret:
    """A key that does not show itself: ``repr``, ``str``, formatting and pickling give none of it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one header that carries it."""
        return self._value

    def __repr__(self) -> str:
        """Never the key."""
        return "Secret(…)"

    def __reduce__(self) -> str:
        """Never into a pickle."""
        raise TypeError("a Secret is not pickled")

    def __eq__(self, other: object) -> bool:
        """Same key."""
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """As equality."""
        return hash(self._value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """``base_url`` ends with ``/v1`` and without a slash; ``loopback`` says whether it is this machine."""

    base_url: str
    key: Secret
    loopback: bool


def settings_from(environ: Mapping[str, str]) -> ApiSettings:
    """Read ``TOAPIS_API_KEY`` and ``TOAPIS_BASE_URL``; raises UsageError, and never repeats the key."""
    return api_settings(environ.get(BASE_VARIABLE, "") or DEFAULT_BASE, environ.get(KEY_VARIABLE, ""))


def api_settings(base: str, key: str) -> ApiSettings:
    """Check a base URL and a key; raises UsageError, and never repeats the key."""
    base_url = normal_base(base)
    return ApiSettings(
        base_url=base_url, key=_checked_key(key), loopback=is_loopback(urlsplit(base_url).hostname or "")
    )


def normal_base(base: str) -> str:
    """The base with exactly one ``/v1`` at its end; https, or http on this machine."""
    url = _parts(base.strip())
    host = (url.hostname or "") if url is not None else ""
    if url is None or url.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        raise UsageError(f"{BASE_VARIABLE} must be a URL like {DEFAULT_BASE}")
    if "@" in url.netloc or url.query or url.fragment:
        raise UsageError(f"{BASE_VARIABLE} must be a plain URL, without a user, a ? or a #")
    if url.scheme == "http" and not is_loopback(host):
        raise UsageError(f"{BASE_VARIABLE} must begin with https:// (http is for a server on this machine)")
    path = url.path.rstrip("/").removesuffix("/v1")
    return f"{url.scheme}://{url.netloc}{path}/v1"


def _parts(base: str) -> SplitResult | None:
    """The URL taken apart; None when a bracket does not close or the port is not one."""
    try:
        url = urlsplit(base)
        _ = url.port
    except ValueError:
        return None
    return url


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _checked_key(key: str) -> Secret:
    key = key.strip()
    if not key:
        raise UsageError(
            f"{KEY_VARIABLE} is not set. Set it to your ToAPIs key, or try `flux-batch rehearse`: it needs none"
        )
    if not _KEY.fullmatch(key):
        raise UsageError(f"{KEY_VARIABLE} is not a key: it holds a space, a line break or a letter outside ASCII")
    return Secret(key)
