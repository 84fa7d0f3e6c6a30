"""``index.html`` and ``data.js``: the sheet as one folder that opens anywhere, without a network or a server.

The page is one file with its own style and script; the tiles stand in ``data.js``, a classic script, because a page
opened from ``file://`` may load neither modules nor JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from flux_batch import __version__
from flux_batch.report.files import write_if_changed
from flux_batch.report.pack import pack
from flux_batch.report.sheet import Sheet

PAGE: Final = "index.html"
DATA: Final = "data.js"
TABLE: Final = "table.html"
"""Where a long run's images stand for browsers without a script, so that the page itself stays small."""

WHOLE_UP_TO: Final = 1000
"""Images that the page itself holds for browsers without a script."""

_TEMPLATES: Final = "templates"
_LOOK: Final = (
    *("seams", "data", "state", "filters", "search", "grid", "tile", "table", "flow", "slices", "view", "walk"),
    *("zoom", "lightbox", "lineage", "compare", "wipe", "texts", "toolbar", "sides", "panel", "theme", "print"),
)
_KEYS: Final = ("memory", "keys", "walkkeys", "keyhelp")
_JUDGE: Final = (
    *("marks", "draft", "history", "winners", "blind", "picksfile", "judge", "flags", "tilemarks", "panelmarks"),
    *("compareparts", "reviewbar", "savepicks", "importpicks", "markfilters", "blindview", "result"),
)
_LIVE: Final[tuple[str, ...]] = ()
_SCRIPTS: Final = (*_LOOK, *_KEYS, *_JUDGE, *_LIVE, "main")
"""The parts of the page's one script; the last one starts what the others made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Which of our own files a page is made of."""

    template: str = "index.html.j2"
    styles: tuple[str, ...] = ("sheet.css", "keys.css", "judge.css")
    scripts: tuple[str, ...] = _SCRIPTS


RUN: Final = Look()
PLAN: Final = Look(
    template="plan.html.j2", styles=("sheet.css", "keys.css", "plan.css"), scripts=(*_LOOK, *_KEYS, "plan", "main")
)

_MARKUP: Final = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})


def write_page(sheet: Sheet, folder: Path, look: Look = RUN) -> Path:
    """Bring both files up to date. The data comes first: an old page can read it, a new page cannot do without."""
    path = folder / PAGE
    write_if_changed(folder / DATA, data_js(sheet).encode())
    if not _whole(sheet):
        write_if_changed(
            folder / TABLE, page_html(sheet, replace(look, template="table.html.j2")).encode("utf-8", "replace")
        )
    write_if_changed(path, page_html(sheet, look).encode("utf-8", "replace"))
    return path


def _whole(sheet: Sheet) -> bool:
    return len(sheet.tiles) <= WHOLE_UP_TO


def page_html(sheet: Sheet, look: Look = RUN) -> str:
    """The page; everything a user or a provider wrote is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    jinja = Environment(
        loader=PackageLoader("flux_batch.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style, script = "".join(_part(name) for name in look.styles), _script(look.scripts)
    return jinja.get_template(look.template).render(
        sheet=sheet,
        header=sheet.header,
        version=__version__,
        page=PAGE,
        table=TABLE,
        whole=_whole(sheet),
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own files
    )


def data_js(sheet: Sheet) -> str:
    """What the script shows, as one assignment. Nothing in it can end a script element or a line of JavaScript."""
    text = json.dumps(pack(sheet), ensure_ascii=False, separators=(",", ":")).translate(_MARKUP)
    return f"globalThis.fluxBatch = {text};\n".encode("utf-8", "replace").decode()


def _policy(style: str, script: str) -> str:
    """Only this style, this script, and files. ``file:`` is for browsers that do not count one as ``'self'``."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' file: {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src 'self' file:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script(names: tuple[str, ...]) -> str:
    parts = "\n".join(_part(f"script/{name}.js") for name in names)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _part(name: str) -> str:
    return (files("flux_batch.report") / _TEMPLATES / name).read_text("utf-8")
