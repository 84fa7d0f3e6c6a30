"""What arrived at the doors, without a secret in it: counters and the last requests."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

KEPT: Final = 20_000
"""Requests remembered one by one; the counters know all."""

CREDENTIAL_HEADERS: Final = ("Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "Api-Key")
CREDENTIAL_FIELDS: Final = frozenset({"key", "api_key", "apikey", "token", "access_token", "authorization"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request. ``status`` is 0 until answered, and stays 0 when the socket was cut; ``at`` is Unix seconds.

    ``credentials`` names the headers and query fields that carried one, never what they carried.
    """

    number: int
    at: float
    place: str
    method: str
    path: str
    credentials: tuple[str, ...]
    business_id: str = ""
    fault: str = ""
    status: int = 0


class Request(Protocol):
    """What is read of a request; aiohttp's fits."""

    @property
    def method(self) -> str:
        """The verb."""
        ...

    @property
    def path(self) -> str:
        """Without the query."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By name, whatever the case."""
        ...

    @property
    def query(self) -> Mapping[str, str]:
        """By name."""
        ...


def credentials_of(request: Request) -> tuple[str, ...]:
    """The names under which a request brought something secret."""
    in_headers = [name for name in CREDENTIAL_HEADERS if name in request.headers]
    in_query = [f"?{name}" for name in request.query if name.lower() in CREDENTIAL_FIELDS]
    return (*in_headers, *in_query)


class RequestLog:
    """Safe to read from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: dict[int, Arrival] = {}
        self._counts: Counter[str] = Counter()
        self._leaks = 0
        self._open: Counter[str] = Counter()
        self._peak: Counter[str] = Counter()

    def arrive(self, at: float, place: str, request: Request) -> int:
        """Note a request when it comes in; the number names it from now on."""
        credentials = credentials_of(request)
        with self._lock:
            number = self._counts.total() + 1
            self._counts[place] += 1
            self._open[place] += 1
            self._peak[place] = max(self._peak[place], self._open[place])
            self._leaks += bool(credentials) and place == "file"
            self._arrivals[number] = Arrival(
                number=number, at=at, place=place, method=request.method, path=request.path, credentials=credentials
            )
            self._arrivals.pop(number - KEPT, None)
            return number

    def note(self, number: int, *, business_id: str = "", fault: str = "") -> None:
        """Add what was learnt while handling it."""
        with self._lock:
            seen = self._arrivals.get(number)
            if seen is not None:
                self._arrivals[number] = replace(seen, business_id=business_id, fault=fault)

    def leave(self, number: int, place: str, status: int) -> None:
        """Note the answer; 0 when there was none."""
        with self._lock:
            self._open[place] -= 1
            seen = self._arrivals.get(number)
            if seen is not None:
                self._arrivals[number] = replace(seen, status=status)

    @property
    def arrivals(self) -> tuple[Arrival, ...]:
        """The last requests, oldest first."""
        with self._lock:
            return tuple(self._arrivals.values())

    @property
    def counts(self) -> Mapping[str, int]:
        """Requests by place."""
        with self._lock:
            return dict(self._counts)

    @property
    def leaks(self) -> int:
        """Requests that brought a credential to the file port, where none may ever arrive."""
        with self._lock:
            return self._leaks

    def to_json(self, last: int) -> dict[str, Any]:
        """For the side port, with the ``last`` requests."""
        rows = self.arrivals[-last:] if last else ()
        with self._lock:
            return {
                "counts": dict(self._counts),
                "peak_at_once": dict(self._peak),
                "credentials_at_files": self._leaks,
                "requests": [asdict(row) for row in rows],
            }
