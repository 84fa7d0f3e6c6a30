"""``verify`` and ``resolve`` as a user meets them: processes, exit codes, both streams."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from flux_batch.run.lock import run_lock
from flux_batch.run.records import Entry, Phase
from flux_batch.run.state import FILE, StateFile
from flux_batch.simulator import fault

from .conftest import MakeDesk
from .kit import FAST, Desk

QUICK = "specs/quickstart.yaml"


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Every file's content, by path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestVerify:
    """``verify`` tells what is wrong and changes nothing."""

    def test_all_fine_is_0(self, live_desk: Desk) -> None:
        """Counts, exit 0, no advice, no byte written, no request."""
        live_desk("run", QUICK, "--yes", *FAST)
        before, sent = bytes_below(live_desk.home), live_desk.requests()
        result = live_desk("verify", QUICK)
        assert (result.code, result.out, result.err) == (0, "12 of 12 stored images fine\n", "")
        assert (bytes_below(live_desk.home), live_desk.requests()) == (before, sent)

    def test_missing_and_changed_are_1_with_what_to_do(self, live_desk: Desk) -> None:
        """Each file by name, then what a run will do about it."""
        live_desk("run", QUICK, "--yes", *FAST)
        first, second, third, *_ = sorted((live_desk.home / "runs/quickstart/images").rglob("*.jpg"))
        first.unlink()
        second.write_bytes(b"not an image")
        third.write_bytes(third.read_bytes()[:-1] + b"x")
        (third.parent / "half.part").write_bytes(b"half")
        before = bytes_below(live_desk.home)
        result = live_desk("verify", "quickstart")
        assert result.code == 1
        assert "9 of 12 stored images fine" in result.out
        assert "1 missing" in result.out
        assert "2 changed" in result.out
        assert "1 unfinished download left over" in result.out
        assert f"images/{first.relative_to(live_desk.home / 'runs/quickstart/images')}: missing" in result.out
        assert "flux-batch run specs/quickstart.yaml" in result.err
        assert "It buys nothing again" in result.err
        assert "move a changed image" in result.err
        value = live_desk("verify", "quickstart", "--json")
        assert (value.code, value.json["exit_code"], value.json["checked"], value.json["fine"]) == (1, 1, 12, 9)
        assert [len(value.json[word]) for word in ("missing", "changed", "parts")] == [1, 2, 1]
        assert bytes_below(live_desk.home) == before

    def test_a_run_does_what_verify_promised(self, live_desk: Desk) -> None:
        """The missing image is fetched, not bought; then all is fine and nothing is sent any more."""
        live_desk("run", QUICK, "--yes", *FAST)
        next((live_desk.home / "runs/quickstart/images").rglob("*.jpg")).unlink()
        result = live_desk("run", QUICK, *FAST)
        assert result.code == 0
        assert "1 stored image is missing or changed: fetched again, not bought again" in result.err
        assert "$0.00 spent now" in result.out
        assert live_desk.simulator is not None
        assert len(live_desk.simulator.ledger) == 12
        assert live_desk("verify", QUICK).code == 0
        before, sent = bytes_below(live_desk.home), live_desk.requests()
        assert live_desk("run", QUICK, *FAST).code == 0
        assert (bytes_below(live_desk.home), live_desk.requests()) == (before, sent)


class TestResolve:
    """``resolve`` lists what is in doubt and takes a person's word on it."""

    def test_nothing_in_doubt_is_0(self, live_desk: Desk) -> None:
        """Said in one line; no request, no verb for what is stored."""
        live_desk("run", QUICK, "--yes", *FAST)
        sent = live_desk.requests()
        result = live_desk("resolve", QUICK)
        assert (result.code, result.out) == (0, "No request is in doubt: there is nothing to decide.\n")
        task = entries(live_desk)[0].task.id
        assert live_desk("resolve", QUICK, "--abandon", task).code == 2
        assert live_desk.requests() == sent

    def test_the_list_has_all_that_helps_to_decide(self, live_desk: Desk) -> None:
        """Id, time, price, business id, prompt, and what each verb means; nothing is asked and nothing moves."""
        entry = in_doubt(live_desk)
        before, sent = entries(live_desk), live_desk.requests()
        result = live_desk("resolve", "quickstart")
        assert result.code == 0
        for part in (
            entry.task.id, entry.purchase.business_id or "-", entry.task.prompt, "held", "once, first at 20", "$0.04",
            "--adopt TASK=REMOTE_ID", "--resend TASK", "--abandon TASK", f"`flux-batch run {QUICK}`",
        ):  # fmt: skip
            assert part in result.out
        (opened,) = live_desk("resolve", "quickstart", "--json").json["open"]
        assert (opened["id"], opened["price"], opened["attempts"]) == (entry.task.id, "0.04", 1)
        assert (entries(live_desk), live_desk.requests()) == (before, sent)

    def test_adopt_then_run_stores_it(self, live_desk: Desk) -> None:
        """By the provider's id; no second bill."""
        entry = in_doubt(live_desk)
        remote_id = bill_of(live_desk, entry)
        result = live_desk("resolve", QUICK, "--adopt", f"{entry.task.id}={remote_id}")
        assert result.code == 0, result.err
        assert f"adopted as {remote_id}" in result.out
        again = live_desk("run", QUICK, "--yes", "--json", *FAST)
        assert (again.code, again.json["stored"], again.json["spent"]) == (0, 12, "0.48")
        assert live_desk.simulator is not None
        assert len(live_desk.simulator.ledger) == 12

    def test_resend_asks_before_it_spends(self, make_desk: MakeDesk) -> None:
        """Off a terminal it wants ``--yes``; with it, the request goes out once and is stored by the next run."""
        desk = make_desk(fault("hide", where="submit"))
        entry = in_doubt(desk)
        sent = desk.requests()
        refused = desk("resolve", QUICK, "--resend", entry.task.id)
        assert refused.code == 3
        assert "1 request once more, for $0.04" in refused.err
        assert "--yes" in refused.err
        assert desk.requests() == sent
        done = desk("resolve", QUICK, "--resend", entry.task.id, "--yes", "--json")
        assert done.code == 0, done.err
        (resolved,) = done.json["resolved"]
        assert (resolved["verb"], resolved["id"], done.json["open"]) == ("resend", entry.task.id, [])
        assert desk("run", QUICK, "--yes", *FAST).code == 0

    def test_abandon_needs_no_key_and_frees_the_money(self, live_desk: Desk) -> None:
        """Failed by name, exit 1 from then on, and the manifest says why."""
        entry = in_doubt(live_desk)
        result = live_desk("resolve", QUICK, "--abandon", entry.task.id, TOAPIS_API_KEY="")
        assert result.code == 0, result.err
        assert "may have billed it" in result.out
        status = live_desk("status", QUICK, "--json").json
        assert (status["failed"], status["reserved"], status["spent"]) == (1, "0.00", "0.44")
        assert '"abandoned"' in (live_desk.home / "runs/quickstart/manifest.json").read_text()
        assert live_desk("run", QUICK, "--yes", *FAST).code == 1

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--adopt", "{id}"], "TASK=REMOTE_ID"),
            (["--adopt", "{id}=nonsense"], "knows no task nonsense"),
            (["--abandon", "nonsense"], "no such task"),
            (["--abandon", "{id}", "--resend", "{id}"], "named twice"),
        ],
    )
    def test_a_mistake_is_2_and_changes_nothing(self, options: list[str], said: str, live_desk: Desk) -> None:
        """Every name is checked before anything is done."""
        entry = in_doubt(live_desk)
        before = entries(live_desk)
        result = live_desk("resolve", QUICK, *(option.format(id=entry.task.id) for option in options))
        assert (result.code, result.out) == (2, "")
        assert said in result.err
        assert entries(live_desk) == before

    def test_another_process_at_work_is_4(self, live_desk: Desk) -> None:
        """No word is taken while a run is going on."""
        entry = in_doubt(live_desk)
        with run_lock(live_desk.home / "runs/quickstart"):
            result = live_desk("resolve", QUICK, "--abandon", entry.task.id)
        assert result.code == 4
        assert entries(live_desk)[0].purchase.phase is Phase.HELD

    def test_a_run_points_at_it(self, live_desk: Desk) -> None:
        """Where something is held, the end of a run says how to decide."""
        in_doubt(live_desk)
        assert live_desk.simulator is not None
        live_desk.simulator.faults.add(fault("error", where="status", status=502))
        result = live_desk("run", QUICK, "--yes", *FAST)
        assert result.code == 4
        assert "To decide yourself about what is in doubt: flux-batch resolve runs/quickstart" in result.err


def test_a_broken_run_is_4_with_the_reason(make_desk: MakeDesk) -> None:
    """Eight equal refusals: the provider's words, what was not sent, and both ways on."""
    desk = make_desk(fault("error", where="submit", status=400, code="invalid_request", message="no such size"))
    result = desk("run", QUICK, "--yes", "--concurrency", "2", *FAST)
    assert result.code == 4
    assert "8 requests in a row were refused alike (invalid_request: no such size)" in result.err
    assert "--retry-failed" in result.err
    assert desk.simulator is not None
    desk.simulator.faults.replace(())
    assert desk("run", QUICK, "--yes", "--retry-failed", *FAST).code == 0


def entries(desk: Desk) -> tuple[Entry, ...]:
    """What the state file says."""
    with StateFile(desk.home / "runs/quickstart" / FILE, read_only=True) as state:
        return state.view().entries


def in_doubt(desk: Desk) -> Entry:
    """Run, then forget that the first request was ever answered."""
    assert desk("run", QUICK, "--yes", *FAST).code == 0
    purchase = entries(desk)[0].purchase
    assert purchase.file is not None
    (desk.home / "runs/quickstart" / purchase.file.path).unlink()
    lost = replace(purchase, phase=Phase.HELD, remote_id=None, result_url=None, expires_at=None, file=None)
    with StateFile(desk.home / "runs/quickstart" / FILE) as state:
        state.save([lost], None)
    return entries(desk)[0]


def bill_of(desk: Desk, entry: Entry) -> str:
    """The provider's id of a request, as its own list would show it."""
    assert desk.simulator is not None
    bills = desk.simulator.ledger.entries
    return next(bill.task_id for bill in bills if bill.business_id == entry.purchase.business_id)
