"""Being asked to stop: the first signal stops cleanly; a second one ends the process at once, which loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from flux_batch.run.pace.brake import Brake
from flux_batch.run.watch import Watcher

_SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(slots=True)
class Signals:
    """What pulls the brake when somebody asks; ``number`` is the signal that came, None while none did."""

    brake: Brake
    watcher: Watcher
    number: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within an event loop; whoever listened before does so again afterwards."""
        loop = asyncio.get_running_loop()
        try:
            for number in _SIGNALS:
                loop.add_signal_handler(number, self._stop, number)
        except (NotImplementedError, RuntimeError):  # Windows, or not the main thread: ^C raises KeyboardInterrupt
            yield
            return
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def _stop(self, number: int) -> None:
        if self.number is not None:
            os._exit(128 + number)
        self.number = number
        self.watcher.say("Stopping: nothing more is sent, calls under way finish. Once more to stop at once")
        self.brake.stop(f"stopped by {signal.Signals(number).name}", halt=True)
