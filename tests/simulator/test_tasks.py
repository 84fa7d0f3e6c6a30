"""A task's life, seen through the API, with a clock that moves when told to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .kit import KEY, Start


async def test_a_task_goes_from_queued_to_completed(start: Start) -> None:
    """The published words, in order, then a URL that lives 24 hours."""
    on = await start(latency=(10, 10))
    task_id = (await on.submit()).json()["id"]
    seen = []
    for _ in range(11):
        answer = await on.status(task_id)
        seen.append((answer["status"], answer["progress"]))
        on.clock.advance(1)
    assert [word for word, _ in seen] == ["queued"] * 5 + ["in_progress"] * 5 + ["completed"]
    assert [progress for _, progress in seen] == [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    done = await on.status(task_id)
    assert done["completed_at"] == done["created_at"] + 10
    assert done["expires_at"] == done["completed_at"] + 86_400
    assert done["result"]["type"] == "image"


async def test_the_older_words_can_be_shown(start: Start) -> None:
    """Some pages and clients know submitted and pending."""
    on = await start(latency=(4, 4), early_words=True)
    answer = (await on.submit()).json()
    words = [answer["status"]]
    for _ in range(4):
        words.append((await on.status(answer["id"]))["status"])
        on.clock.advance(1)
    assert words == ["submitted", "submitted", "pending", "queued", "in_progress"]


async def test_the_older_shapes_can_be_shown(start: Start) -> None:
    """task_id for id, and the URL on top."""
    on = await start(task_id_key=True, url_on_top=True)
    task_id = (await on.submit()).json()["task_id"]
    on.clock.advance(1)
    done = await on.status(task_id)
    assert "id" not in done
    assert "result" not in done
    assert done["url"].endswith(".jpg")


async def test_a_task_is_found_by_its_business_id_by_its_owner_only(start: Start) -> None:
    """A lookup is among the tasks of the key's owner."""
    on = await start()
    task_id = (await on.submit(client_business_id="abc")).json()["id"]
    assert (await on.status("abc"))["id"] == task_id
    for name in ("abc", task_id):
        answer = await on.bare.get(
            f"{on.sim.base_url}/images/generations/{name}", headers={"Authorization": "Bearer sk-other"}
        )
        assert answer.status_code == 404
        assert answer.json()["error"] == {"code": 404, "message": "Task not found", "type": "not_found_error"}


async def test_the_same_business_id_twice_is_billed_twice(start: Start) -> None:
    """It is a correlation id, not an idempotency key."""
    on = await start()
    first, second = [(await on.submit(client_business_id="abc")).json()["id"] for _ in range(2)]
    assert first != second
    assert len(on.sim.ledger) == 2
    assert on.sim.ledger.double_bills() == {"key-1/abc": 2}
    assert (await on.status("abc"))["id"] == first


async def test_a_repeated_business_id_can_be_replayed(start: Start) -> None:
    """As if it were an idempotency key."""
    on = await start(repeated_id="replayed")
    first, second = [(await on.submit(client_business_id="abc")).json()["id"] for _ in range(2)]
    assert first == second
    assert len(on.sim.ledger) == 1


async def test_a_repeated_business_id_can_be_rejected(start: Start) -> None:
    """As if it were unique."""
    on = await start(repeated_id="rejected")
    answers = [(await on.submit(client_business_id="abc")).status_code for _ in range(2)]
    assert answers == [200, 409]
    assert len(on.sim.ledger) == 1


async def test_the_balance_follows_the_bills_and_ends_in_402(start: Start) -> None:
    """Two pictures for eight cents, and no third."""
    on = await start(balance=Decimal("0.09"))
    assert [(await on.submit()).status_code for _ in range(3)] == [200, 200, 402]
    assert (await on.submit()).json()["error"]["code"] == "insufficient_quota"
    balance = (await on.api.get("/balance")).json()
    assert (balance["success"], balance["unlimited_quota"]) == (True, False)
    assert (balance["remain_balance"], balance["used_balance"]) == (0.01, 0.08)


async def test_an_unlimited_account_shows_minus_one(start: Start) -> None:
    """The published way to say that there is no limit."""
    on = await start(balance=None)
    await on.submit()
    balance = (await on.api.get("/balance")).json()
    assert (balance["remain_balance"], balance["unlimited_quota"], balance["used_balance"]) == (-1, True, 0.04)


async def test_every_key_has_its_own_balance_and_its_own_name(start: Start) -> None:
    """Two keys, two owners, and neither key in the ledger."""
    on = await start()
    await on.submit()
    await on.bare.post(
        f"{on.sim.base_url}/images/generations",
        json={"model": "flux-kontext-max", "prompt": "x"},
        headers={"Authorization": "Bearer sk-other"},
    )
    assert [entry.owner for entry in on.sim.ledger.entries] == ["key-1", "key-2"]
    assert KEY not in str(on.sim.ledger.entries)
    assert (await on.api.get("/balance")).json()["used_balance"] == 0.04


async def test_the_result_is_gone_after_its_time(start: Start) -> None:
    """Not there before the task is completed, there for its life, then gone for good."""
    for status in (404, 410):
        on = await start(url_life=60, expired_status=status)
        url = await on.made()
        assert (await on.bare.get(url)).status_code == 200
        on.clock.advance(58)
        assert (await on.bare.get(url)).status_code == 200
        on.clock.advance(2)
        assert (await on.bare.get(url)).status_code == status


async def test_an_upload_can_be_given_a_life(start: Start) -> None:
    """How long they live is not published, so a client must stand both."""
    on = await start(upload_life=5)
    picture = await on.picture()
    url = (await on.api.post("/uploads/images", files={"file": picture})).json()["data"]["url"]
    assert (await on.bare.get(url)).status_code == 200
    on.clock.advance(5)
    assert (await on.bare.get(url)).status_code == 404
    assert (await on.submit(image_urls=[url])).status_code == 400


async def test_a_reference_that_cannot_be_read_is_refused_and_not_billed(start: Start) -> None:
    """Expired, unknown, not an image, or nobody listening."""
    on = await start(url_life=5)
    old = await on.made()
    bills = len(on.sim.ledger)
    on.clock.advance(6)
    side = f"{on.sim.side_url}/ledger"
    for url in (old, f"{on.sim.files_url}/uploads/none.png", side, "http://127.0.0.1:9/x.png"):
        answer = await on.submit(image_urls=[url])
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    assert len(on.sim.ledger) == bills


async def test_nothing_outside_this_machine_is_ever_fetched(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """A public URL is accepted and drawn as a card with its name; no connection is made."""
    on = await start()
    monkeypatch.setattr("flux_batch.simulator.world.fetch", None)
    for url in ("https://cdn.example.com/mug.png", "http://localhost.example.com/x.png"):
        assert len(await on.picture(image_urls=[url])) > 1000
