"""The client against the simulator: what is sent, what comes back, and that each call is one request."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import logging
import traceback
import tracemalloc
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flux_batch import __version__
from flux_batch.api.client import KEPT, ApiClient, Timeouts
from flux_batch.api.files import FileClient
from flux_batch.api.uploads import checked_upload, sniff
from flux_batch.api.wire import GenerationRequest, TaskSnapshot
from flux_batch.errors import (
    AccountRejected,
    ApiError,
    NotSent,
    RawAnswer,
    Rejected,
    TaskNotFound,
    Throttled,
    Unclear,
    UsageError,
)
from flux_batch.simulator import Simulator, fault
from flux_batch.spec.vocabulary import UPLOAD_MAX_BYTES

from .conftest import Simulate
from .kit import KEY, QUICK, Heard, answers, client_of, raw_server, says

PNG = b"\x89PNG\r\n\x1a\n"


def order(business_id: str = "fb-1", prompt: str = "a sage green mug, 杯", **fields: Any) -> GenerationRequest:
    """One image to buy."""
    plain: dict[str, Any] = {"model": "flux-kontext-pro", "size": "1:1", "image_url": None, "options": {}}
    return GenerationRequest(**(plain | fields), prompt=prompt, business_id=business_id)


def requests(sim: Simulator) -> dict[str, int]:
    """How many requests came, by place."""
    return dict(Counter(arrival.place for arrival in sim.log.arrivals))


async def test_an_order_from_submit_to_file(sim: Simulator) -> None:
    """Submit, ask by both ids, wait, and fetch: one bill, one file."""
    async with client_of(sim) as client, FileClient(loopback=True) as files:
        accepted = await client.submit(order().body())
        assert not accepted.completed
        assert (await client.status(accepted.id)).id == accepted.id
        sim.clock.advance(1)
        done = await client.status("fb-1")
        assert (done.id, done.completed, done.business_id) == (accepted.id, True, "fb-1")
        assert done.expires_at is not None
        assert done.result_url is not None
        async with files.stream(done.result_url, seconds=5) as chunks:
            content = b"".join([chunk async for chunk in chunks])
    assert sniff(content[:16]) == "image/jpeg"
    assert requests(sim) == {"submit": 1, "status": 2, "file": 1}
    assert len(sim.ledger) == 1


async def test_the_body_is_sent_byte_for_byte(sim: Simulator) -> None:
    """The bytes that were stored are the bytes that were billed."""
    body = order(options={"safety_tolerance": 2, "response_format": "png"}).body()
    odd = json.dumps(json.loads(body), indent=3).encode()
    async with client_of(sim) as client:
        await client.submit(body)
        await client.submit(odd)
    assert [entry.body_sha256 for entry in sim.ledger.entries] == [
        hashlib.sha256(sent).hexdigest() for sent in (body, odd)
    ]


@pytest.mark.parametrize(
    "business_id", ["a/b", "a b", "a?b=c", "a#b", "a%2Fb", "a+b&c;d", "é杯", "a:b@c", "..a", "~'(x)!"]
)
async def test_any_business_id_can_be_asked_for(sim: Simulator, business_id: str) -> None:
    """Quoted so that the server reads exactly it."""
    async with client_of(sim) as client:
        accepted = await client.submit(order(business_id).body())
        assert (await client.status(business_id)).id == accepted.id


async def test_an_unknown_id_is_not_found(sim: Simulator) -> None:
    """In the API's own words."""
    async with client_of(sim) as client:
        with pytest.raises(TaskNotFound, match="404 not_found_error: Task not found"):
            await client.status("task_img_nowhere")


async def test_another_keys_task_is_not_found(sim: Simulator) -> None:
    """A lookup sees the key's own tasks only."""
    async with client_of(sim) as mine, client_of(sim, "sk-of-somebody-else") as theirs:
        accepted = await mine.submit(order().body())
        for name in (accepted.id, "fb-1"):
            with pytest.raises(TaskNotFound):
                await theirs.status(name)


async def test_older_shapes_are_read(simulate: Simulate) -> None:
    """``task_id`` instead of ``id``, and the URL on top."""
    sim = simulate(task_id_key=True, url_on_top=True, early_words=True)
    async with client_of(sim) as client:
        accepted = await client.submit(order().body())
        assert accepted.id.startswith("task_img_")
        assert accepted.status == "submitted"
        sim.clock.advance(1)
        done = await client.status(accepted.id)
        assert done.completed
        assert (done.result_url or "").startswith(sim.files_url)


async def test_a_failed_task_says_why(simulate: Simulate) -> None:
    """It is an answer, not an exception."""
    sim = simulate(faults=(fault("fail", code="content_policy_violation", message="not this"),))
    async with client_of(sim) as client:
        accepted = await client.submit(order().body())
        sim.clock.advance(1)
        failed = await client.status(accepted.id)
    assert (failed.failed, failed.error_code, failed.error_message) == (True, "content_policy_violation", "not this")


async def test_an_unknown_word_is_not_final(simulate: Simulate) -> None:
    """The task goes on."""
    sim = simulate(faults=(fault("word", word="moderated"),))
    async with client_of(sim) as client:
        task = await client.status((await client.submit(order().body())).id)
    assert (task.status, task.completed, task.failed) == ("moderated", False, False)


async def test_the_balance_is_exact(simulate: Simulate) -> None:
    """In decimals, before and after a purchase."""
    async with client_of(simulate(balance=Decimal("10.1"))) as client:
        before = await client.balance()
        await client.submit(order().body())
        after = await client.balance()
    assert (before.remaining, before.used) == (Decimal("10.1"), Decimal(0))
    assert (after.remaining, after.used) == (Decimal("10.06"), Decimal("0.04"))


async def test_an_unlimited_balance_has_no_end(simulate: Simulate) -> None:
    """None, not -1."""
    async with client_of(simulate(balance=None)) as client:
        assert (await client.balance()).remaining is None


async def test_a_balance_that_is_refused_says_why() -> None:
    """200 with ``success: false`` is how an unknown token is answered."""
    body = b'{"success": false, "message": "token not found"}'
    async with raw_server(answers(body)) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        with pytest.raises(Unclear, match="did not say the balance: token not found"):
            await client.balance()


FAULTS: list[tuple[Any, type[ApiError], bool]] = [
    (fault("error", status=400, code="invalid_request"), Rejected, False),
    (fault("error", status=401, code="unauthorized"), AccountRejected, False),
    (fault("error", status=403, code="forbidden"), AccountRejected, False),
    (fault("empty_balance"), AccountRejected, False),
    (fault("policy"), Rejected, False),
    (fault("throttle", seconds=7), Throttled, False),
    (fault("error", status=503, code="rate_limit_unavailable", retry_after="7"), Throttled, False),
    (fault("error", status=503, code="model_not_found"), Unclear, False),
    (fault("error", status=500, billed=True), Unclear, True),
    (fault("error", status=502, billed=True, html=True), Unclear, True),
    (fault("error", status=504, billed=False, html=True), Unclear, False),
    (fault("error", status=409, code="conflict"), Unclear, False),
    (fault("error", status=404, html=True), Unclear, False),
    (fault("redirect", status=301), Unclear, False),
    (fault("redirect", status=302), Unclear, False),
    (fault("redirect", status=307), Unclear, False),
    (fault("redirect", status=308), Unclear, False),
    (fault("odd_body", body="{"), Unclear, True),
    (fault("odd_body", body="<html>"), Unclear, True),
    (fault("odd_body", body='{"data": []}'), Unclear, True),
    (fault("odd_body", body=""), Unclear, True),
    (fault("cut", billed=True), Unclear, True),
    (fault("cut", billed=False), Unclear, False),
    (fault("hang", billed=True), Unclear, True),
]


@pytest.mark.parametrize(("rule", "kind", "billed"), FAULTS, ids=lambda value: getattr(value, "kind", None))
async def test_a_submit_that_fails_was_one_request(
    simulate: Simulate, rule: Any, kind: type[ApiError], billed: bool
) -> None:
    """Each fault has its class; nothing retries below us, nothing follows a redirect, and rejected means not billed."""
    sim = simulate(faults=(rule,))
    async with client_of(sim, timeouts=QUICK) as client:
        with pytest.raises(ApiError) as caught:
            await client.submit(order().body())
    assert type(caught.value) is kind
    assert requests(sim) == {"submit": 1}
    assert len(sim.ledger) == billed
    assert not (billed and isinstance(caught.value, Rejected | NotSent))


@pytest.mark.parametrize("place", ["status", "upload", "balance"])
@pytest.mark.parametrize("rule", ["redirect", "error", "throttle"])
async def test_other_calls_are_one_request_too(simulate: Simulate, place: str, rule: str, tmp_path: Path) -> None:
    """Redirects would carry the key to another host; and how often to ask is the run's matter."""
    sim = simulate(faults=(fault(rule, where=place),))
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    async with client_of(sim) as client:
        calls = {
            "status": lambda: client.status("x"),
            "upload": lambda: client.upload(tmp_path / "a.png"),
            "balance": client.balance,
        }
        with pytest.raises(Throttled if rule == "throttle" else Unclear):
            await calls[place]()
    assert requests(sim) == {place: 1}


@pytest.mark.parametrize("as_date", [False, True])
async def test_a_pause_is_read_in_both_forms(simulate: Simulate, as_date: bool) -> None:
    """Seconds, or a date that is measured against our own clock."""
    sim = simulate(faults=(fault("throttle", seconds=90, as_date=as_date),))
    async with ApiClient(client_of(sim).settings, now=sim.clock.now) as client:
        with pytest.raises(Throttled) as caught:
            await client.submit(order().body())
    assert caught.value.retry_after == 90


async def test_a_wrong_key_is_rejected(simulate: Simulate) -> None:
    """With the API's reason."""
    async with client_of(simulate(key="sk-another-key")) as client:
        with pytest.raises(AccountRejected, match="401 authentication_error: Authentication failed"):
            await client.submit(order().body())


async def test_the_head_of_a_request() -> None:
    """Key, type, agent and length; no cookies, no surprises."""
    behave = answers(b'{"id": "t"}', Set_Cookie="session=1; Path=/")
    async with raw_server(behave) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        await client.submit(order().body())
        await client.status("t")
    post, get = server.heard
    assert post.line == "POST /v1/images/generations HTTP/1.1"
    assert get.line == "GET /v1/images/generations/t HTTP/1.1"
    assert post.headers["content-type"] == "application/json"
    assert post.headers["content-length"] == str(len(post.body))
    for heard in (post, get):
        assert heard.headers["authorization"] == f"Bearer {KEY}"
        assert heard.headers["user-agent"] == f"flux-batch/{__version__}"
        assert KEY not in heard.line


@pytest.mark.parametrize("cookie", ["a=\u00a1", "a=b; Expires=Wed, 09 Jen 2031 10:18:14 GMT", "=;=;,", "a=b; Domain=["])
async def test_no_cookie_upsets_the_next_call(cookie: str) -> None:
    """A cookie that is kept and cannot be sent would end every call after it."""
    async with raw_server(answers(b'{"id": "t"}', Set_Cookie=cookie)) as server:
        async with ApiClient(server.settings, timeouts=QUICK) as client:
            for _ in range(2):
                await client.submit(b"{}")
                await client.status("t")
        for _ in range(2):
            async with FileClient(loopback=True) as files, files.stream(server.url, seconds=1) as chunks:
                assert [chunk async for chunk in chunks]
    assert len(server.heard) == 6
    assert not any("cookie" in heard.headers for heard in server.heard)


async def test_the_key_goes_to_the_api_only(sim: Simulator) -> None:
    """Every API call brings it, no download does."""
    async with client_of(sim) as client, FileClient(loopback=True) as files:
        await client.submit(order().body())
        sim.clock.advance(1)
        url = (await client.status("fb-1")).result_url or ""
        async with files.stream(url, seconds=5) as chunks:
            assert [chunk async for chunk in chunks]
    brought = {arrival.place: arrival.credentials for arrival in sim.log.arrivals}
    assert brought == {"submit": ("Authorization",), "status": ("Authorization",), "file": ()}
    assert sim.log.leaks == 0


async def test_proxies_of_the_shell_are_not_used(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would see the key of a loopback API, and netrc would replace it."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    async with client_of(sim) as client:
        await client.submit(order().body())
    assert requests(sim) == {"submit": 1}


async def test_a_key_sent_back_is_not_repeated() -> None:
    """A server that echoes the request in its error does not get the key into our messages."""
    said = json.dumps({"error": {"code": "invalid_request", "message": f"bad header: Bearer {KEY}"}}).encode()
    async with raw_server(answers(said, 400)) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        with pytest.raises(Rejected, match=r"bad header: Bearer \[key\]") as caught:
            await client.submit(order().body())
    assert KEY not in f"{caught.value} {caught.value.message} {caught.value!r}"


@pytest.mark.parametrize("rule", ["cut", "error", "odd_body", "hang"])
async def test_no_traceback_and_no_log_shows_the_key(
    simulate: Simulate, rule: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even a traceback that prints the variables of every frame, nor any library at its most talkative."""
    caplog.set_level(logging.DEBUG)
    sim = simulate(faults=(fault(rule),))
    async with client_of(sim, timeouts=QUICK) as client:
        with pytest.raises(ApiError) as caught:
            await client.submit(order().body())
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "client.py" in told
    assert KEY not in told
    assert KEY not in caplog.text


async def test_a_gzipped_answer_is_read() -> None:
    """What aiohttp asks for by itself."""
    packed = gzip.compress(b'{"id": "task_1", "status": "queued"}')
    behave = answers(packed, Content_Encoding="gzip")
    async with raw_server(behave) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        assert await client.submit(b"{}") == TaskSnapshot(id="task_1", status="queued")


async def test_a_gzip_bomb_is_cut_off() -> None:
    """100 MB of nothing in 0.4 MB: what is unpacked stays near the cap."""
    bomb = gzip.compress(b'{"id": "task_1", "x": "' + b" " * 100_000_000, 1)
    behave = answers(bomb, Content_Encoding="gzip")
    async with raw_server(behave) as server, ApiClient(server.settings, timeouts=Timeouts(query=5)) as client:
        tracemalloc.start()
        with pytest.raises(Unclear):
            await client.status("task_1")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 64_000_000


async def test_a_cancelled_call_stays_cancelled() -> None:
    """Ctrl-C is not a failure of the wire."""
    arrived = asyncio.Event()

    async def notes(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
        arrived.set()

    async with raw_server(notes) as server, ApiClient(server.settings) as client:
        call = asyncio.create_task(client.submit(order().body()))
        await arrived.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_what_is_left_of_the_limits_is_heard(simulate: Simulate) -> None:
    """Each kind by its own answers; a balance is of no kind."""
    async with client_of(simulate(tier="default")) as client:
        assert (client.submits_left, client.queries_left) == (None, None)
        await client.submit(order().body())
        await client.balance()
        assert (client.submits_left, client.queries_left) == (49, None)
        await client.status("fb-1")
        assert (client.submits_left, client.queries_left) == (49, 499)


async def test_many_calls_at_once_share_nothing(sim: Simulator) -> None:
    """Fifty orders, fifty answers, each to its caller."""
    async with client_of(sim) as client:
        tasks = await asyncio.gather(*(client.submit(order(f"fb-{number}").body()) for number in range(50)))
        again = await asyncio.gather(*(client.status(f"fb-{number}") for number in range(50)))
    assert [task.id for task in tasks] == [task.id for task in again]
    assert len({task.id for task in tasks}) == 50


@pytest.mark.parametrize(("name", "mime"), [("a.png", "png"), ("a.jpg", "jpeg"), ("a.webp", "webp"), ("a.gif", "gif")])
async def test_an_upload_gives_a_public_url(sim: Simulator, tmp_path: Path, name: str, mime: str) -> None:
    """Every type the provider takes; the type comes from the bytes, not from the name."""
    path = tmp_path / "misnamed.bin"
    Image.new("RGB", (32, 32), "teal").save(path, mime.upper())
    async with client_of(sim) as client, FileClient(loopback=True) as files:
        url = await client.upload(path)
        async with files.stream(url, seconds=5) as chunks:
            assert b"".join([chunk async for chunk in chunks]) == path.read_bytes()
    assert url.startswith(f"{sim.files_url}/uploads/")
    assert checked_upload(path) == f"image/{mime}"
    assert requests(sim) == {"upload": 1, "file": 1}
    assert name


async def test_an_upload_is_streamed(tmp_path: Path) -> None:
    """In pieces, with its length announced; the file is never whole in memory, and its name stays at home."""
    path = tmp_path / "secret-client-project.png"
    content = PNG + bytes(9_000_000)
    path.write_bytes(content)
    taken = bytearray(b"\0") * 9_100_000
    got = 0
    head = b""

    async def swallows(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal head, got
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while got < length:
            piece = await reader.read(65536)
            taken[got : got + len(piece)] = piece
            got += len(piece)
        body = b'{"success": true, "data": {"url": "https://files.toapis.com/uploads/a.png"}}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(swallows, "127.0.0.1", 0)
    async with listening, raw_server(None) as spare:
        spare.port = listening.sockets[0].getsockname()[1]
        async with ApiClient(spare.settings) as client:
            tracemalloc.start()
            url = await client.upload(path)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert url == "https://files.toapis.com/uploads/a.png"
    assert b"transfer-encoding" not in head.lower()
    assert content in taken
    assert b'name="purpose"\r\n\r\ngeneration' in taken
    assert b'name="file"; filename="reference.png"\r\nContent-Type: image/png' in taken
    assert b"secret-client-project" not in head + taken
    assert peak < 2_000_000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (PNG + bytes(UPLOAD_MAX_BYTES + 512 * 1024), "has 10.50 MB; the provider takes at most 10 MB"),
        (b"", "not a JPEG"),
        (b"GIF8", "not a JPEG"),
        (b"II*\0 a tiff", "not a JPEG"),
        (b"RIFF\0\0\0\0WAVEfmt ", "not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG"),
        (b"%PDF-1.7", "not a JPEG"),
    ],
    ids=["too large", "empty", "cut", "tiff", "wav", "svg", "pdf"],
)
async def test_what_the_provider_refuses_is_refused_here(
    sim: Simulator, tmp_path: Path, content: bytes, why: str
) -> None:
    """Before a byte is sent."""
    path = tmp_path / "reference.png"
    path.write_bytes(content)
    async with client_of(sim) as client:
        with pytest.raises(UsageError, match=f"reference.png .*{why}"):
            await client.upload(path)
    assert requests(sim) == {}


async def test_the_largest_upload_is_sent(sim: Simulator, tmp_path: Path) -> None:
    """Exactly 10 MB; the simulator looks inside and finds no picture."""
    path = tmp_path / "reference.png"
    path.write_bytes(PNG + bytes(UPLOAD_MAX_BYTES - len(PNG)))
    async with client_of(sim) as client:
        with pytest.raises(Rejected, match=r"^400: Unsupported image type") as caught:
            await client.upload(path)
    assert caught.value.status == 400


async def test_an_answer_before_the_upload_is_over_is_one_of_our_errors(tmp_path: Path) -> None:
    """A server may say 401 at the first byte and hang up."""
    path = tmp_path / "reference.png"
    path.write_bytes(PNG + bytes(9_000_000))
    early = b'{"error": {"code": 401, "message": "no", "type": "authentication_error"}}'
    raw = b"HTTP/1.1 401 No\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(early), early)
    async with raw_server(says(raw), greet=raw) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        with pytest.raises((AccountRejected, Unclear)):
            await client.upload(path)


async def test_a_missing_reference_is_no_failure_of_the_wire(sim: Simulator, tmp_path: Path) -> None:
    """It must not be waited out."""
    async with client_of(sim) as client:
        with pytest.raises(UsageError, match=r"gone\.png cannot be read: No such file"):
            await client.upload(tmp_path / "gone.png")
        with pytest.raises(UsageError, match="cannot be read: "):
            await client.upload(tmp_path)
    assert requests(sim) == {}


ECHOES = {
    "escaped": rb'{"id": "task_1", "status": "\u0073k-canary-0123456789abcdef"}',
    "url": b'{"id": "task_1", "status": "completed", "url": "https://f.example/a?key=sk-canary-0123456789abcdef"}',
    "id": b'{"id": "sk-canary-0123456789abcdef"}',
    "failure": b'{"id": "t", "status": "failed", "error": {"code": "sk-canary-0123456789abcdef", "message": "Bearer '
    b'c2stY2FuYXJ5LTAxMjM0NTY3ODlhYmNkZWY="}}',
}


@pytest.mark.parametrize("name", ECHOES)
async def test_a_key_in_a_good_answer_is_not_read(name: str) -> None:
    """Wherever it stands: in an escape, an address, an id or a reason."""
    async with raw_server(answers(ECHOES[name])) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        for snapshot in (await client.submit(b"{}"), await client.status("t")):
            assert KEY not in repr(snapshot)
            assert "c2stY2FuYXJ5" not in repr(snapshot)
            assert "[key]" in repr(snapshot)


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\n<p>?", 200, b"<p>?"),
        (b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99\r\n\r\n{"id": "task', 200, b'{"id": "task'),
        (b"HTTP/1.1 504 Late\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n", 504, b""),
        (b"HTTP/1.1 308 No\r\nContent-Type: text/html\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nhm", 308, b"hm"),
    ],
    ids=["page", "cut off", "empty", "redirect"],
)
async def test_an_unclear_answer_to_a_submit_is_handed_on(raw: bytes, status: int, body: bytes) -> None:
    """What came of it, as far as it came: an image may have been paid for it."""
    async with raw_server(says(raw)) as server, ApiClient(server.settings, timeouts=QUICK, now=lambda: 7.0) as client:
        with pytest.raises(Unclear) as caught:
            await client.submit(b"{}")
    assert caught.value.answer == RawAnswer(status=status, content_type="text/html", body=body, at=7.0)


async def test_an_answer_that_hangs_in_its_body_is_handed_on() -> None:
    """The deadline ends it, and what had come by then is kept."""
    raw = b'HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 99\r\n\r\n{"id"'
    async with raw_server(says(raw, then_close=False)) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        with pytest.raises(Unclear) as caught:
            await client.submit(b"{}")
    assert caught.value.answer is not None
    assert (caught.value.answer.status, caught.value.answer.body) == (200, b'{"id"')


async def test_what_is_kept_is_64_kib_without_the_key() -> None:
    """Also where the key lies across the end, and in the content type."""
    body = b"x" * (KEPT - 5) + KEY.encode() + b"y" * 100_000
    behave = answers(body, Content_Type=f"text/{KEY}")
    async with raw_server(behave) as server, ApiClient(server.settings, timeouts=QUICK) as client:
        with pytest.raises(Unclear) as caught:
            await client.submit(b"{}")
    answer = caught.value.answer
    assert answer is not None
    assert (answer.content_type, answer.body) == ("text/[key]", b"x" * (KEPT - 5) + b"[key]")
