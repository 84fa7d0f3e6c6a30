"""Content Credentials (C2PA) of the stored originals: are they there, and, with the ``[c2pa]`` extra, do they hold?

Who signed is told as the file says it; that somebody should be trusted for it is not ours to say. Nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from flux_batch.report.files import write_if_changed
from flux_batch.run.after.credentials import has_credentials
from flux_batch.run.plane.threads import GLANCES, in_threads
from flux_batch.run.records import StoredFile

CACHE: Final = "thumbs/credentials.json"
"""What was found, by content, size and moment of change: checking ten thousand files takes a while."""

State = Literal["absent", "unchecked", "valid", "trusted", "invalid", "unreadable"]

_OFFLINE: Final = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
_PROBLEMS_MAX: Final = 8
_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What an original carries. ``signer`` and ``generator`` are its own words; ``problems`` the checker's codes.

    ``valid``: nothing was changed since it was signed, by somebody on no list of trust that is known here.
    """

    state: State
    signer: str = ""
    generator: str = ""
    problems: tuple[str, ...] = ()

    @property
    def present(self) -> bool:
        """Whether there are any."""
        return self.state != "absent"


ABSENT: Final = Credentials(state="absent")


def credentials_of(files: Iterable[StoredFile], folder: Path) -> dict[str, Credentials]:
    """By content hash what each stored original carries; a file that cannot be read is left out."""
    once = list({file.sha256: file for file in files}.values())
    present = in_threads(lambda file: has_credentials(folder / file.path), once, GLANCES)
    signed = [file for file, there in zip(once, present, strict=True) if there]
    absent = {file.sha256: ABSENT for file, there in zip(once, present, strict=True) if there is False}
    known = _remembered(folder) if signed else {}
    checked = in_threads(partial(_checked, folder=folder, known=known), signed)
    if checked and can_check():
        _remember(folder, dict(checked))
    return absent | {file.sha256: found for file, (_, found) in zip(signed, checked, strict=True)}


@cache
def can_check() -> bool:
    """Whether the extra is installed."""
    return find_spec("c2pa") is not None


def _checked(file: StoredFile, *, folder: Path, known: Mapping[str, Credentials]) -> tuple[str, Credentials]:
    path = folder / file.path
    try:
        status = path.stat()
        mark = f"{file.sha256} {status.st_size} {status.st_mtime_ns}"
        if not can_check():
            return mark, Credentials(state="unchecked")
        return mark, known.get(mark) or check(path.read_bytes(), file.mime)
    except OSError:
        return file.sha256, Credentials(state="unreadable")


def check(content: bytes, mime: str) -> Credentials:
    """What the checker says of a file that carries some."""
    from io import BytesIO

    from c2pa import C2paError, Context, Reader, Settings

    try:
        context = Context(Settings.from_dict(_OFFLINE))
        with Reader(mime, BytesIO(content), context=context) as reader:
            return _told(json.loads(reader.json()))
    except (C2paError, ValueError):
        return Credentials(state="unreadable")


_STATES: Final[Mapping[object, State]] = {"Valid": "valid", "Trusted": "trusted", "Invalid": "invalid"}


def _told(report: Any) -> Credentials:
    active = _group(_group(report.get("manifests")).get(report.get("active_manifest")))
    signature = _group(active.get("signature_info"))
    made = active.get("claim_generator_info")
    tool = _group(made[0] if isinstance(made, list) and made else None)
    said = [_text(_group(each).get("code")) for each in report.get("validation_status") or ()]
    return Credentials(
        state=_STATES.get(report.get("validation_state"), "unreadable"),
        signer=_text(signature.get("issuer")) or _text(signature.get("common_name")),
        generator=" ".join(part for part in (_text(tool.get("name")), _text(tool.get("version"))) if part),
        problems=tuple(dict.fromkeys(said))[:_PROBLEMS_MAX],
    )


def _group(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """A stranger's words, short and on one line."""
    line = " ".join(value.split())[:_TEXT_MAX] if isinstance(value, str) else ""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)


def _remembered(folder: Path) -> dict[str, Credentials]:
    """What an earlier report found; nothing where that cannot be read."""
    with suppress(OSError, ValueError, TypeError, AttributeError):
        document = json.loads((folder / CACHE).read_text("utf-8"))
        if document["checker"] == _checker():
            return {mark: _from_json(found) for mark, found in document["found"].items()}
    return {}


def _from_json(found: Any) -> Credentials:
    return Credentials(**{**found, "problems": tuple(found["problems"])})


def _remember(folder: Path, found: Mapping[str, Credentials]) -> None:
    document = {"checker": _checker(), "found": {mark: asdict(each) for mark, each in found.items()}}
    write_if_changed(folder / CACHE, json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _checker() -> str:
    from importlib.metadata import version

    return f"c2pa-python {version('c2pa-python')}" if can_check() else ""
