"""Everything about a simulator that can be chosen; everything has a default."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.simulator.contract import MODELS
from flux_batch.simulator.faults import Fault
from flux_batch.simulator.limits import TIERS

LOOPBACK: Final = ("127.0.0.1", "::1")
REPEATS: Final = ("billed", "replayed", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorOptions:
    """How a simulator behaves. Ports: 0 takes any free one. Times in seconds, money in USD.

    ``key`` None accepts any bearer; every different key is an owner with its own tasks and balance.
    ``latency`` is the range of a task's whole life, before the faults. ``balance`` None is an unlimited account.
    ``repeated_id`` says what a second POST with a known business id does: make and bill another task (``billed``, as
    nothing published says otherwise), answer with the first (``replayed``) or 409 (``rejected``).
    ``upload_life`` None keeps uploads as long as the simulator: nothing is published.
    ``pixels`` is about the area of a picture; the real ones have about 1,000,000.
    ``task_id_key`` and ``url_on_top`` switch on the answers' older shapes, ``early_words`` the states ``submitted``
    and ``pending``. ``rehearsal`` puts a badge into every picture; the metadata say it always.
    """

    host: str = "127.0.0.1"
    port: int = 0
    files_port: int = 0
    side_port: int = 0
    key: str | None = None
    models: tuple[str, ...] = MODELS
    tier: str = "default"
    latency: tuple[float, float] = (0.4, 0.9)
    url_life: float = 86_400.0
    upload_life: float | None = None
    expired_status: int = 404
    balance: Decimal | None = Decimal(100)
    repeated_id: str = "billed"
    early_words: bool = False
    task_id_key: bool = False
    url_on_top: bool = False
    rehearsal: bool = False
    pixels: int = 600_000
    seed: int = 0
    faults: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot work, and any door that is open to other machines."""
        low, high = self.latency
        _must(self.host in LOOPBACK, f"host must be one of {', '.join(LOOPBACK)}: the simulator stays on this machine")
        _must(self.tier in TIERS, f"tier must be one of {', '.join(TIERS)}")
        _must(self.repeated_id in REPEATS, f"repeated_id must be one of {', '.join(REPEATS)}")
        _must(set(self.models) <= set(MODELS), f"models must be among {', '.join(MODELS)}")
        _must(0 <= low <= high, "latency must be two numbers, the smaller first, not negative")
        _must(self.url_life > 0, "url_life must be positive")
        _must(self.upload_life is None or self.upload_life > 0, "upload_life must be positive")
        _must(self.expired_status in {403, 404, 410}, "expired_status must be 403, 404 or 410")
        _must(self.balance is None or self.balance >= 0, "balance must not be negative")
        _must(10_000 <= self.pixels <= 4_000_000, "pixels must be from 10,000 to 4,000,000")
        _must(all(0 <= port < 65_536 for port in (self.port, self.files_port, self.side_port)), "no such port")


def _must(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message)
