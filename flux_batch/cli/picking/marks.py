"""Picks files held against a run: which of its images are meant."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flux_batch.cli.terminal.output import one_line, plural, say
from flux_batch.errors import UsageError
from flux_batch.report.delivery.deliver import stored_once
from flux_batch.report.picking.agreement import Merged, Verdict, merge
from flux_batch.run.records import Entry, RunView
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.spec.beside.picks import read_picks
from flux_batch.spec.words import quoted

SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A run with what was said of its images. ``strangers`` were judged and are not of this run."""

    view: RunView
    merged: Merged
    known: tuple[tuple[Entry, Verdict], ...]
    strangers: tuple[Verdict, ...]

    def picked(self) -> list[tuple[Entry, Verdict]]:
        """The images that the majority picks; UsageError when one is not of this run, or when there are none."""
        lost = [verdict for verdict in self.strangers if verdict.flag == "pick"]
        if lost:
            names = ", ".join(_called(verdict) for verdict in lost[:SHOWN])
            more = f" and {len(lost) - SHOWN:,} more" if len(lost) > SHOWN else ""
            raise UsageError(
                f"{plural(len(lost), 'picked image')} not of the run {quoted(self.view.called)}: {names}{more}. "
                f"The picks are of the run {quoted(self.merged.run)}"
            )
        found = [(entry, verdict) for entry, verdict in self.known if verdict.flag == "pick"]
        if not found:
            tied = " Where as many reject it as pick it, it is not picked." if len(self.merged.reviewers) > 1 else ""
            raise UsageError(f"no image is picked in these files.{tied}")
        return found


def read_view(folder: Path) -> RunView:
    """The run as it is now."""
    with StateFile(folder / FILE, read_only=True) as state:
        return state.view()


def marked(folder: Path, picks: Sequence[Path]) -> Marked:
    """Read a run and its picks; what is worth saying is said."""
    merged = merge([read_picks(path) for path in picks or [_default(folder)]])
    for note in merged.notes:
        say(f"note: {one_line(note)}")
    view = read_view(folder)
    entries = _by_content(view)
    known = {verdict.image.sha256: verdict for verdict in merged.verdicts if verdict.image.sha256 in entries}
    if known and merged.run != view.called:
        say(f"note: {_of_another(merged.run, view.called)}")
    return Marked(
        view=view,
        merged=merged,
        known=tuple((entries[sha256], verdict) for sha256, verdict in known.items()),
        strangers=tuple(verdict for verdict in merged.verdicts if verdict.image.sha256 not in entries),
    )


def _of_another(judged: str, here: str) -> str:
    return f"the picks name the run {quoted(judged)}, this one is {quoted(here)}; images with equal content are meant"


def _by_content(view: RunView) -> dict[str, Entry]:
    """Content hash → the first image that has it; one that is still wanted goes before one that is not."""
    found: dict[str, Entry] = {}
    for entry in sorted(stored_once(view.entries), key=lambda entry: not entry.wanted):
        if entry.purchase.file is not None:
            found.setdefault(entry.purchase.file.sha256, entry)
    return found


def _default(folder: Path) -> Path:
    path = folder / "picks.json"
    if not path.is_file():
        there = sorted(folder.glob("picks-*.json"))
        given = " ".join(f"--picks {shlex.quote(str(each))}" for each in there[:SHOWN]) or "--picks picks.json"
        raise UsageError(f"which picks? Give the file that the contact sheet saved: {given}")
    return path


def _called(verdict: Verdict) -> str:
    name = f"{one_line(verdict.image.id)[:40]} " if verdict.image.id else ""
    return f"{name}(sha256 {verdict.image.sha256[:12]}…)"
