"""Every kind of fault, seen from outside."""

from __future__ import annotations

import asyncio
import io
from email.utils import parsedate_to_datetime

import httpx
import pytest
from PIL import Image

from flux_batch.simulator import fault

from .kit import Running, Start, until


async def raw_post(on: Running, body: bytes = b'{"model":"flux-kontext-pro","prompt":"x"}') -> bytes:
    """POST over a bare socket and read until the end; a reset raises ConnectionResetError."""
    url = httpx.URL(on.sim.base_url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /v1/images/generations HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nContent-Length: {len(body)}"
    writer.write(f"{head}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n".encode() + body)
    try:
        return await reader.read()
    finally:
        writer.transport.abort()


async def test_throttle_in_seconds_as_a_date_or_as_nonsense(start: Start) -> None:
    """429 with each form of Retry-After, and nothing billed."""
    on = await start()
    on.sim.faults.add(
        fault("throttle", seconds=3, times=1),
        fault("throttle", seconds=90, as_date=True, times=1),
        fault("throttle", retry_after="soon", times=1),
        fault("throttle", where="status", seconds=0.5, times=1),
    )
    answers = [await on.submit() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [429, 429, 429, 200]
    assert answers[0].headers["Retry-After"] == "3"
    assert parsedate_to_datetime(answers[1].headers["Retry-After"]).timestamp() == on.clock.now() + 90
    assert answers[2].headers["Retry-After"] == "soon"
    assert (await on.api.get("/images/generations/x")).headers["Retry-After"] == "0.5"
    assert len(on.sim.ledger) == 1


@pytest.mark.parametrize("billed", [False, True])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_errors_come_before_or_after_the_bill(start: Start, status: int, billed: bool) -> None:
    """The status says nothing about the money."""
    on = await start(faults=(fault("error", status=status, billed=billed, code="odd"),))
    answer = await on.submit(client_business_id="b")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "odd")
    assert len(on.sim.ledger) == billed
    assert ("id" in await on.status("b")) is billed


async def test_an_error_can_be_a_gateways_page(start: Start) -> None:
    """HTML, as a proxy in front of the API writes it."""
    on = await start(faults=(fault("error", status=502, html=True, where="status"),))
    answer = await on.api.get("/images/generations/x")
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (502, "text/html")


@pytest.mark.parametrize("billed", [False, True])
async def test_a_cut_resets_the_socket_before_the_status_line(start: Start, billed: bool) -> None:
    """Not one byte comes back, and the bill is written or not."""
    on = await start(faults=(fault("cut", billed=billed),))
    with pytest.raises(ConnectionResetError):
        await raw_post(on)
    assert len(on.sim.ledger) == billed


async def test_a_hang_says_nothing_and_is_billed(start: Start) -> None:
    """A client must give up by itself; the order stands."""
    on = await start(faults=(fault("hang", seconds=60),))
    with pytest.raises(httpx.ReadTimeout):
        await on.api.post("/images/generations", json={"model": "flux-kontext-pro", "prompt": "x"}, timeout=0.1)
    await until(lambda: len(on.sim.ledger) == 1)


async def test_a_slow_answer_may_be_billed_after_the_client_has_gone(start: Start) -> None:
    """The read timed out, the server was still working."""
    on = await start(faults=(fault("slow", seconds=0.15, billed=False),))
    with pytest.raises(httpx.ReadTimeout):
        await on.api.post("/images/generations", json={"model": "flux-kontext-pro", "prompt": "x"}, timeout=0.05)
    await until(lambda: len(on.sim.ledger) == 1)


async def test_a_late_post_is_processed_after_its_reply_was_cut(start: Start) -> None:
    """A lookup in between finds nothing: absence is not proof."""
    on = await start(faults=(fault("late", seconds=0.15, times=1),))
    with pytest.raises(httpx.TransportError):
        await on.submit(client_business_id="b")
    assert (await on.api.get("/images/generations/b")).status_code == 404
    await on.submit(client_business_id="b")
    await until(lambda: on.sim.ledger.double_bills() == {"key-1/b": 2})


async def test_an_odd_body_is_200_and_billed(start: Start) -> None:
    """Half a brace, a page, or JSON without an id."""
    on = await start(faults=(fault("odd_body", times=1), fault("odd_body", body='{"data": []}')))
    answers = [await on.submit(), await on.submit()]
    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "{"), (200, '{"data": []}')]
    assert len(on.sim.ledger) == 2


async def test_a_redirected_submit_points_to_a_counted_place(start: Start) -> None:
    """307 would make a careless client POST again, with its key."""
    on = await start(faults=(fault("redirect"),))
    answer = await on.submit()
    assert (answer.status_code, answer.headers["Location"]) == (307, f"{on.sim.side_url}/elsewhere")
    assert on.sim.log.counts.get("elsewhere", 0) == 0
    await on.bare.post(answer.headers["Location"], json={})
    assert on.sim.log.counts["elsewhere"] == 1


async def test_policy_refusals_and_an_empty_balance_are_not_billed(start: Start) -> None:
    """422 and 402 in the API's own words."""
    on = await start(faults=(fault("policy", prompt="gun"), fault("empty_balance", prompt="poor")))
    on.sim.faults.add(fault("empty_balance", where="balance", times=1))
    answers = [await on.submit(prompt="a gun"), await on.submit(prompt="poor")]
    codes = [(answer.status_code, answer.json()["error"]["code"]) for answer in answers]
    assert codes == [(422, "content_policy_violation"), (402, "insufficient_quota")]
    assert (await on.api.get("/balance")).json()["remain_balance"] == 0
    assert (await on.api.get("/balance")).json()["remain_balance"] == 100
    assert len(on.sim.ledger) == 0


async def test_a_key_that_is_not_known_for_a_while_is_so_at_every_door(start: Start) -> None:
    """One count for all of them: after two calls, the next four; nothing is billed for it."""
    on = await start(faults=(fault("wrong_key", after=2, times=4),))
    name = (await on.submit()).json()["id"]
    path = f"/images/generations/{name}"
    assert (await on.api.get(path)).status_code == 200
    refused = [await on.submit(), await on.api.get(path), await on.api.get("/models")]
    assert [answer.status_code for answer in refused] == [401, 401, 401]
    assert (await on.api.get("/balance")).json()["success"] is False
    assert [answer.status_code for answer in (await on.api.get(path), await on.submit())] == [200, 200]
    assert len(on.sim.ledger) == 2


async def test_a_failed_task_says_why_and_is_refunded(start: Start) -> None:
    """The money comes back when it fails, not before."""
    on = await start(faults=(fault("fail", message="no luck"),))
    task_id = (await on.submit()).json()["id"]
    assert (await on.api.get("/balance")).json()["used_balance"] == 0.04
    on.clock.advance(1)
    answer = await on.status(task_id)
    assert (answer["status"], answer["progress"]) == ("failed", 0)
    assert answer["error"] == {"code": "generation_failed", "message": "no luck"}
    assert (await on.api.get("/balance")).json()["used_balance"] == 0
    assert on.sim.ledger.to_json(on.clock.now())["refunds"] == 1


async def test_a_stalled_task_goes_on_for_longer(start: Start) -> None:
    """Longer than any polling budget, then completed."""
    on = await start(faults=(fault("stall", seconds=600),))
    task_id = (await on.submit()).json()["id"]
    on.clock.advance(599)
    assert (await on.status(task_id))["status"] == "in_progress"
    on.clock.advance(2)
    assert (await on.status(task_id))["status"] == "completed"


async def test_an_unknown_word_is_shown_until_the_end(start: Start) -> None:
    """A word in no page is not final."""
    on = await start(faults=(fault("word", word="moderated"),))
    task_id = (await on.submit()).json()["id"]
    assert (await on.status(task_id))["status"] == "moderated"
    on.clock.advance(1)
    assert (await on.status(task_id))["status"] == "completed"


async def test_lookups_by_business_id_lag(start: Start) -> None:
    """So many 404s, or so many seconds of them; the task id works at once."""
    on = await start(faults=(fault("lookup_lag", lookups=2, prompt="n"), fault("lookup_lag", seconds=5, prompt="t")))
    ids = [(await on.submit(prompt=name, client_business_id=name)).json()["id"] for name in "nt"]
    assert ["id" in await on.status("n") for _ in range(4)] == [False, False, True, True]
    assert "id" not in await on.status("t")
    on.clock.advance(5)
    assert "id" in await on.status("t")
    assert [(await on.status(task_id))["id"] for task_id in ids] == ids


async def test_a_hidden_task_is_never_found_by_business_id(start: Start) -> None:
    """Billed, and only the task id knows it."""
    on = await start(faults=(fault("hide"), fault("cut")))
    with pytest.raises(httpx.TransportError):
        await on.submit(client_business_id="b")
    on.clock.advance(86_000)
    assert (await on.api.get("/images/generations/b")).status_code == 404
    assert "id" in await on.status(on.sim.ledger.entries[0].task_id)


async def test_uploads_balance_and_models_can_fail_too(start: Start) -> None:
    """Every door has its faults."""
    on = await start(faults=(fault("error", where="upload", status=503), fault("odd_body", where="models")))
    on.sim.faults.add(fault("cut", where="balance"))
    assert (await on.api.post("/uploads/images", files={"file": b"x"})).status_code == 503
    assert (await on.api.get("/models")).text == "{"
    with pytest.raises(httpx.TransportError):
        await on.api.get("/balance")


async def test_a_truncated_file_with_and_without_a_length(start: Start) -> None:
    """With a Content-Length every client sees it; without one, only decoding does."""
    on = await start()
    url = await on.made()
    whole = (await on.bare.get(url)).content
    on.sim.faults.add(fault("truncate", times=1), fault("truncate", fraction=0.5, content_length=False, times=1))
    with pytest.raises(httpx.RemoteProtocolError):
        await on.bare.get(url)
    answer = await on.bare.get(url)
    assert (answer.status_code, answer.content) == (200, whole[: len(whole) // 2])
    assert "Content-Length" not in answer.headers
    assert (await on.bare.get(url)).content == whole


async def test_a_page_a_placeholder_or_nothing_instead_of_the_file(start: Start) -> None:
    """200 and HTML, 200 and the same tiny picture, 404 before its time."""
    on = await start()
    url = await on.made()
    on.sim.faults.add(fault("html", times=1), fault("placeholder", times=1), fault("expire", status=410, times=1))
    page, tiny, gone = [await on.bare.get(url) for _ in range(3)]
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (200, "text/html")
    assert Image.open(io.BytesIO(tiny.content)).size == (8, 8)
    assert gone.status_code == 410


async def test_a_moved_file_is_found_where_the_redirect_says(start: Start) -> None:
    """302 to another path by default, or to any address at all."""
    on = await start()
    url = await on.made()
    evil = "http://169.254.169.254/latest/meta-data"
    on.sim.faults.add(fault("redirect", where="file", times=1), fault("redirect", where="file", location=evil, times=1))
    moved, away = [await on.bare.get(url) for _ in range(2)]
    assert (moved.status_code, away.headers["Location"]) == (302, evil)
    assert (await on.bare.get(moved.headers["Location"])).content == (await on.bare.get(url)).content


async def test_a_dripping_file_arrives_whole_but_slowly(start: Start) -> None:
    """Each chunk comes in time, the whole does not."""
    on = await start()
    url = await on.made()
    whole = (await on.bare.get(url)).content
    on.sim.faults.add(fault("drip", seconds=0.02, chunk=-(-len(whole) // 8)))
    begun = asyncio.get_running_loop().time()
    assert (await on.bare.get(url)).content == whole
    assert asyncio.get_running_loop().time() - begun > 0.12
