"""Pictures when they are asked for: drawn in threads, each once, the latest kept."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from flux_batch.simulator.options import SimulatorOptions
from flux_batch.simulator.pictures.brief import Brief
from flux_batch.simulator.pictures.paint import paint
from flux_batch.simulator.references import Reference
from flux_batch.simulator.tasks import Task, identity

KEPT_BYTES: Final = 64 * 1024 * 1024


class Gallery:
    """The result files. A picture that was dropped is drawn again, byte for byte."""

    def __init__(self, options: SimulatorOptions, by_file: Callable[[str], Task | None]) -> None:
        self._options = options
        self._by_file = by_file
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._size = 0
        self._drawing: dict[str, asyncio.Task[bytes]] = {}
        self._threads = ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1), thread_name_prefix="simulator-draw")

    async def picture(self, task: Task) -> bytes:
        """The bytes of ``task``'s result."""
        if task.id in self._kept:
            self._kept.move_to_end(task.id)
            return self._kept[task.id]
        if task.id not in self._drawing:
            self._drawing[task.id] = asyncio.create_task(self._draw(task))
        # Shielded: one download given up must not take the picture from another that waits for it.
        return await asyncio.shield(self._drawing[task.id])

    async def close(self) -> None:
        """Stop the threads; a picture under way is finished first, one that waits is given up."""
        pending = list(self._drawing.values())
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    async def _draw(self, task: Task) -> bytes:
        try:
            brief = self._brief(task, await self._reference(task.reference))
            data = await asyncio.get_running_loop().run_in_executor(self._threads, paint, brief)
            self._keep(task.id, data)
            return data
        finally:
            del self._drawing[task.id]

    async def _reference(self, reference: Reference | None) -> bytes | None:
        parent = self._by_file(reference.file_name) if reference and reference.file_name else None
        if parent is not None:
            return await self.picture(parent)
        return reference.data or None if reference else None

    def _brief(self, task: Task, reference: bytes | None) -> Brief:
        order = task.order
        return Brief(
            prompt=order.prompt,
            model=order.model,
            size=order.size,
            response_format=order.response_format,
            seed=picture_seed(self._options.seed, task),
            pixels=self._options.pixels,
            rehearsal=self._options.rehearsal,
            reference=reference,
            reference_url=task.reference.url if task.reference else "",
        )

    def _keep(self, task_id: str, data: bytes) -> None:
        self._kept[task_id] = data
        self._size += len(data)
        while self._size > KEPT_BYTES and len(self._kept) > 1:
            self._size -= len(self._kept.popitem(last=False)[1])


def picture_seed(server_seed: int, task: Task) -> int:
    """What a picture varies by: nothing that depends on the order of different requests, or on the time."""
    parts = f"{server_seed}/{identity(task.order, task.reference)}/{task.variation}"
    return int.from_bytes(hashlib.sha256(parts.encode()).digest()[:8], "big")
