"""What can happen to a purchase, and what can be done next: the alphabet of the submit protocol."""

from __future__ import annotations

from dataclasses import dataclass

from flux_batch.api.wire import TaskSnapshot
from flux_batch.errors import RawAnswer
from flux_batch.run.records import Failure, StoredFile

# What happened -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The request is complete; ``body`` is what will be sent."""

    body: bytes
    business_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPrepared:
    """The request can never be made: its reference is refused."""

    failure: Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareFailed:
    """The request could not be made now. ``lasting``: trying again will not help, a person has to."""

    reason: str
    lasting: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMoney:
    """The budget has no room for this send; nothing was reserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider took the request."""

    snapshot: TaskSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedBy:
    """A definite 4xx. ``account`` means that it is about the key or the balance, not about this request."""

    failure: Failure
    account: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSent:
    """Proven: the request did not leave this machine."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The run is stopping, and this request has not left yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnedAway:
    """429, or 503 with the rate-limit code."""

    retry_after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubtful:
    """Everything else: the request may have been taken. ``answer`` is what came back, for a person to read."""

    reason: str
    answer: RawAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A status answer, by id or by business id."""

    snapshot: TaskSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFound:
    """The API's own 404 under the same key and base URL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """A question that brought no answer; it changes nothing."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPassed:
    """Another accepted task was found by its business id just now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlFailed:
    """No other accepted task could be found by its business id, or there is none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The image is on disk under its final name, decoded and hashed."""

    file: StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFetched:
    """The image could not be fetched this time."""

    reason: str


Event = (
    Prepared | NotPrepared | PrepareFailed | NoMoney | Accepted | RefusedBy | NeverSent | Withdrawn | TurnedAway
    | Doubtful | Seen | NotFound | NoAnswer | ControlPassed | ControlFailed | Fetched | NotFetched
)  # fmt: skip


# What to do next -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Make the request: resolve the reference, upload it if need be."""

    after: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Send the stored bytes once, ``after`` seconds; ``queue`` for a new place among the submits first."""

    after: float = 0.0
    queue: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Ask by business id, ``after`` seconds."""

    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Ask for another accepted task by its business id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Ask by the provider's id, ``after`` seconds."""

    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """Download the result."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Nothing more to do for this image, in this run or for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """No more can be done by this process; a later run goes on. ``stop`` says that no other image will fare better."""

    reason: str
    stop: bool = False


Effect = Prepare | Post | Lookup | Control | Poll | Fetch | Done | Leave
