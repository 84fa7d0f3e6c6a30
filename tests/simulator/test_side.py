"""The side port, the result files' port, and the ledger as JSON."""

from __future__ import annotations

import json

import httpx
import pytest

from flux_batch.errors import UsageError
from flux_batch.simulator import Simulator, SimulatorOptions, banner, fault, simulator_thread

from .kit import KEY, Start


async def test_the_ledger_can_be_read_as_json(start: Start) -> None:
    """Bills, refunds, the sum, and who was billed twice."""
    on = await start(faults=(fault("fail", times=1),))
    for _ in range(2):
        await on.submit(client_business_id="b")
    on.clock.advance(1)
    answer = (await on.bare.get(f"{on.sim.side_url}/ledger")).json()
    assert {name: answer[name] for name in ("bills", "refunds", "spent", "currency", "double_bills")} == {
        "bills": 2,
        "refunds": 1,
        "spent": "0.04",
        "currency": "USD",
        "double_bills": {"key-1/b": 2},
    }
    first, second = answer["entries"]
    assert first["body_sha256"] == second["body_sha256"]
    assert (first["refunded_at"] is None, second["refunded_at"] is None) == (False, True)


async def test_requests_are_counted_and_no_key_is_kept(start: Start) -> None:
    """Where, what and how answered; credentials by name only."""
    on = await start(faults=(fault("cut", where="balance"),))
    await on.submit(client_business_id="b")
    with pytest.raises(httpx.TransportError):
        await on.api.get("/balance")
    text = (await on.bare.get(f"{on.sim.side_url}/requests?last=1")).text
    everything = (await on.bare.get(f"{on.sim.side_url}/requests")).text
    answer = json.loads(text)
    assert answer["counts"] == {"submit": 1, "balance": 1}
    row = answer["requests"][0]
    assert (row["place"], row["fault"], row["status"], row["credentials"]) == ("balance", "cut", 0, ["Authorization"])
    assert len(json.loads(everything)["requests"]) == 2
    assert KEY not in everything


async def test_a_key_at_the_result_files_is_seen(start: Start) -> None:
    """The file port needs no key, and tells when one arrives."""
    on = await start()
    url = await on.made()
    assert (await on.bare.get(url)).status_code == 200
    assert on.sim.log.leaks == 0
    for headers, query in (({"Authorization": f"Bearer {KEY}"}, ""), ({"Cookie": "a=b"}, ""), ({}, f"?api_key={KEY}")):
        assert (await on.bare.get(url + query, headers=headers)).status_code == 200
    assert on.sim.log.leaks == 3
    text = (await on.bare.get(f"{on.sim.side_url}/requests")).text
    assert json.loads(text)["credentials_at_files"] == 3
    assert KEY not in text


async def test_faults_can_be_changed_while_it_runs(start: Start) -> None:
    """POST adds, PUT replaces, DELETE clears, GET shows how often each happened."""
    on, path = await start(), "/faults"
    side = on.sim.side_url + path
    added = await on.bare.post(side, json={"faults": [{"kind": "policy", "times": 1}]})
    assert added.json()["faults"][0]["kind"] == "policy"
    assert [(await on.submit()).status_code for _ in range(2)] == [422, 200]
    assert (await on.bare.get(side)).json()["faults"][0]["happened"] == 1
    await on.bare.put(side, json=[{"kind": "empty_balance"}])
    assert (await on.submit()).status_code == 402
    assert (await on.bare.delete(side)).json() == {"faults": []}
    assert (await on.submit()).status_code == 200
    refused = await on.bare.post(side, json=[{"kind": "cutt"}])
    assert (refused.status_code, "did you mean cut?" in refused.json()["error"]) == (400, True)


async def test_the_clock_can_be_moved_on(start: Start) -> None:
    """A day passes without waiting for it, and never backwards."""
    on = await start()
    url, side = await on.made(), f"{on.sim.side_url}/clock"
    before = (await on.bare.get(side)).json()["now"]
    assert (await on.bare.post(side, json={"advance": 86_400})).json()["now"] == before + 86_400
    assert (await on.bare.get(url)).status_code == 404
    for body in ('{"advance": -1}', '{"advance": "x"}', '{"advance": NaN}', "{}", "[]", ""):
        assert (await on.bare.post(side, content=body)).status_code == 400


async def test_a_web_page_cannot_use_the_side_port(start: Start) -> None:
    """Neither by a cross-site POST nor by a name that resolves to this machine."""
    on = await start()
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = await on.bare.post(f"{on.sim.side_url}/faults", json=[{"kind": "cut"}], headers=headers)
        assert answer.status_code == 403
    assert on.sim.faults.rules == ()


def test_a_simulator_runs_in_a_thread() -> None:
    """For programs without an event loop; the ledger can be read afterwards."""
    with simulator_thread(SimulatorOptions(latency=(0, 0), pixels=40_000)) as sim:
        headers = {"Authorization": "Bearer k"}
        body = {"model": "flux-kontext-pro", "prompt": "x"}
        task = httpx.post(f"{sim.base_url}/images/generations", json=body, headers=headers).json()
        done = httpx.get(f"{sim.base_url}/images/generations/{task['id']}", headers=headers).json()
        assert httpx.get(done["result"]["data"][0]["url"]).status_code == 200
        lines = "\n".join(banner(sim))
        assert f"export TOAPIS_BASE_URL={sim.base_url}" in lines
        assert sim.side_url in lines
    assert len(sim.ledger) == 1
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{sim.base_url}/balance")


def test_a_port_that_is_taken_is_an_error_a_user_can_read() -> None:
    """No traceback for a second simulator on the same port."""
    with simulator_thread() as sim:
        port = int(sim.base_url.rpartition(":")[2].partition("/")[0])
        with pytest.raises(UsageError, match="cannot open its ports"), simulator_thread(SimulatorOptions(port=port)):
            pass


def test_only_loopback_is_served() -> None:
    """A door to other machines cannot be opened, by mistake or on purpose."""
    with pytest.raises(UsageError, match="stays on this machine"):
        SimulatorOptions(host="0.0.0.0")
    with pytest.raises(RuntimeError):
        _ = Simulator().ledger
