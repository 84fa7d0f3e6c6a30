"""Effects become calls, and what the calls bring becomes events: one line of a table each, without a socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import pytest

from flux_batch.api.client import ApiClient
from flux_batch.api.files import FileClient
from flux_batch.api.wire import TaskSnapshot
from flux_batch.errors import (
    AccountRejected,
    ApiError,
    LocalFailure,
    NotSent,
    Rejected,
    TaskNotFound,
    Throttled,
    Unclear,
    UsageError,
)
from flux_batch.plan.records import Reference
from flux_batch.run.pace.brake import Brake
from flux_batch.run.pace.gate import Gate
from flux_batch.run.perform import Performer
from flux_batch.run.plane.download import intake_into
from flux_batch.run.plane.here import Here
from flux_batch.run.protocol.events import (
    Accepted,
    Control,
    ControlFailed,
    ControlPassed,
    Done,
    Doubtful,
    Event,
    Fetch,
    Fetched,
    Lookup,
    NeverSent,
    NoAnswer,
    NotFetched,
    NotFound,
    NotPrepared,
    Poll,
    Post,
    Prepare,
    Prepared,
    PrepareFailed,
    RefusedBy,
    Seen,
    TurnedAway,
    Withdrawn,
)
from flux_batch.run.records import Failure, Phase, Purchase, Times
from flux_batch.run.references.provide import ReferenceMoved, References
from flux_batch.run.store.claims import Work
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.registry import register
from flux_batch.run.store.state import FILE, StateFile

from .kit import FakeFiles, Listener, VirtualClock, key_of, make_plan_with, make_task, plain_spec, png

TASK = make_task("mug")
BODY = b'{"exact": "bytes"}'


OTHER = Purchase(key=key_of("other"), phase=Phase.SUBMITTED, remote_id="r2", business_id="fb-abcdefgh-8-1")
THIRD = Purchase(key=key_of("third"), business_id="fb-abcdefgh-9-1")


@dataclass(slots=True)
class FakeApi:
    """Answers as told, and keeps what it was asked."""

    answer: TaskSnapshot | Exception = field(default_factory=lambda: TaskSnapshot(id="r1", status="queued"))
    asked: list[object] = field(default_factory=list)
    then: TaskSnapshot | Exception | None = None
    submits_left: int | None = None
    queries_left: int | None = None

    async def submit(self, body: bytes) -> TaskSnapshot:
        """A POST."""
        return self._answer(body)

    async def status(self, task_id: str) -> TaskSnapshot:
        """A question."""
        return self._answer(task_id)

    def _answer(self, asked: object) -> TaskSnapshot:
        self.asked.append(asked)
        answer, self.answer = self.answer, self.then or self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass(slots=True)
class FakeReferences:
    """One URL, or one error."""

    answer: str | Exception | None = None

    async def url(self, reference: Reference | None) -> str | None:
        """The answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@dataclass(slots=True)
class Stage:
    """A performer with everything around it."""

    performer: Performer
    api: FakeApi
    references: FakeReferences
    files: FakeFiles
    clock: VirtualClock
    brake: Brake
    said: Listener
    purchase: Purchase

    async def perform(self, effect: object, **changes: object) -> Event | None:
        """One effect for the mug."""
        purchase = replace(self.purchase, **changes)  # type: ignore[arg-type]
        work = Work(purchase=purchase, task=TASK, number=7, stem="job/mug", may_send=True)
        return await self.performer.perform(work, purchase, effect)  # type: ignore[arg-type]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage whose clock stands still and whose provider is kind."""
    clock, api, references, files, said = VirtualClock(), FakeApi(), FakeReferences(), FakeFiles(png()), Listener()
    brake = Brake(clock)
    with StateFile(tmp_path / FILE) as state:
        register(state, make_plan_with(TASK, make_task("other"), make_task("third")), plain_spec(), now=0.0)
        async with Journal(state, None) as journal:
            performer = Performer(
                journal=journal,
                api=cast("ApiClient", api),
                plane=Here(cast("FileClient", files), intake_into(tmp_path)),
                references=cast("References", references),
                submits=Gate(brake, 0.0),
                queries=Gate(brake, 0.0),
                brake=brake,
                folder=tmp_path,
                run_id="abcdefgh",
                watcher=said,
            )
            purchase = Purchase(
                key=TASK.key, phase=Phase.INTENT, sends=1, body=BODY, business_id="fb-abcdefgh-7-1", remote_id="r1"
            )
            yield Stage(performer, api, references, files, clock, brake, said, purchase)


class TestPrepare:
    """A complete request, or why there is none."""

    async def test_the_request_holds_what_is_bought_and_an_id_that_says_nothing(self, stage: Stage) -> None:
        """Run, number and generation make the business id; the prompt is not in it."""
        event = await stage.perform(Prepare(), generation=3)
        assert isinstance(event, Prepared)
        assert event.business_id == "fb-abcdefgh-7-3"
        assert json.loads(event.body) == {
            "model": "flux-kontext-pro",
            "prompt": "a mug",
            "size": "1:1",
            "client_business_id": "fb-abcdefgh-7-3",
        }

    async def test_a_reference_goes_along(self, stage: Stage) -> None:
        """As the URL it was resolved to."""
        stage.references.answer = "https://files.example/1"
        event = await stage.perform(Prepare())
        assert isinstance(event, Prepared)
        assert json.loads(event.body)["image_urls"] == ["https://files.example/1"]

    @pytest.mark.parametrize(
        ("error", "event"),
        [
            (ReferenceMoved("moved"), PrepareFailed(reason="moved", lasting=True)),
            (AccountRejected(402, "empty", "no money"), PrepareFailed(reason="402 empty: no money")),
            (Unclear("reset"), PrepareFailed(reason="reset")),
            (NotSent("no network"), PrepareFailed(reason="no network")),
            (Throttled("slow", 3.0), PrepareFailed(reason="slow")),
            (UsageError("too large"), PrepareFailed(reason="too large", lasting=True)),
            (Rejected(415, "type", "no image"), NotPrepared(failure=Failure(code="type", message="no image"))),
            (Rejected(422, "", ""), NotPrepared(failure=Failure(code="422", message="the provider gave no reason"))),
        ],
    )
    async def test_without_its_reference_there_is_no_request(
        self, stage: Stage, error: Exception, event: Event
    ) -> None:
        """Only the provider's own refusal is final."""
        stage.references.answer = error
        assert await stage.perform(Prepare()) == event

    @pytest.mark.parametrize("status", [401, 402, 403])
    async def test_an_upload_that_the_account_may_not_make_stops_the_run(self, stage: Stage, status: int) -> None:
        """No other upload will fare better, nor will a second try."""
        stage.references.answer = AccountRejected(status, "", "no")
        await stage.perform(Prepare())
        assert stage.brake.stopped == f"{status}: no"
        assert await stage.perform(Prepare()) is None

    async def test_after_a_stop_nothing_is_prepared(self, stage: Stage) -> None:
        """And nothing needs undoing."""
        stage.brake.stop("enough", halt=False)
        assert await stage.perform(Prepare()) is None


class TestPost:
    """The one call that costs money."""

    @pytest.mark.parametrize(
        ("error", "event"),
        [
            (NotSent("no network"), NeverSent(reason="no network")),
            (Unclear("reset"), Doubtful(reason="reset")),
            (ApiError("odd"), Doubtful(reason="odd")),
            (Throttled("slow", 3.0), TurnedAway(retry_after=3.0)),
            (Throttled("slow", None), TurnedAway(retry_after=None)),
            (Rejected(422, "policy", "no"), RefusedBy(failure=Failure(code="policy", message="no"))),
            (TaskNotFound(404, "", "no"), RefusedBy(failure=Failure(code="404", message="no"))),
            (
                AccountRejected(402, "empty", "no money"),
                RefusedBy(failure=Failure(code="empty", message="no money"), account=True),
            ),
        ],
    )
    async def test_every_error_is_one_event(self, stage: Stage, error: Exception, event: Event) -> None:
        """Sent once, whatever comes of it."""
        stage.api.answer = error
        assert await stage.perform(Post(queue=False)) == event
        assert stage.api.asked == [BODY]

    async def test_the_stored_bytes_are_sent(self, stage: Stage) -> None:
        """Not made anew."""
        answer = TaskSnapshot(id="r1", status="queued")
        assert await stage.perform(Post()) == Accepted(snapshot=answer)
        assert stage.api.asked == [BODY]

    async def test_an_answer_about_another_request_is_a_doubt(self, stage: Stage) -> None:
        """Its id would bring that one's image; ours may have been taken all the same."""
        stage.api.answer = TaskSnapshot(id="r9", status="queued", business_id="fb-abcdefgh-9-1")
        event = await stage.perform(Post())
        assert event == Doubtful(reason="the server answered about another request, as r9")
        assert stage.api.asked == [BODY]

    async def test_an_id_that_another_image_has_is_a_doubt(self, stage: Stage) -> None:
        """One task makes one image, so one of the two answers is wrong."""
        await stage.performer.journal.save(OTHER)
        stage.api.answer = TaskSnapshot(id="r2", status="queued", business_id=stage.purchase.business_id)
        event = await stage.perform(Post())
        assert event == Doubtful(reason="the server answered about another request, as r2")

    @pytest.mark.parametrize("queue", [False, True])
    @pytest.mark.parametrize("halt", [False, True])
    async def test_after_a_stop_nothing_is_sent(self, stage: Stage, queue: bool, halt: bool) -> None:
        """The intent is taken back, for its money is reserved already."""
        stage.brake.stop("enough", halt=halt)
        assert await stage.perform(Post(queue=queue)) == Withdrawn()
        assert stage.api.asked == []

    async def test_a_429_shuts_the_gate_for_everybody(self, stage: Stage) -> None:
        """One answer, one pause for all."""
        stage.api.answer = Throttled("slow", 30.0)
        await stage.perform(Post(queue=False))
        assert stage.performer.submits._seconds_left() == pytest.approx(30.0)
        assert stage.performer.queries._seconds_left() == 0.0
        assert "pause of 30 s" in stage.said.said[0]

    async def test_a_doubt_is_said(self, stage: Stage) -> None:
        """A person should know that nothing is sent twice."""
        stage.api.answer = Unclear("reset")
        await stage.perform(Post(queue=False))
        assert stage.said.said == ["No clear answer to a request (reset): looking it up before anything is sent again"]


class TestQuestions:
    """Asking costs nothing and changes nothing by itself."""

    @pytest.mark.parametrize(
        ("error", "event"),
        [
            (TaskNotFound(404, "", "no"), NotFound()),
            (Rejected(404, "", "page"), NoAnswer(reason="404: page")),
            (Unclear("reset"), NoAnswer(reason="reset")),
            (NotSent("no network"), NoAnswer(reason="no network")),
            (Throttled("slow", 3.0), NoAnswer(reason="slow")),
            (AccountRejected(401, "", "key"), NoAnswer(reason="401: key")),
        ],
    )
    @pytest.mark.parametrize("effect", [Poll(after=0.0), Lookup(after=0.0)], ids=["poll", "lookup"])
    async def test_only_the_apis_own_404_says_that_it_is_not_there(
        self, stage: Stage, effect: object, error: Exception, event: Event
    ) -> None:
        """Everything else brought no answer."""
        stage.api.answer = error
        assert await stage.perform(effect, phase=Phase.UNCERTAIN) == event

    async def test_a_poll_asks_by_the_providers_id_and_a_lookup_by_ours(self, stage: Stage) -> None:
        """A lookup is for what has no id yet."""
        await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED)
        await stage.perform(Lookup(after=0.0), phase=Phase.UNCERTAIN)
        assert stage.api.asked == ["r1", "fb-abcdefgh-7-1"]

    @pytest.mark.parametrize(("theirs", "ours"), [("fb-abcdefgh-7-1", True), (None, True), ("fb-else", False)])
    @pytest.mark.parametrize("effect", [Poll(after=0.0), Lookup(after=0.0)], ids=["poll", "lookup"])
    async def test_an_answer_about_another_task_is_no_answer(
        self, stage: Stage, effect: object, theirs: str | None, ours: bool
    ) -> None:
        """Neither its id nor its image is taken for this one's."""
        stage.api.answer = TaskSnapshot(id="r9", status="queued", business_id=theirs)
        event = await stage.perform(effect, phase=Phase.UNCERTAIN)
        assert isinstance(event, Seen if ours else NoAnswer)

    async def test_a_rejected_key_stops_everything(self, stage: Stage) -> None:
        """No question will be answered either; what is paid waits for the next run."""
        stage.api.answer = AccountRejected(401, "", "key")
        await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED)
        assert stage.brake.stopped == "401: key"
        assert await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED) is None

    async def test_an_empty_account_stops_sending_and_goes_on_asking(self, stage: Stage) -> None:
        """What is paid is still waited for."""
        stage.api.answer = AccountRejected(402, "", "empty")
        await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED)
        assert stage.brake.stopped == "402: empty"
        stage.api.answer = TaskSnapshot(id="r1", status="queued")
        assert isinstance(await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED), Seen)

    async def test_a_429_to_a_question_pauses_questions_only(self, stage: Stage) -> None:
        """The two limits are two."""
        stage.api.answer = Throttled("slow", None)
        await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED)
        assert stage.performer.queries._seconds_left() == pytest.approx(1.0)
        assert stage.performer.submits._seconds_left() == 0.0

    async def test_after_a_halt_nothing_is_asked(self, stage: Stage) -> None:
        """What was sent is left to the next run; what was turned away was never taken and is taken back."""
        stage.brake.stop("signal", halt=True)
        assert await stage.perform(Poll(after=0.0), phase=Phase.SUBMITTED) is None
        assert await stage.perform(Lookup(after=0.0), phase=Phase.UNCERTAIN) is None
        assert await stage.perform(Lookup(after=0.0), phase=Phase.INTENT) == Withdrawn()
        assert stage.api.asked == []


class TestControl:
    """Another accepted task, found the same way."""

    async def test_without_another_task_it_fails(self, stage: Stage) -> None:
        """Nothing is asked."""
        assert await stage.perform(Control(), phase=Phase.UNCERTAIN) == ControlFailed()
        assert stage.api.asked == []

    @pytest.mark.parametrize("answer", [TaskNotFound(404, "", "no"), Unclear("reset")])
    async def test_it_fails_when_the_other_task_is_not_found(self, stage: Stage, answer: Exception) -> None:
        """By its business id, and nothing else is asked."""
        await stage.performer.journal.save(OTHER)
        stage.api.answer = answer
        assert await stage.perform(Control(), phase=Phase.UNCERTAIN) == ControlFailed()
        assert stage.api.asked == [OTHER.business_id]

    async def test_it_fails_when_the_answer_is_about_a_third_task(self, stage: Stage) -> None:
        """A server that answers every question with some task proves nothing."""
        await stage.performer.journal.save(OTHER)
        stage.api.answer = TaskSnapshot(id="r9", status="completed", business_id="fb-abcdefgh-9-1")
        assert await stage.perform(Control(), phase=Phase.UNCERTAIN) == ControlFailed()

    async def test_a_provider_that_forgot_the_task_before_this_one_proves_nothing(self, stage: Stage) -> None:
        """It knows what it was sent lately, and this one it may have forgotten as well: it may be paid."""
        await stage.performer.journal.save(replace(OTHER, times=Times(intent=10.0, submitted=11.0)))
        latest = replace(THIRD, phase=Phase.SUBMITTED, remote_id="r3", times=Times(intent=99.0, submitted=100.0))
        await stage.performer.journal.save(latest)
        doubtful = replace(stage.purchase, phase=Phase.UNCERTAIN, remote_id=None, times=Times(intent=50.0))
        await stage.performer.journal.save(doubtful)
        stage.api.answer = TaskNotFound(404, "task_not_found", "no")
        stage.api.then = TaskSnapshot(id="r3", status="completed")
        assert await stage.perform(Control(), phase=Phase.UNCERTAIN) == ControlFailed()
        assert stage.api.asked == [OTHER.business_id]

    async def test_what_was_accepted_later_says_nothing_of_an_old_request(self, stage: Stage) -> None:
        """Taken up after days, with the first request in doubt: today's tasks are known, that one may be gone."""
        doubtful = replace(stage.purchase, phase=Phase.UNCERTAIN, remote_id=None, times=Times(intent=50.0))
        await stage.performer.journal.save(doubtful)
        days_later = stage.performer.brake.clock.now().wall
        latest = replace(OTHER, times=Times(intent=days_later - 9, submitted=days_later - 8))
        await stage.performer.journal.save(latest)
        stage.api.answer = TaskSnapshot(id="r2", status="completed")
        stage.api.then = TaskNotFound(404, "task_not_found", "no")
        assert await stage.perform(Control(), phase=Phase.UNCERTAIN) == ControlFailed()
        assert stage.api.asked == []

    @pytest.mark.parametrize(
        ("again", "event"),
        [
            (TaskNotFound(404, "", "no"), ControlPassed()),
            (Unclear("reset"), NoAnswer(reason="reset")),
            (TaskSnapshot(id="r1", status="queued"), Seen(snapshot=TaskSnapshot(id="r1", status="queued"))),
        ],
    )
    async def test_it_passes_only_when_this_one_is_still_missing(
        self, stage: Stage, again: TaskSnapshot | Exception, event: Event
    ) -> None:
        """The 404s before may be older than the window, so this image is asked for once more behind the witness."""
        await stage.performer.journal.save(OTHER)
        stage.api.answer, stage.api.then = TaskSnapshot(id="r2", status="completed"), again
        assert await stage.perform(Control(), phase=Phase.UNCERTAIN) == event
        assert stage.api.asked[0] == OTHER.business_id
        assert len(stage.api.asked) == 2


class TestFetch:
    """The image itself."""

    async def test_a_whole_image_is_fetched(self, stage: Stage) -> None:
        """Under the name the state file gave it."""
        event = await stage.perform(Fetch(url="https://x/"), phase=Phase.READY)
        assert isinstance(event, Fetched)
        assert event.file.path == "images/job/mug.png"

    @pytest.mark.parametrize("error", [Unclear("reset"), Rejected(410, "file_gone", "gone"), NotSent("no network")])
    async def test_what_did_not_come_is_asked_for_again(self, stage: Stage, error: Exception) -> None:
        """With the reason."""
        stage.files.error = error
        assert await stage.perform(Fetch(url="https://x/"), phase=Phase.READY) == NotFetched(reason=str(error))

    async def test_what_is_no_image_is_asked_for_again(self, stage: Stage) -> None:
        """A page, a stump."""
        stage.files.data = b"<html>"
        event = await stage.perform(Fetch(url="https://x/"), phase=Phase.READY)
        assert isinstance(event, NotFetched)
        assert "<html>" in event.reason

    async def test_a_disk_that_fails_is_no_event(self, stage: Stage) -> None:
        """It ends the run."""
        (stage.performer.folder / "images").write_text("")
        with pytest.raises(LocalFailure):
            await stage.perform(Fetch(url="https://x/"), phase=Phase.READY)


async def test_an_effect_that_is_none_is_a_bug(stage: Stage) -> None:
    """Done and Leave are not carried out."""
    with pytest.raises(TypeError):
        await stage.perform(Done())
