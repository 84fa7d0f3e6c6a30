"""The head of the sheet in the team's own dress: its logo and its colour."""

from __future__ import annotations

import base64
import io
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final

from flux_batch.run.folder.inputs import DIGITS, INPUTS
from flux_batch.run.records import RunView
from flux_batch.spec.building.colours import accent_for

BOX: Final = (480, 96)
"""Pixels that a logo may take at most: twice what is shown, for dense screens."""


def logo_uri(view: RunView, folder: Path) -> str:
    """The logo that the run kept, small and without its metadata, as a ``data:`` address; empty where there is none."""
    path = view.report.logo
    if path is None or path not in view.inputs:
        return ""

    from PIL import Image, ImageOps

    kept = folder / INPUTS / f"{view.inputs[path][:DIGITS]}-{PurePosixPath(path).name}"
    content = io.BytesIO()
    with suppress(OSError, SyntaxError, ValueError, Image.DecompressionBombError), Image.open(kept) as image:
        upright = ImageOps.exif_transpose(image).convert("RGBA")
        upright.thumbnail(BOX, Image.Resampling.LANCZOS)
        upright.save(content, "PNG", optimize=True)
    return data_uri(content.getvalue(), "image/png") if content.getvalue() else ""


def data_uri(content: bytes, mime: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


def accent_css(colour: str | None) -> str:
    """The colour, ``#rrggbb``, as the style sheet's own; empty for the usual one."""
    if colour is None:
        return ""
    made = accent_for(colour)
    return (
        f":root {{ --accent: light-dark({made.light}, {made.dark});"
        f" --accent-soft: light-dark({made.light_soft}, {made.dark_soft}); }}\n"
    )
