"""Every error a user can meet, each branch with its exit code.

    FluxBatchError                    70  a fault of ours, or a branch below
    ├── UsageError                     2  the command, an environment variable or a file was not usable
    │   └── InvalidSpec                2  the spec has problems; all of them are in ``problems``
    ├── RefusedToSpend                 3  nothing was bought, and why
    │   ├── OverBudget
    │   ├── BalanceTooLow
    │   ├── PriceUnknown
    │   ├── ConsentMissing
    │   └── PlanMoved                     a saved plan no longer matches the spec, a file or a price
    ├── Resumable                      4  stopped or waiting; the same command goes on
    │   ├── RunLocked                     another process holds the run folder
    │   ├── StateUnusable                 the state file belongs to another account, server or newer version
    │   └── LocalFailure                  this machine cannot keep what is bought (disk full, read-only, …)
    └── ApiError                       4  what the wire did, translated once, in ``flux_batch.api.client``
        ├── NotSent                       proven: the request never left this machine
        ├── Unclear                       the request may have arrived: timeout, reset, 5xx, odd body
        ├── Throttled                     429, or 503 with the rate-limit code; carries ``retry_after``
        └── Rejected                      a definite 4xx in the API's own words
            ├── AccountRejected           401, 402, 403: nothing more can be bought with this key now
            └── TaskNotFound              404 in the API's own JSON

The exit codes are part of the CLI contract.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar


class FluxBatchError(Exception):
    """The root: anything flux-batch raises on purpose."""

    exit_code: ClassVar[int] = 70


class UsageError(FluxBatchError):
    """The command line, an environment variable or a file given to it cannot be used."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Fix:
    """What was written and what must have been meant, where only one thing can have been."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing wrong with a file, and where.

    ``line`` and ``column`` count from 1; ``width`` is how many characters the caret underlines;
    ``excerpt`` is the source line, empty when there is none to show. ``fix`` is about what stands at the place.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    excerpt: str = ""
    width: int = 1
    fix: Fix | None = field(default=None, compare=False, repr=False)

    def render(self) -> str:
        """``file:line:column: message``, the line and a caret with the hint behind it."""
        head = f"{self.file}:{self.line}:{self.column}: {self.message}"
        if not self.excerpt:
            return f"{head}\n    {self.hint}" if self.hint else head
        caret = " " * (self.column - 1) + "^" * max(1, self.width)
        gutter = " " * len(str(self.line))
        return f"{head}\n  {self.line} | {self.excerpt}\n  {gutter} | {caret} {self.hint}".rstrip()


class InvalidSpec(UsageError):
    """A spec with at least one problem; ``problems`` holds every one found.

    ``draft`` is what could be read all the same, None for nothing: later checks may find more in it.
    """

    def __init__(self, problems: tuple[Problem, ...], draft: object = None) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the spec")
        self.problems = problems
        self.draft = draft


class RefusedToSpend(FluxBatchError):
    """Stopped before any money was spent."""

    exit_code = 3


class OverBudget(RefusedToSpend):
    """The plan could pass the budget or ``--max-cost``."""


class BalanceTooLow(RefusedToSpend):
    """The account holds less than the plan costs."""


class PriceUnknown(RefusedToSpend):
    """A model without a known price cannot be bought under a budget."""


class ConsentMissing(RefusedToSpend):
    """Nobody said yes: the question was declined, or there is no terminal and no ``--yes``."""


class PlanMoved(RefusedToSpend):
    """A saved plan no longer says what would happen."""


class Resumable(FluxBatchError):
    """Stopped or waiting; everything bought so far is recorded, and the same command goes on."""

    exit_code = 4


class RunLocked(Resumable):
    """Another process works on this run folder."""


class StateUnusable(Resumable):
    """The state file cannot be continued with this key, server or version."""


class LocalFailure(Resumable):
    """The machine cannot safely keep what would be bought."""


class ApiError(Resumable):
    """The provider, or the way to it, did not do what was asked."""


class NotSent(ApiError):
    """Proven unsent: no connection was made, so nothing can have been billed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """What came back and could not be understood: the first bytes of it, without the key. ``at`` is Unix seconds."""

    status: int
    content_type: str
    body: bytes
    at: float


class Unclear(ApiError):
    """The request may have arrived; only a lookup can tell. ``answer`` is what came back, None for nothing."""

    def __init__(self, message: str, answer: RawAnswer | None = None) -> None:
        super().__init__(message)
        self.answer = answer


class Throttled(ApiError):
    """The provider asked for a pause of ``retry_after`` seconds (None: it did not say how long)."""

    def __init__(self, message: str, retry_after: float | None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(ApiError):
    """A definite answer of the API: not accepted, not billed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}" if code else f"{status}: {message}")
        self.status = status
        self.code = code
        self.message = message


class AccountRejected(Rejected):
    """401, 402 or 403: the key, the balance or the permission is missing."""


class TaskNotFound(Rejected):
    """404 in the API's own JSON: no task by that id is known to this key."""
