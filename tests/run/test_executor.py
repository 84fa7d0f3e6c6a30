"""Between deciding and doing: the state is on disk before the request leaves, and what may not be sent is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flux_batch.api.client import ApiClient
from flux_batch.api.wire import TaskSnapshot
from flux_batch.run.records import Phase, Purchase
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import fault

from .conftest import MakeBench
from .kit import MATRIX, QUICK, Bench, stored, usd

PAIR = 'version: 1\nname: pair\nprompt: "a {{ thing }}"\nvariables: {thing: [mug, plant]}\nratios: ["1:1"]\n'


def test_the_intent_is_on_disk_before_the_request_leaves(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process killed at the POST finds its bytes, its business id and its money in the state file."""
    found: list[Purchase] = []
    real = ApiClient.submit

    async def submit(self: ApiClient, body: bytes) -> TaskSnapshot:
        with StateFile(bench.folder / FILE, read_only=True) as reader:
            view = reader.view()
        found.extend(entry.purchase for entry in view.entries if entry.purchase.body == body)
        assert view.spent + view.reserved >= usd("0.04") * len(found)
        return await real(self, body)

    monkeypatch.setattr(ApiClient, "submit", submit)
    assert stored(bench.run(MATRIX)) == 12
    assert [(purchase.phase, purchase.sends) for purchase in found] == [(Phase.INTENT, 1)] * 12
    assert len({purchase.business_id for purchase in found}) == 12


def test_a_second_send_without_room_in_the_budget_is_not_made(make_bench: MakeBench) -> None:
    """The lost request still holds its money, so a budget for two images has none for a third; a larger one has."""
    bench = make_bench(fault("cut", where="submit", billed=False, first=1))
    outcome = bench.run(PAIR + "budget: {max: 0.08}\n")
    assert outcome.phases == {Phase.STORED: 1, Phase.UNCERTAIN: 1}
    assert list(outcome.left.values()) == ["the budget has no room for it"]
    assert bench.requests("submit") == 2
    assert bench.view().spent + bench.view().reserved == usd("0.08")
    assert stored(bench.run(PAIR + "budget: {max: 0.20}\n")) == 2
    assert set(bench.bills().values()) == {1}


def test_what_the_plan_dropped_is_looked_up_and_not_sent_again(make_bench: MakeBench) -> None:
    """A request lost in the first run, whose image the second one does not want: proven absent, and left at that."""
    bench = make_bench(fault("cut", where="submit", billed=False, first=1))
    bench.rules = replace(QUICK, patience=0.0)
    assert bench.run(PAIR, concurrency=1).phases[Phase.UNCERTAIN] == 1
    bench.rules = QUICK
    assert stored(bench.run(PAIR.replace("[mug, plant]", "[plant]"))) == 1
    assert [entry.purchase.phase for entry in bench.view().entries] == [Phase.STORED, Phase.HELD]
    assert bench.requests("submit") == 2
