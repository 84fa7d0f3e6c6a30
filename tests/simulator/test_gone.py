"""A client that goes away in the middle of a request is nobody's traceback."""

from __future__ import annotations

import asyncio
import logging

import pytest

from .kit import KEY, Start

HALF = (
    "POST /v1/uploads/images HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n"
    "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 100000\r\n\r\n"
    '--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\nhalf of a pic'
)


async def test_a_client_that_goes_away_while_it_uploads_is_quiet(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's own log has nothing to say, and the next client is served."""
    running = await start()
    caplog.set_level(logging.INFO, logger="aiohttp.server")
    port = running.api.base_url.port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HALF.format(key=KEY).encode())
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.1)
    assert (await running.api.get("/balance")).status_code == 200
    assert [record for record in caplog.records if record.name.startswith("aiohttp")] == []
