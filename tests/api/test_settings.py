"""Base URLs in every form, and a key that shows itself nowhere."""

from __future__ import annotations

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from flux_batch.api.settings import Secret, api_settings, is_loopback, normal_base, settings_from
from flux_batch.errors import UsageError

from .kit import KEY

BASES = {
    "https://toapis.com": "https://toapis.com/v1",
    "https://toapis.com/": "https://toapis.com/v1",
    "https://toapis.com/v1": "https://toapis.com/v1",
    "https://toapis.com/v1/": "https://toapis.com/v1",
    "  https://toapis.com/v1\n": "https://toapis.com/v1",
    "https://toapis.cn": "https://toapis.cn/v1",
    "https://api.toapis.com/v1/": "https://api.toapis.com/v1",
    "https://api.toapis.cn": "https://api.toapis.cn/v1",
    "HTTPS://ToAPIs.com": "https://ToAPIs.com/v1",
    "https://gateway.example:8443/toapis": "https://gateway.example:8443/toapis/v1",
    "https://gateway.example/toapis/v1/": "https://gateway.example/toapis/v1",
    "https://v1": "https://v1/v1",
    "https://[2606:4700::6810:84e5]/v1": "https://[2606:4700::6810:84e5]/v1",
    "http://127.0.0.1:8787": "http://127.0.0.1:8787/v1",
    "http://127.0.0.1:8787/v1/": "http://127.0.0.1:8787/v1",
    "http://127.8.9.10": "http://127.8.9.10/v1",
    "http://localhost:8787/v1": "http://localhost:8787/v1",
    "http://LOCALHOST": "http://LOCALHOST/v1",
    "http://[::1]:8787": "http://[::1]:8787/v1",
    "http://[::1]": "http://[::1]/v1",
}

REFUSED = [
    "toapis.com",
    "//toapis.com",
    "ftp://toapis.com",
    "file:///etc/passwd",
    "https://",
    "https:///v1",
    "http://toapis.com",
    "http://10.0.0.1",
    "http://0.0.0.0",
    "http://localhost.example",
    "http://127.0.0.1.nip.io",
    "http://2130706433",
    "http://[::2]",
    "https://user:pass@toapis.com",
    "https://user@toapis.com",
    "https://@toapis.com",
    "http://localhost@toapis.com",
    "https://toapis.com?x=1",
    "https://toapis.com/#v1",
    "https://[::1",
    "https://toapis.com:abc",
    "https://toapis.com:99999",
    "https://to apis.com",
    "https://to\x00apis.com",
    "https://a..b",
    f"https://{'a' * 64}.com",
]

BAD_KEYS = [
    "sk-canary new",
    "sk-canary\nX-Evil: 1",
    "sk-canary\r\nHost: evil",
    "sk-canary\ttab",
    "sk-canary\x00",
    "sk-canary\x7f",
    "sk-canary-é",
    "sk-canary-“quoted”",
    "sk-canary\u200bzero-width",
    "Bearer sk-canary",
    "sk-canary-\ud800",
    "sk-canary" + "x" * 512,
]


@pytest.mark.parametrize(("base", "normal"), BASES.items())
def test_a_base_in_any_form_ends_with_one_v1(base: str, normal: str) -> None:
    """With or without ``/v1``, slash, port, path; and normalizing twice changes nothing."""
    assert normal_base(base) == normal
    assert normal_base(normal) == normal


@pytest.mark.parametrize("base", REFUSED, ids=ascii)
def test_other_bases_are_refused_with_a_reason(base: str) -> None:
    """Never a traceback of a URL parser, and never plain http to another machine."""
    with pytest.raises(UsageError, match=r"^TOAPIS_BASE_URL must be"):
        normal_base(base)


def test_only_this_machine_is_loopback() -> None:
    """By name or number; look-alikes are not."""
    assert all(map(is_loopback, ["localhost", "127.0.0.1", "127.255.0.1", "::1", "[::1]"]))
    assert not any(map(is_loopback, ["", "local", "0.0.0.0", "::", "127.1", "localhost.com", "::ffff:8.8.8.8"]))


def test_the_environment_is_read() -> None:
    """The key, the base, and whether it is this machine."""
    far = settings_from({"TOAPIS_API_KEY": f" {KEY}\n"})
    assert (far.base_url, far.key.reveal(), far.loopback) == ("https://toapis.com/v1", KEY, False)
    near = settings_from({"TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": "http://[::1]:9"})
    assert (near.base_url, near.loopback) == ("http://[::1]:9/v1", True)
    assert settings_from({"TOAPIS_API_KEY": KEY, "TOAPIS_BASE_URL": ""}).base_url == "https://toapis.com/v1"


@pytest.mark.parametrize("missing", [{}, {"TOAPIS_API_KEY": ""}, {"TOAPIS_API_KEY": " \n"}])
def test_a_missing_key_names_the_way_without_one(missing: dict[str, str]) -> None:
    """Nobody needs a key to try."""
    with pytest.raises(UsageError, match=r"TOAPIS_API_KEY is not set.*rehearse"):
        settings_from(missing)


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_a_bad_key_is_refused_without_being_repeated(key: str) -> None:
    """Header libraries print what they refuse; so no such key ever reaches one."""
    with pytest.raises(UsageError, match="TOAPIS_API_KEY is not a key") as caught:
        api_settings("https://toapis.com", key)
    told = "".join(traceback.format_exception(caught.value))
    assert "canary" not in told
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize("base", [f"https://{KEY}@toapis.com", f"http://toapis.com/{KEY}", KEY, f"https://x?{KEY}"])
def test_a_key_in_the_base_is_not_repeated(base: str) -> None:
    """Pasting the key into the wrong variable happens."""
    with pytest.raises(UsageError) as caught:
        api_settings(base, KEY)
    assert KEY not in str(caught.value)


def test_a_secret_does_not_show_itself(caplog: pytest.LogCaptureFixture) -> None:
    """In no text that Python makes of it, alone or inside the settings."""
    secret = Secret(KEY)
    settings = api_settings("https://toapis.com", KEY)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("x").warning("%s %r %a %s", secret, secret, secret, settings)
    shown = [
        *(repr(secret), str(secret), ascii(secret), f"{secret}", f"{secret!r}", f"{[secret]}", "%s" % secret),  # noqa: UP031
        *(repr(settings), str(settings), f"{settings}", pprint.pformat(settings), str({"key": secret})),
        caplog.text,
    ]
    assert [text for text in shown if KEY in text] == []
    assert "Secret(…)" in repr(settings)
    assert secret.reveal() == KEY


def test_a_secret_leaves_in_no_other_shape() -> None:
    """Not as JSON, not in a pickle, not in a deep copy of the settings, not as an attribute dictionary."""
    settings = api_settings("https://toapis.com", KEY)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(settings.key, protocol)
    takers: list[Callable[[Any], object]] = [json.dumps, vars, copy.copy, copy.deepcopy, list, len, bytes]
    for take in takers:
        with pytest.raises(TypeError):
            take(settings.key)
    with pytest.raises(TypeError):
        dataclasses.asdict(settings)


def test_secrets_are_equal_when_the_keys_are() -> None:
    """And usable in a set."""
    assert Secret(KEY) == Secret(KEY) != Secret("sk-other")
    assert Secret(KEY) != KEY
    assert len({Secret(KEY), Secret(KEY)}) == 1
