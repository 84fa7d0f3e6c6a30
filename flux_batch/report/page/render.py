"""``index.html`` and ``data.js``: the sheet as one folder that opens anywhere, without a network or a server.

The page is one file with its own style and script; the tiles stand in ``data.js``, a classic script, because a page
opened from ``file://`` may load neither modules nor JSON.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flux_batch import __version__
from flux_batch.report.files import encoded, stream_if_changed
from flux_batch.report.page.pack import pack
from flux_batch.report.page.script_text import object_text
from flux_batch.report.page.sheet import Sheet

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE: Final = "index.html"
DATA: Final = "data.js"
TABLE: Final = "table.html"
"""Where a long run's images stand for browsers without a script, so that the page itself stays small."""

WHOLE_UP_TO: Final = 1000
"""Images that the page itself holds for browsers without a script."""

_TEMPLATES: Final = "templates"
_STYLES: Final = ("sheet.css", "lightbox.css", "filters.css", "compare.css", "phone.css", "print.css")
_LOOK: Final = (
    *("seams", "data", "state", "filters", "search", "grid", "tile", "table", "flow", "slices", "view", "walk"),
    *("zoom", "lightbox", "lineage", "compare", "wipe", "texts", "toolbar", "sides", "panel", "theme", "print"),
)
_KEYS: Final = ("memory", "keys", "walkkeys", "keyhelp")
_JUDGE: Final = (
    *("marks", "draft", "history", "winners", "blind", "picksfile", "judge", "flags", "tilemarks", "panelmarks"),
    *("compareparts", "reviewbar", "savepicks", "importpicks", "markfilters", "blindview", "blindbox", "result"),
)
_LIVE: Final = ("origin", "live")
_SCRIPTS: Final = (*_LOOK, *_KEYS, *_JUDGE, *_LIVE, "main")
"""The parts of the page's one script; the last one starts what the others made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Which of our own files a page is made of."""

    template: str = "index.html.j2"
    styles: tuple[str, ...] = (*_STYLES, "keys.css", "judge.css", "live.css")
    scripts: tuple[str, ...] = _SCRIPTS


RUN: Final = Look()
SINGLE: Final = Look(scripts=(*_LOOK, *_KEYS, *_JUDGE, "origin", "single", "main"))
PLAN: Final = Look(
    template="plan.html.j2", styles=(*_STYLES, "keys.css", "plan.css"), scripts=(*_LOOK, *_KEYS, "plan", "main")
)


def write_page(sheet: Sheet, folder: Path, look: Look = RUN, pause: Callable[[], object] = bool) -> Path:
    """Bring both files up to date. The data comes first: an old page can read it, a new page cannot do without.

    ``pause`` is called between the files, and may raise to leave the others as they are.
    """
    path = folder / PAGE
    stream_if_changed(folder / DATA, encoded(data_js(sheet)))
    pause()
    if not _whole(sheet):
        stream_if_changed(folder / TABLE, encoded(page_html(sheet, replace(look, template="table.html.j2"))))
        pause()
    stream_if_changed(path, encoded(page_html(sheet, look)))
    return path


def _whole(sheet: Sheet) -> bool:
    return len(sheet.tiles) <= WHOLE_UP_TO


def page_html(sheet: Sheet, look: Look = RUN) -> Iterator[str]:
    """The page in pieces; everything a user or a provider wrote is escaped."""
    style, script = _style(sheet, look), _script(look.scripts)
    images = "'self' file: data:" if sheet.header.logo else "'self' file:"
    return _rendered(sheet, look, style, script, policy=_policy(style, f"'self' file: {_hash(script)}", images))


def single_html(sheet: Sheet, look: Look = SINGLE) -> str:
    """The page with its data inside: the pictures stand in the part for readers without a script, once for both."""
    style, script = _style(sheet, look), _script(look.scripts)
    data = b"".join(encoded(data_js(without_thumbs(sheet), single=True))).decode()
    policy = _policy(style, f"{_hash(data)} {_hash(script)}", "data:")
    return "".join(_rendered(sheet, look, style, script, policy=policy, data=data))


def without_thumbs(sheet: Sheet) -> Sheet:
    """The sheet for a script that takes the pictures from elsewhere."""
    bare = (replace(tile, picture=tile.picture and replace(tile.picture, thumb="")) for tile in sheet.tiles)
    return replace(sheet, tiles=tuple(bare))


def _rendered(sheet: Sheet, look: Look, style: str, script: str, *, policy: str, data: str = "") -> Iterator[str]:
    from markupsafe import Markup

    template = _templates().get_template(look.template)
    return template.generate(
        sheet=sheet,
        header=sheet.header,
        version=__version__,
        page=PAGE,
        table=TABLE,
        whole=_whole(sheet),
        policy=policy,
        style=Markup(style),  # noqa: S704 - our own file, and colours
        script=Markup(script),  # noqa: S704 - our own files
        data=Markup(data),  # noqa: S704 - nothing in it can end a script
    )


@cache
def _templates() -> Environment:
    """Ours, each compiled once."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("flux_batch.report", _TEMPLATES),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def data_js(sheet: Sheet, *, single: bool = False) -> Iterator[str]:
    """What the script shows, in pieces of one assignment; nothing in it can end a script element or a line of it."""
    more = {
        "live": {"session": sheet.live} if sheet.live else None,
        "credentials": sheet.credentials,
        "draft": asdict(sheet.draft) if sheet.draft else None,
        "single": single,
    }
    yield "globalThis.fluxBatch = "
    yield from object_text(chain(pack(sheet), ((name, value) for name, value in more.items() if value)))
    yield ";\n"


def _policy(style: str, scripts: str, images: str) -> str:
    """Only this style, these scripts and pictures. ``file:`` is for browsers that do not count one as ``'self'``."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {_hash(style)}",
            f"img-src {images}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _style(sheet: Sheet, look: Look) -> str:
    return "".join(_part(name) for name in look.styles) + sheet.header.accent


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _script(names: tuple[str, ...]) -> str:
    parts = "\n".join(_part(f"script/{name}.js") for name in names)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _part(name: str) -> str:
    return (files("flux_batch.report") / _TEMPLATES / name).read_text("utf-8")
