"""The whole report, from one view of the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flux_batch.report.manifest import write_manifest
from flux_batch.run.records import RunView


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPaths:
    """Where the report stands."""

    manifest: Path
    page: Path


def write_report(view: RunView, folder: Path) -> ReportPaths:
    """Thumbnails, manifest and contact sheet in the run folder; each whole or not at all, untouched when unchanged.

    Raises LocalFailure when the disk does not take them.
    """
    from flux_batch.report.page import write_page
    from flux_batch.report.sheet import sheet
    from flux_batch.run.thumbs import make_thumbs

    stored = [entry.purchase.file for entry in view.entries if entry.purchase.file]
    thumbs = make_thumbs(stored, folder)
    manifest = write_manifest(view, folder)
    return ReportPaths(manifest=manifest, page=write_page(sheet(view, thumbs), folder))
