"""How far this machine's clock is from the server's, by what every answer says of its time."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from flux_batch.api.client import ApiClient, Heard


class DatedClient(ApiClient):
    """An ApiClient that reads the time of each answer: ``ahead`` is seconds, negative when this clock is behind.

    It stays None until an answer has said its time.
    """

    ahead: float | None = None

    def _understood(self, heard: Heard) -> object:
        self.ahead = seconds_ahead(heard.headers.get("date"), self._now())
        return super()._understood(heard)


def seconds_ahead(date: str | None, now: float) -> float | None:
    """``now``, in Unix seconds, against an HTTP date; None for no usable date."""
    try:
        return None if date is None else now - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
