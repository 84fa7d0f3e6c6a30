"""Whose run this is: a state file goes on only with the account and the server it was begun with.

A task in doubt is looked up among the tasks of the key's owner; asked with another key it would seem to be missing,
and would be bought twice.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from flux_batch.api.settings import ApiSettings
from flux_batch.errors import StateUnusable
from flux_batch.run.records import Phase
from flux_batch.run.store.rows import FINAL
from flux_batch.run.store.state import StateFile

SIMULATOR: Final = "simulator"


def keep_apart(state: StateFile, *, rehearsal: bool) -> None:
    """Raise StateUnusable where a rehearsal would forget what is paid, or a real run take drawn pictures for bought."""
    before = state.meta("rehearsal")
    if before is None or (before == "1") == rehearsal or not has_begun(state):
        return
    folder = state.path.parent
    if rehearsal:
        raise StateUnusable(f"{folder} holds a real run; rehearse in another folder")
    raise StateUnusable(f"{folder} holds a rehearsal, whose images are only drawn; run in another folder")


def claim_identity(state: StateFile, settings: ApiSettings, *, rehearsal: bool) -> None:
    """Note the account and server of a run, or raise StateUnusable when images are under way with others."""
    if rehearsal:
        _note(state, {"base_url": SIMULATOR, "rehearsal": "1"})
        return
    salt = state.meta("key_salt") or secrets.token_hex(16)
    wanted = {"base_url": settings.base_url, "key_salt": salt, "key_mark": _mark(salt, settings), "rehearsal": "0"}
    known = {name: state.meta(name) for name in wanted}
    if state.meta("base_url") is not None and known != wanted and under_way(state):
        what = "server" if known["base_url"] != wanted["base_url"] else "key"
        left = under_way(state)
        count, are = ("1 image", "is") if left == 1 else (f"{left} images", "are")
        raise StateUnusable(
            f"{count} of {state.path.parent} {are} under way with another {what}"
            f"{_at(known['base_url']) if what == 'server' else ''}; go on with that one, so that none is bought twice"
        )
    _note(state, wanted)


def _mark(salt: str, settings: ApiSettings) -> str:
    """A fingerprint that tells two keys apart and is no oracle for either: keyed with the run's own salt."""
    return hmac.new(bytes.fromhex(salt), settings.key.reveal().encode(), hashlib.sha256).hexdigest()[:16]


def under_way(state: StateFile) -> int:
    """How many purchases, wanted or not, may be known to the provider and are not finished.

    An image that was stored once and is only fetched again needs no key, so it ties nobody to one.
    """
    (row,) = state.db.rows("SELECT count(*) AS n FROM purchase WHERE phase = 'ready' AND file IS NOT NULL")
    counts = state.counts(chosen_only=False)
    begun = sum(count for phase, count in counts.items() if phase not in FINAL and phase is not Phase.PLANNED)
    return begun - int(row["n"])


def has_begun(state: StateFile) -> bool:
    """Whether anything was ever sent."""
    return any(phase is not Phase.PLANNED for phase in state.counts(chosen_only=False))


def _note(state: StateFile, facts: dict[str, str]) -> None:
    for name, value in facts.items():
        if state.meta(name) != value:
            state.set_meta(name, value)


def _at(base_url: str | None) -> str:
    return f" ({base_url})" if base_url else ""
