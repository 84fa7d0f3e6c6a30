"""Asking the provider again for images that may be placeholders, as far as that is possible now."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flux_batch.cli.terminal.output import plural
from flux_batch.errors import Resumable, UsageError

if TYPE_CHECKING:
    from flux_batch.api.settings import ApiSettings
    from flux_batch.run.after.refetch import Asked
    from flux_batch.run.records import Entry, RunView
    from flux_batch.run.store.state import StateFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came of each image, by key; ``why_not`` says why the others were not asked for, empty when all were."""

    asked: Mapping[str, Asked]
    why_not: str = ""


def suspect_lines(view: RunView, folder: str) -> list[str]:
    """One line about stored images that may be placeholders, with the first reason and what can be done; or none."""
    from flux_batch.run.after.suspects import suspects_of

    reasons = suspects_of(view)
    if not reasons:
        return []
    look, them = ("looks", "it") if len(reasons) == 1 else ("look", "them")
    said = f"{plural(len(reasons), 'stored image')} {look} like a placeholder: {next(iter(reasons.values()))}"
    help_ = f"lists {them}" if view.rehearsal else f"asks for {them} again"
    return [f"{said}; flux-batch verify {folder} {help_}"]


def ask_again(view: RunView, folder: Path, entries: Sequence[Entry]) -> Answers:
    """One image after the other, under the run lock, and the report brought up to date; it buys nothing."""
    from flux_batch.api.settings import settings_from
    from flux_batch.report.write import write_report
    from flux_batch.run.folder.lock import run_lock
    from flux_batch.run.store.state import FILE, StateFile

    asked: dict[str, Asked] = {}
    if view.rehearsal:
        return Answers(asked=asked, why_not="a rehearsal's provider ends with it")
    try:
        settings = settings_from(os.environ)
        if settings.base_url != view.base_url:
            return Answers(asked=asked, why_not=f"they are at {view.base_url}")
        with run_lock(folder), StateFile(folder / FILE) as state:
            try:
                asyncio.run(_ask(state, settings, view, entries, asked))
            finally:
                if any(each.fresh for each in asked.values()):
                    write_report(state.view(), folder)
    except (UsageError, Resumable) as error:
        return Answers(asked=asked, why_not=str(error))
    return Answers(asked=asked)


async def _ask(
    state: StateFile, settings: ApiSettings, view: RunView, entries: Sequence[Entry], asked: dict[str, Asked]
) -> None:
    from flux_batch.api.client import ApiClient
    from flux_batch.api.files import FileClient
    from flux_batch.run.after.refetch import refetch
    from flux_batch.run.plane.download import intake_into
    from flux_batch.run.plane.here import Here

    plane = Here(FileClient(loopback=settings.loopback), intake_into(state.path.parent, view.images))
    async with ApiClient(settings) as api, plane:
        for entry in entries:
            asked[entry.task.key] = await refetch(state, api, plane, view, entry)
