"""Which fault meets which request: frozen rules and a small pure matcher.

Rules are tried in order. The first *wire* fault that fires decides the answer, and later wire rules do not count
that request: three throttles followed by two cuts in a file happen in that order. *Fates* (what becomes of an accepted
task) all apply, beside a wire fault.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PLACES: Final = ("submit", "status", "upload", "balance", "models", "file")
API_PLACES: Final = PLACES[:-1]
ANYWHERE: Final = "api"
"""All of API_PLACES as one place, with one count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Where a kind of fault may stand (the first is the default) and its own fields with their defaults."""

    places: tuple[str, ...]
    fields: Mapping[str, object]
    is_fate: bool = False
    tells: str


KINDS: Final[Mapping[str, Kind]] = {
    "throttle": Kind(
        places=PLACES,
        fields={"seconds": 1.0, "as_date": False, "retry_after": ""},
        tells="429; Retry-After in seconds, as an HTTP date, or any text",
    ),
    "error": Kind(
        places=PLACES,
        fields={"status": 500, "code": "", "message": "", "billed": False, "html": False, "retry_after": ""},
        tells="an error status, before or after billing, as JSON or as a gateway's HTML page",
    ),
    "cut": Kind(places=PLACES, fields={"billed": True}, tells="the socket is reset before the status line"),
    "hang": Kind(places=PLACES, fields={"seconds": 600.0, "billed": True}, tells="silence, then a reset"),
    "slow": Kind(places=PLACES, fields={"seconds": 1.0, "billed": True}, tells="the ordinary answer, late"),
    "late": Kind(places=("submit",), fields={"seconds": 1.0}, tells="a reset now, the request processed later"),
    "odd_body": Kind(places=API_PLACES, fields={"status": 200, "body": "{", "billed": True}, tells="200 and nonsense"),
    "redirect": Kind(places=PLACES, fields={"status": 307, "location": ""}, tells="another place is named"),
    "policy": Kind(places=("submit",), fields={}, tells="422 content_policy_violation"),
    "empty_balance": Kind(places=("submit", "balance"), fields={}, tells="402 insufficient_quota, or 0 left"),
    "wrong_key": Kind(places=(ANYWHERE, *API_PLACES), fields={}, tells="the key is not known: 401"),
    "word": Kind(places=("status",), fields={"word": "moderated"}, tells="an unknown status word"),
    "truncate": Kind(
        places=("file",),
        fields={"fraction": 0.7, "content_length": True},
        tells="a short body, with the full Content-Length or with none",
    ),
    "html": Kind(places=("file",), fields={"body": "<!doctype html><title>Not here</title>"}, tells="200 and a page"),
    "expire": Kind(places=("file",), fields={"status": 404}, tells="the file is gone before its time"),
    "drip": Kind(places=("file",), fields={"seconds": 0.05, "chunk": 1024}, tells="a chunk of bytes at a time"),
    "placeholder": Kind(places=("file",), fields={}, tells="200 and one tiny picture instead"),
    "fail": Kind(
        places=("submit",),
        fields={"code": "generation_failed", "message": "The simulator was told to fail this task"},
        is_fate=True,
        tells="the task is accepted, fails and is refunded",
    ),
    "stall": Kind(places=("submit",), fields={"seconds": 60.0}, is_fate=True, tells="the task takes longer"),
    "lookup_lag": Kind(
        places=("submit",),
        fields={"lookups": 0, "seconds": 0.0},
        is_fate=True,
        tells="not found by business id for so many lookups, or seconds",
    ),
    "hide": Kind(places=("submit",), fields={}, is_fate=True, tells="never found by business id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One rule, every field concrete; made by ``fault_file.fault``, which checks it and fills in the defaults.

    ``first``, ``every``, ``times`` are 0 when unused; ``after`` skips so many; times in seconds. ``per`` is ``all``
    or ``task``: with ``task`` the counts are kept for each task (each file, each request body) by itself.
    """

    kind: str
    where: str
    first: int = 0
    after: int = 0
    every: int = 0
    times: int = 0
    probability: float = 1.0
    per: str = "all"
    prompt: str = ""
    model: str = ""
    business_id: str = ""
    seconds: float = 0.0
    status: int = 0
    code: str = ""
    message: str = ""
    retry_after: str = ""
    as_date: bool = False
    billed: bool = False
    html: bool = False
    body: str = ""
    location: str = ""
    word: str = ""
    lookups: int = 0
    fraction: float = 0.0
    content_length: bool = True
    chunk: int = 0

    @property
    def is_fate(self) -> bool:
        """Whether it changes the task rather than the answer."""
        return KINDS[self.kind].is_fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One request as the matcher sees it. ``subject`` is the task, file or body that ``per: task`` counts by."""

    place: str
    subject: str = ""
    prompt: str = ""
    model: str = ""
    business_id: str = ""


def concerns(fault: Fault, event: Event) -> bool:
    """Whether ``fault`` speaks of requests like this one at all."""
    return (
        (fault.where == event.place or (fault.where == ANYWHERE and event.place in API_PLACES))
        and fault.prompt.casefold() in event.prompt.casefold()
        and fault.model in {"", event.model}
        and fault.business_id in {"", event.business_id}
    )


def fires(fault: Fault, seen: int, fired: int, draw: float) -> bool:
    """Whether it happens now: ``seen`` such requests came before, ``fired`` met it, ``draw`` is in [0, 1)."""
    turn = seen + 1 - fault.after
    if turn < 1 or (fault.first and turn > fault.first):
        return False
    if (fault.every and turn % fault.every) or (fault.times and fired >= fault.times):
        return False
    return draw < fault.probability


def draw(seed: int, rule: int, subject: str, seen: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{seed}/{rule}/{seen}/{subject}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / 2**56


class FaultBook:
    """The rules in force, how often each has been met, and nothing else. Safe to change from another thread."""

    def __init__(self, rules: tuple[Fault, ...] = (), seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._rules = rules
        self._seed = seed
        self._seen: Counter[tuple[int, str]] = Counter()
        self._fired: Counter[tuple[int, str]] = Counter()

    @property
    def rules(self) -> tuple[Fault, ...]:
        """The rules, in order."""
        return self._rules

    def replace(self, rules: tuple[Fault, ...], seed: int | None = None) -> None:
        """Put other rules in force; all counts start again."""
        with self._lock:
            self._rules = rules
            self._seed = self._seed if seed is None else seed
            self._seen.clear()
            self._fired.clear()

    def add(self, *rules: Fault) -> None:
        """Put more rules behind the others; their counts go on."""
        with self._lock:
            self._rules += rules

    def fired(self) -> list[int]:
        """How often each rule happened, in order."""
        with self._lock:
            totals = Counter[int]()
            for (index, _), count in self._fired.items():
                totals[index] += count
            return [totals[index] for index in range(len(self._rules))]

    def meet(self, event: Event) -> tuple[Fault, ...]:
        """Every fate and at most one wire fault for this request; the wire fault comes last."""
        with self._lock:
            wire: Fault | None = None
            fates: list[Fault] = []
            for index, rule in enumerate(self._rules):
                if not concerns(rule, event) or (wire is not None and not rule.is_fate):
                    continue
                if self._happens(index, rule, event):
                    fates, wire = ([*fates, rule], wire) if rule.is_fate else (fates, rule)
            return (*fates, wire) if wire is not None else tuple(fates)

    def _happens(self, index: int, rule: Fault, event: Event) -> bool:
        subject = event.subject if rule.per == "task" else ""
        count = (index, subject)
        chance = draw(self._seed, index, subject, self._seen[count])
        happens = fires(rule, self._seen[count], self._fired[count], chance)
        self._seen[count] += 1
        self._fired[count] += happens
        return happens
