"""The guard of the whole suite: nothing but loopback can be reached."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import aiohttp
import httpx
import pytest

AWAY = ["http://192.0.2.1/", "http://example.com/", "http://[2001:db8::1]/"]


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com"])
def test_a_plain_socket_goes_nowhere(host: str, network_attempts: list[str]) -> None:
    """By number and by name, with every way to connect."""
    with pytest.raises(RuntimeError, match=f"tried to reach '{host}'"):
        socket.create_connection((host, 80), timeout=0.1)
    with socket.socket() as sock, pytest.raises(RuntimeError, match="tried to reach"):
        sock.connect_ex((host, 80))
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(RuntimeError, match="tried to reach"):
        sock.sendto(b"?", (host, 53))
    with pytest.raises(RuntimeError, match="tried to reach"):
        socket.gethostbyname("example.com")
    assert len(network_attempts) == 4
    network_attempts.clear()


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com"])
async def test_asyncio_goes_nowhere(host: str, network_attempts: list[str]) -> None:
    """Asyncio resolves and connects through the same two doors."""
    with pytest.raises(RuntimeError, match=f"tried to reach '{host}'"):
        await asyncio.open_connection(host, 80)
    assert network_attempts == [host]
    network_attempts.clear()


@pytest.mark.parametrize("url", AWAY)
async def test_aiohttp_goes_nowhere(url: str, network_attempts: list[str]) -> None:
    """It cannot take the guard for a bad connection."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(RuntimeError, match="tried to reach"):
            await session.get(url)
    assert network_attempts
    network_attempts.clear()


@pytest.mark.parametrize("url", AWAY)
def test_httpx_goes_nowhere(url: str, network_attempts: list[str]) -> None:
    """Nor can this one."""
    with httpx.Client(trust_env=False) as client, pytest.raises(RuntimeError, match="tried to reach"):
        client.get(url)
    assert network_attempts
    network_attempts.clear()


def test_loopback_is_open() -> None:
    """By number, by name, and over IPv6's way to write it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, port), timeout=1).close()


def test_a_name_that_cannot_exist_is_unknown(network_attempts: list[str]) -> None:
    """``.invalid`` is answered without asking anyone, so that tests may look for the unknown."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("nowhere.invalid", 443)
    assert network_attempts == []


def test_a_suite_under_the_guard(tmp_path: Path) -> None:
    """A test that swallows the guard's error fails all the same, and none sees the key or proxy of its shell."""
    shutil.copy(Path(__file__).parents[1] / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(dedent(INNER), encoding="utf-8")
    environment = {**os.environ, "TOAPIS_API_KEY": "sk-of-yours", "toapis_base_url": "x", "HTTPS_PROXY": "http://p"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", tmp_path],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed, 1 error" in done.stdout, done.stdout
    assert "this test tried to reach 192.0.2.1" in done.stdout


INNER = """
    import os, socket

    def test_swallows():
        try:
            socket.create_connection(("192.0.2.1", 80), timeout=0.1)
        except Exception:
            pass

    def test_environment():
        assert not [name for name in os.environ if name.upper().startswith("TOAPIS_") or name == "HTTPS_PROXY"]
"""
