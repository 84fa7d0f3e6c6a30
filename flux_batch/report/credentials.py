"""Content Credentials (C2PA) of the stored originals: are they there, and, with the ``[c2pa]`` extra, do they hold?

Who signed is told as the file says it; that somebody should be trusted for it is not ours to say. Nothing is fetched.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

from flux_batch.errors import LocalFailure
from flux_batch.report.files import write_if_changed
from flux_batch.run.plane.credentials import LOOK, has_credentials
from flux_batch.run.plane.originals import original_status
from flux_batch.run.plane.threads import GLANCES, in_threads
from flux_batch.run.records import StoredFile

CACHE: Final = "thumbs/credentials.json"
"""What was found, by content, size and moment of change: looking at ten thousand files takes a while, checking longer.

Only reports read it. It may be deleted, and one that is damaged or of another version is not believed.
"""

State = Literal["absent", "unchecked", "valid", "trusted", "invalid", "unreadable"]

_CHECKED: Final = frozenset({"valid", "trusted", "invalid", "unreadable"})
"""What only a checker says."""
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
GONE: Final = Credentials(state="unreadable")
"""Taken away between two looks; nothing to remember."""


def credentials_of(files: Iterable[StoredFile], folder: Path) -> dict[str, Credentials]:
    """By content hash what each stored original carries; a file that cannot be read is left out."""
    bare: dict[str, Credentials] = {}
    asked: dict[str, StoredFile] = {}
    for file in {file.sha256: file for file in files}.values():
        if status := _status(file, folder):
            if file.bare == LOOK and status.st_size == file.bytes:
                bare[file.sha256] = ABSENT  # the run saw that as it came
            else:
                asked[f"{file.sha256} {status.st_size} {status.st_mtime_ns}"] = file
    return bare | _found(asked, folder)


def _found(asked: Mapping[str, StoredFile], folder: Path) -> dict[str, Credentials]:
    """By content hash what an earlier report remembers, or a look shows; ``asked`` has what changes with each file."""
    known = _remembered(folder)
    found = {mark: known[mark] for mark in asked if mark in known}
    found |= _looked({mark: file for mark, file in asked.items() if mark not in found}, folder)
    sure = {mark: each for mark, each in found.items() if each is not GONE and each.state != "unchecked"}
    if sure != known:
        _remember(folder, sure)
    return {file.sha256: found[mark] for mark, file in asked.items() if mark in found}


def _looked(files: Mapping[str, StoredFile], folder: Path) -> dict[str, Credentials]:
    """What files carry of which nothing is known yet."""
    present = in_threads(lambda file: has_credentials(f"{folder}/{file.path}"), list(files.values()), GLANCES)
    absent = {mark: ABSENT for mark, there in zip(files, present, strict=True) if there is False}
    signed = [mark for mark, there in zip(files, present, strict=True) if there]
    checked = in_threads(lambda mark: _checked(files[mark], folder), signed)
    return absent | dict(zip(signed, checked, strict=True))


def _status(file: StoredFile, folder: Path) -> os.stat_result | None:
    """What the disk says of it; None where there is none to look at."""
    try:
        return original_status(file.path, folder)
    except (OSError, ValueError):
        return None


@cache
def can_check() -> bool:
    """Whether the extra is installed."""
    return find_spec("c2pa") is not None


def _checked(file: StoredFile, folder: Path) -> Credentials:
    if not can_check():
        return Credentials(state="unchecked")
    try:
        return check((folder / file.path).read_bytes(), file.mime)
    except OSError:
        return GONE


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
    """What an earlier report found; nothing where that cannot be read, or was found in another way."""
    with suppress(OSError, ValueError, TypeError, AttributeError, LookupError):
        document = json.loads((folder / CACHE).read_text("utf-8"))
        absent = document["absent"] if document["look"] == LOOK else ()
        checked = document["found"]
        if checked and document["checker"] != _checker():
            checked = {}
        return {mark: _from_json(found) for mark, found in checked.items()} | dict.fromkeys(absent, ABSENT)
    return {}


def _from_json(found: Mapping[str, Any]) -> Credentials:
    """Raises what says that somebody else wrote it; texts are as short and plain as those that a checker gives."""
    if found["state"] not in _CHECKED:
        raise ValueError(found["state"])
    signer, generator, *problems = map(_text, (found["signer"], found["generator"], *found["problems"]))
    return Credentials(state=found["state"], signer=signer, generator=generator, problems=tuple(problems))


def _remember(folder: Path, found: Mapping[str, Credentials]) -> None:
    checked = {mark: asdict(each) for mark, each in found.items() if each.present}
    document = {
        "checker": _checker() if checked else "",
        "found": checked,
        "look": LOOK,
        "absent": [mark for mark, each in found.items() if not each.present],
    }
    with suppress(LocalFailure):  # the report is told all the same
        write_if_changed(folder / CACHE, json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _checker() -> str:
    """Which one it is; asking takes longer than most reports take to read what it said."""
    from importlib.metadata import version

    return f"c2pa-python {version('c2pa-python')}" if can_check() else ""
