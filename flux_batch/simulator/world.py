"""The provider behind the doors: accepts orders, bills them, and knows every task, upload and owner."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flux_batch.simulator.answers import Shape
from flux_batch.simulator.clock import Clock
from flux_batch.simulator.contract import DUPLICATE, NO_BALANCE, PRICES, Order, Refusal, invalid
from flux_batch.simulator.faults import Fault, FaultBook
from flux_batch.simulator.faults import draw as chance
from flux_batch.simulator.gallery import Gallery
from flux_batch.simulator.ledger import Entry, Ledger
from flux_batch.simulator.limits import Limiter
from flux_batch.simulator.log import RequestLog
from flux_batch.simulator.options import SimulatorOptions
from flux_batch.simulator.references import Reference, fetch, from_bytes, loopback_url, mime_of, stand_in
from flux_batch.simulator.tasks import EARLY_WORDS, WORDS, Failure, Task, TaskBook, identity

UNREADABLE = invalid("image_urls[0] could not be read: not found, expired, or not a JPEG, PNG, WebP or GIF under 10 MB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """An uploaded image; ``expires_at`` is Unix seconds, None for never."""

    id: str
    file_name: str
    mime: str
    data: bytes
    expires_at: float | None

    def lives(self, now: float) -> bool:
        """Whether its URL still works."""
        return self.expires_at is None or now < self.expires_at


class World:
    """All state of one simulator. Used from its own event loop; the ledger, log and faults from anywhere."""

    def __init__(self, options: SimulatorOptions, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.ledger = Ledger(options.balance)
        self.limiter = Limiter(options.tier)
        self.tasks = TaskBook()
        self.faults = FaultBook(options.faults, options.seed)
        self.log = RequestLog()
        self.gallery = Gallery(options, self.tasks.by_file)
        self.shape = Shape(task_id_key=options.task_id_key, url_on_top=options.url_on_top)
        self.files_url = ""
        self.side_url = ""
        self._uploads: dict[str, Upload] = {}
        self._owners: dict[bytes, str] = {}
        self._identical: Counter[str] = Counter()
        self._salt = secrets.token_bytes(16)
        self._later: set[asyncio.Task[object]] = set()

    def owner(self, authorization: str) -> str | None:
        """A running name for the bearer of a key; None when the key is missing or wrong. The key is not kept."""
        key = bearer(authorization)
        if not key:
            return None
        expected = self.options.key
        if expected is not None and not hmac.compare_digest(key.encode(), expected.encode()):
            return None
        mark = hmac.digest(self._salt, key.encode(), "sha256")
        return self._owners.setdefault(mark, f"key-{len(self._owners) + 1}")

    async def accept(self, order: Order, owner: str, raw: bytes, fates: tuple[Fault, ...]) -> Task | Refusal:
        """Take an order and bill it, or say why not. ``raw`` is the body, for the ledger."""
        reference = await self._reference(order.image_url)
        if isinstance(reference, Refusal):
            return reference
        # No await from here to the bill: two requests must not both spend the last cent.
        first = self.tasks.first_with(owner, order.business_id)
        if first is not None and self.options.repeated_id != "billed":
            return first if self.options.repeated_id == "replayed" else DUPLICATE
        now = self.clock.now()
        if not self.ledger.affords(owner, PRICES[order.model], now):
            return NO_BALANCE
        task = self._new_task(order, owner, reference, fates, now)
        self.tasks.add(task)
        self.ledger.bill(self._entry(task, raw))
        return task

    def upload(self, data: bytes, mime: str) -> Upload:
        """Keep an uploaded image."""
        name = secrets.token_hex(8)
        life = self.options.upload_life
        kept = Upload(
            id=f"upload_{name[:8]}",
            file_name=f"{name}.{mime.removeprefix('image/').replace('jpeg', 'jpg')}",
            mime=mime,
            data=data,
            expires_at=None if life is None else self.clock.now() + life,
        )
        self._uploads[kept.file_name] = kept
        return kept

    def uploaded(self, file_name: str) -> Upload | None:
        """An upload by its file name, alive or not."""
        return self._uploads.get(file_name)

    def result_url(self, task: Task) -> str:
        """Where a task's picture is, or will be."""
        return f"{self.files_url}/generated/{task.file_name}"

    def upload_url(self, upload: Upload) -> str:
        """Where an upload is."""
        return f"{self.files_url}/uploads/{upload.file_name}"

    def after(self, seconds: float, doing: Callable[[], Awaitable[object]]) -> None:
        """Do something later, whoever has hung up by then."""

        async def wait() -> object:
            await asyncio.sleep(seconds)
            return await doing()

        task = asyncio.create_task(wait())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def close(self) -> None:
        """Give up what was put off, and stop the drawing threads."""
        for task in self._later:
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)
        await self.gallery.close()

    async def _reference(self, url: str | None) -> Reference | Refusal | None:
        if url is None:
            return None
        if url.startswith(f"{self.files_url}/"):
            return self._own(url) or UNREADABLE
        near = loopback_url(url)
        if near is None:
            return stand_in(url)
        data = await fetch(near)
        readable = data is not None and await asyncio.to_thread(mime_of, data) is not None
        return from_bytes(data, url) if data is not None and readable else UNREADABLE

    def _own(self, url: str) -> Reference | None:
        """A file of ours, read without going through our own door."""
        folder, _, name = urlsplit(url).path.strip("/").partition("/")
        now = self.clock.now()
        upload = self.uploaded(name) if folder == "uploads" else None
        if upload is not None and upload.lives(now):
            return from_bytes(upload.data, url)
        parent = self.tasks.by_file(name) if folder in {"generated", "moved"} else None
        if parent is None or not parent.has_file(now):
            return None
        # What the parent's picture depends on stands for its bytes, which may not have been drawn yet.
        return Reference(
            digest=f"{identity(parent.order, parent.reference)}/{parent.variation}", url=url, file_name=name
        )

    def _new_task(
        self, order: Order, owner: str, reference: Reference | None, fates: tuple[Fault, ...], now: float
    ) -> Task:
        digest = identity(order, reference)
        variation = self._identical[digest]
        self._identical[digest] += 1
        low, high = self.options.latency
        latency = low + (high - low) * chance(self.options.seed, variation, digest, 0)
        finished = now + latency + sum(fate.seconds for fate in fates if fate.kind == "stall")
        fail = next((fate for fate in fates if fate.kind == "fail"), None)
        return Task(
            id=f"task_img_{secrets.token_hex(8)}",
            owner=owner,
            order=order,
            reference=reference,
            file_name=f"{int(finished)}_{secrets.token_hex(8)}.{order.response_format}",
            variation=variation,
            created_at=now,
            finished_at=finished,
            expires_at=finished + self.options.url_life,
            failure=Failure(code=fail.code, message=fail.message) if fail else None,
            hidden_until=_hidden_until(fates, now),
            hidden_lookups=sum(fate.lookups for fate in fates if fate.kind == "lookup_lag"),
            words=EARLY_WORDS if self.options.early_words else WORDS,
        )

    def _entry(self, task: Task, raw: bytes) -> Entry:
        return Entry(
            number=len(self.ledger) + 1,
            task_id=task.id,
            owner=task.owner,
            business_id=task.order.business_id,
            model=task.order.model,
            price=PRICES[task.order.model],
            body_sha256=hashlib.sha256(raw).hexdigest(),
            billed_at=task.created_at,
            refund_at=task.finished_at if task.failure else None,
        )


def bearer(authorization: str) -> str:
    """The key in an ``Authorization`` header; empty when there is none."""
    scheme, _, key = authorization.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _hidden_until(fates: tuple[Fault, ...], now: float) -> float:
    if any(fate.kind == "hide" for fate in fates):
        return float("inf")
    return now + sum(fate.seconds for fate in fates if fate.kind == "lookup_lag")
