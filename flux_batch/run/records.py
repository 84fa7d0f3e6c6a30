"""What a run knows of every image: frozen records, read back whole from the state file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from flux_batch.plan.records import Price, Task
from flux_batch.spec.records import Draft, ReportOptions

NOT_FETCHED: Final = "not_fetched"
"""The code of a failure that ends nothing: the image is paid, and a run could not bring it home."""

ABANDONED: Final = "abandoned"
"""The code of what a person gave up."""

POLICY: Final = frozenset({"content_policy_violation", "content_filter", "moderation_blocked"})
"""The provider's codes for refusals that are about one prompt."""


class Phase(StrEnum):
    """Where a purchase stands; see the protocol for the ways between them."""

    PLANNED = "planned"
    INTENT = "intent"
    UNCERTAIN = "uncertain"
    HELD = "held"
    SUBMITTED = "submitted"
    READY = "ready"
    STORED = "stored"
    FAILED = "failed"
    REFUSED = "refused"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """An image that decoded, was hashed and stands under its final name.

    ``path`` is relative to the run folder, with ``/``; ``width`` and ``height`` are pixels. ``bare`` is the number of
    the look that found no Content Credentials in it as it came; 0 where there are some, or nobody looked.
    """

    path: str
    sha256: str
    bytes: int
    width: int
    height: int
    mime: str
    bare: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why there is no image: a short code, and the provider's or our own words."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Unix seconds of the wall clock, for people; None where it has not happened."""

    intent: float | None = None
    submitted: float | None = None
    ready: float | None = None
    stored: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """Everything durable about one key.

    ``sends`` counts POSTs that may have reached the provider in this ``generation``; a generation is one
    intention to buy, and only a person starts a second one (``--retry-failed``). ``price`` is USD at the time
    of the intent. ``body`` and ``business_id`` are stored before the first POST and never change in a generation.
    """

    key: str
    phase: Phase = Phase.PLANNED
    generation: int = 1
    sends: int = 0
    price: Decimal | None = None
    business_id: str | None = None
    body: bytes | None = None
    remote_id: str | None = None
    result_url: str | None = None
    expires_at: float | None = None
    file: StoredFile | None = None
    failure: Failure | None = None
    times: Times = field(default_factory=Times)

    @property
    def cost(self) -> Decimal:
        """USD this purchase has cost: the price once accepted, 0 when refused, failed (refunded) or unsent."""
        return self.price if self.paid and self.price is not None else Decimal(0)

    @property
    def paid(self) -> bool:
        """Whether the provider took it and keeps the money; giving up an image that it took refunds nothing."""
        return self.phase in _PAID or (
            self.phase is Phase.FAILED and _code(self) == ABANDONED and self.remote_id is not None
        )

    @property
    def unfetched(self) -> bool:
        """Whether it is paid and a run could not bring it home: its image, or the task itself, was not there."""
        return self.phase in (Phase.SUBMITTED, Phase.READY) and _code(self) == NOT_FETCHED


_PAID: Final = frozenset({Phase.SUBMITTED, Phase.READY, Phase.STORED})


def _code(purchase: Purchase) -> str:
    return purchase.failure.code if purchase.failure else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One wanted image with what became of it; entries that share a key share the purchase.

    ``wanted`` is False for an image the present spec no longer asks for; it is kept all the same.
    """

    task: Task
    purchase: Purchase
    wanted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run as its state file has it now: all a report needs.

    ``spent`` and ``reserved`` are USD over the life of the run folder. ``spec_file`` is the name the user gave.
    ``rehearsal`` is True when the images came from the simulator. ``inputs`` are the files that the spec read, path to
    content hash. ``draft`` is what the spec was promoted from; its folder starts at the run folder. ``images`` is the
    address of the object store that holds them, "" for the run folder, and ``images_web`` where a browser finds it.
    """

    name: str
    spec_file: str
    spec_sha256: str
    base_url: str
    rehearsal: bool
    created: float
    updated: float
    prices: tuple[Price, ...]
    report: ReportOptions
    budget_max: Decimal | None
    spent: Decimal
    reserved: Decimal
    entries: tuple[Entry, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    draft: Draft | None = None
    images: str = ""
    images_web: str = ""

    @property
    def called(self) -> str:
        """The run's name as its page and its folder have it, which tell a rehearsal from the real run."""
        return f"{self.name}-rehearsal" if self.rehearsal else self.name
