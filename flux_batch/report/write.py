"""The whole report, from one view of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flux_batch.report.manifest import write_manifest
from flux_batch.report.page.aside import Told, credentials_told
from flux_batch.run.records import RunView, StoredFile

if TYPE_CHECKING:
    from flux_batch.report.page.live import LivePage
    from flux_batch.report.page.sheet import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaths:
    """Where the report stands."""

    manifest: Path
    page: Path


def write_report(view: RunView, folder: Path) -> ReportPaths:
    """Thumbnails, manifest and contact sheet in the run folder; each whole or not at all, untouched when unchanged.

    Raises LocalFailure when the disk does not take them.
    """
    from flux_batch.report.credentials import credentials_of
    from flux_batch.report.page.live import end_live

    found = credentials_of(_stored(view), folder)
    manifest = write_manifest(view, folder, found)
    page, _ = _page(view, folder, credentials=credentials_told(view, found))
    end_live(folder)  # last: an open page then reads the data once more
    return ReportPaths(manifest=manifest, page=page)


def begin_live_page(view: RunView, folder: Path, pause: Callable[[], object] = bool) -> LivePage:
    """The page of a run that is about to begin, with a place for every image, and what keeps it up to date.

    ``pause`` is called between two steps, and may raise to leave it there: every file is then the old one or the new.
    Raises LocalFailure when the disk does not take it.
    """
    from flux_batch.report.page.live import LivePage, end_live, new_session
    from flux_batch.report.page.live_tiles import LiveTiles
    from flux_batch.run.plane.thumbs import Thumbs, find_thumbs, make_thumbs

    def thumbnails(file: StoredFile) -> Thumbs | None:
        """The run draws them on the way; only where that failed is it tried once more."""
        return find_thumbs(file.sha256, folder) or make_thumbs((file,), folder)[file.sha256]

    end_live(folder)
    session = new_session()
    _, made = _page(view, folder, live=session, pause=pause)
    tiles = LiveTiles(view=view, sheet=made, thumbnail=thumbnails)
    return LivePage(folder, session, tiles)


def _page(
    view: RunView, folder: Path, *, live: str = "", credentials: Told = (), pause: Callable[[], object] = bool
) -> tuple[Path, Sheet]:
    from flux_batch.report.page.brand import logo_uri
    from flux_batch.report.page.live_tiles import in_turn
    from flux_batch.report.page.render import write_page
    from flux_batch.report.picking.drafts import draft_told

    made = _sheet(view, folder, pause)
    header = replace(made.header, logo=logo_uri(view, folder))
    tiles = tuple(map(in_turn, made.tiles)) if live else made.tiles
    made = replace(made, header=header, draft=draft_told(view, folder), tiles=tiles, live=live, credentials=credentials)
    pause()
    return write_page(made, folder, pause=pause), made


def _sheet(view: RunView, folder: Path, pause: Callable[[], object]) -> Sheet:
    """Its tiles have all they need of the thumbnails."""
    from flux_batch.report.page.sheet import sheet
    from flux_batch.run.plane.thumbs import make_thumbs

    thumbs = make_thumbs(_stored(view), folder)
    pause()
    return sheet(view, thumbs)


def _stored(view: RunView) -> list[StoredFile]:
    return [entry.purchase.file for entry in view.entries if entry.purchase.file]
