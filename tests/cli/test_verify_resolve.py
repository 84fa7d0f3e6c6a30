"""``verify`` and ``resolve`` as a user meets them: processes, exit codes, both streams."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from flux_batch.run.folder.lock import run_lock
from flux_batch.run.records import Entry, Failure, Phase
from flux_batch.run.store.state import FILE, StateFile
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


class TestSuspects:
    """A placeholder is stored and paid like an image; people are told, and ``verify`` asks again."""

    def test_a_run_that_got_placeholders_is_0_and_says_so(self, make_desk: MakeDesk) -> None:
        """All stored, one line on stderr, a number for scripts, and the same from ``status``."""
        desk = make_desk(fault("placeholder", where="file"))
        result = desk("run", QUICK, "--yes", "--json", *FAST)
        assert (result.code, result.json["stored"], result.json["suspect"]) == (0, 12, 12)
        line = (
            "12 stored images look like a placeholder: 12 purchases brought the very same bytes;"
            " flux-batch verify runs/quickstart asks for them again"
        )
        assert result.err.count(line) == 1
        status = desk("status", QUICK)
        assert (status.code, status.out.count(line)) == (0, 1)
        assert desk("status", QUICK, "--json").json["suspect"] == 12
        tasks = json.loads((desk.home / "runs/quickstart/manifest.json").read_text())["tasks"]
        assert {task["file"]["suspect"] for task in tasks} == {"12 purchases brought the very same bytes"}

    def test_an_ordinary_run_says_nothing(self, live_desk: Desk) -> None:
        """The smallest pictures that the simulator draws are not suspect."""
        result = live_desk("run", QUICK, "--yes", "--json", *FAST)
        assert (result.json["suspect"], "placeholder" in result.err) == (0, False)
        assert "placeholder" not in live_desk("status", QUICK).out

    def test_verify_asks_again_and_all_is_fine(self, make_desk: MakeDesk) -> None:
        """The pictures are there now: fetched, nothing bought, the report brought up to date."""
        desk = make_desk(fault("placeholder", where="file"))
        desk("run", QUICK, "--yes", *FAST)
        assert desk.simulator is not None
        desk.simulator.faults.replace(())
        result = desk("verify", QUICK)
        assert (result.code, result.out.count("asked again: fetched anew")) == (0, 12)
        assert "12 of 12 stored images fine" in result.out
        assert '"suspect"' not in (desk.home / "runs/quickstart/manifest.json").read_text()
        assert (len(desk.simulator.ledger), desk("status", QUICK, "--json").json["spent"]) == (12, "0.48")
        assert desk("verify", QUICK, "--json").json["fine"] == 12

    def test_the_same_bytes_again_are_a_finding(self, make_desk: MakeDesk) -> None:
        """It stays stored, paid and suspect, exit 1, and nothing is bought."""
        desk = make_desk(fault("placeholder", where="file"))
        desk("run", QUICK, "--yes", *FAST)
        before = entries(desk)
        result = desk("verify", QUICK)
        assert (result.code, result.out.count("asked again: the same bytes came again")) == (1, 12)
        assert "0 of 12 stored images fine, 12 suspect" in result.out
        assert "none is bought again" in result.err
        value = desk("verify", QUICK, "--json").json
        assert (value["exit_code"], len(value["suspect"]), len(value["asked"])) == (1, 12, 12)
        assert entries(desk) == before

    def test_without_a_key_it_says_why_it_did_not_ask(self, make_desk: MakeDesk) -> None:
        """The finding stands."""
        desk = make_desk(fault("placeholder", where="file"))
        desk("run", QUICK, "--yes", *FAST)
        sent = desk.requests()
        result = desk("verify", QUICK, TOAPIS_API_KEY="")
        assert result.code == 1
        assert "Suspect images were not asked for again: TOAPIS_API_KEY is not set" in result.err
        elsewhere = desk("verify", QUICK, TOAPIS_BASE_URL="http://127.0.0.1:9/v1")
        assert (elsewhere.code, "they are at http://127.0.0.1" in elsewhere.err) == (1, True)
        with run_lock(desk.home / "runs/quickstart"):
            locked = desk("verify", QUICK)
        assert (locked.code, "in use by another flux-batch" in locked.err) == (1, True)
        assert desk.requests() == sent

    def test_a_rehearsal_is_told_and_not_asked_again(self, desk: Desk) -> None:
        """Its provider is gone; the exit code of the rehearsal is 0 all the same."""
        faults = desk.write("faults.json", '{"faults": [{"kind": "placeholder"}]}')
        result = desk("rehearse", QUICK, "--faults", str(faults))
        assert (result.code, "12 stored images look like a placeholder" in result.err) == (0, True)
        assert "flux-batch verify runs/quickstart-rehearsal lists them" in result.err
        listed = desk("verify", "quickstart-rehearsal")
        assert (listed.code, "a rehearsal's provider ends with it" in listed.err) == (1, True)


class TestUnfetched:
    """What is paid and could not be fetched is named, can be told to the provider, and can be given up."""

    def test_it_is_listed_with_all_that_helps_to_ask_for_it(self, live_desk: Desk) -> None:
        """By ``run``, by ``status`` and by ``resolve``, which has the message; the key is not in it."""
        entry = paid_and_gone(live_desk)
        purchase = entry.purchase
        ids = f"paid; the provider's id {purchase.remote_id}, ours {purchase.business_id}"
        where = "Paid and not fetched: 1 image. For a message to the provider: flux-batch resolve runs/quickstart"
        ran = live_desk("run", QUICK, "--yes", *FAST)
        assert (ran.code, ids in ran.out, where in ran.err) == (4, True, True)
        status = live_desk("status", QUICK)
        assert (ids in status.out, where in status.out) == (True, True)
        result = live_desk("resolve", QUICK)
        assert result.code == 0
        _, _, message = result.out.partition("A message for the provider's support, to copy:")
        for part in (
            f"task id: {purchase.remote_id}",
            f"client_business_id: {purchase.business_id}",
            "sent: 20",
            "tried 2 times",
        ):
            assert part in message
        assert "?" not in message.partition("result file: ")[2].splitlines()[0]
        (unfetched,) = live_desk("resolve", QUICK, "--json").json["unfetched"]
        assert (unfetched["id"], unfetched["remote_id"], unfetched["price"]) == (
            entry.task.id,
            purchase.remote_id,
            "0.04",
        )

    def test_given_up_it_stays_spent_and_ends(self, live_desk: Desk) -> None:
        """No key is needed; exit 1 from then on, without a question; ``--retry-failed`` buys it anew."""
        entry = paid_and_gone(live_desk)
        result = live_desk("resolve", QUICK, "--abandon", entry.task.id, TOAPIS_API_KEY="")
        assert (result.code, "it stays spent" in result.out) == (0, True)
        status = live_desk("status", QUICK, "--json").json
        assert (status["failed"], status["spent"], status["cost"]) == (1, "0.48", "0.48")
        sent = live_desk.requests()
        assert live_desk("run", QUICK, "--yes", *FAST).code == 1
        assert live_desk.requests() == sent
        assert live_desk.simulator is not None
        live_desk.simulator.faults.replace(())
        again = live_desk("run", QUICK, "--yes", "--retry-failed", "--json", *FAST)
        assert (again.code, again.json["stored"], again.json["spent"]) == (0, 12, "0.52")

    @pytest.mark.parametrize("verb", ["--adopt", "--resend"])
    def test_nothing_else_can_be_said_of_it(self, verb: str, live_desk: Desk) -> None:
        """It is paid already."""
        entry = paid_and_gone(live_desk)
        name = entry.task.id + ("=task_other" if verb == "--adopt" else "")
        result = live_desk("resolve", QUICK, verb, name, "--yes")
        assert (result.code, "is paid, as task_" in result.err) == (2, True)

    @pytest.mark.parametrize("verb", ["--adopt", "--resend", "--abandon"])
    def test_a_rehearsal_has_nothing_to_decide(self, verb: str, desk: Desk) -> None:
        """Said before anything else, whatever is named."""
        desk("rehearse", QUICK)
        result = desk("resolve", "quickstart-rehearsal", verb, "anything=anything")
        assert (result.code, result.out) == (2, "")
        assert "a rehearsal starts its lost requests again by itself: there is nothing to decide" in result.err


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


def paid_and_gone(desk: Desk) -> Entry:
    """Run, lose the first image, and forget it at the provider, as after a run that could not fetch it."""
    assert desk("run", QUICK, "--yes", *FAST).code == 0
    assert desk.simulator is not None
    first = entries(desk)[0].purchase
    assert first.file is not None
    (desk.home / "runs/quickstart" / first.file.path).unlink()
    desk.simulator.faults.add(fault("expire", where="file"))
    gone = Failure(code="not_fetched", message="404; tried 8 times in the last run")
    with StateFile(desk.home / "runs/quickstart" / FILE) as state:
        state.save([replace(first, phase=Phase.READY, file=None, failure=gone)], None)
    return entries(desk)[0]


def bill_of(desk: Desk, entry: Entry) -> str:
    """The provider's id of a request, as its own list would show it."""
    assert desk.simulator is not None
    bills = desk.simulator.ledger.entries
    return next(bill.task_id for bill in bills if bill.business_id == entry.purchase.business_id)
