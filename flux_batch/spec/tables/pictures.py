"""A pattern like ``photos/*.jpg`` → a table of the images that it finds, the same on every machine."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import Final

from flux_batch.spec.beside.confine import Kind, inside
from flux_batch.spec.tables.faults import Faults, problem
from flux_batch.spec.tables.limits import FILE_MAX, IMAGES_MAX, LOOKED_MAX
from flux_batch.spec.tables.records import Cell, Row, Table
from flux_batch.spec.words import quoted

IMAGES: Final = (".jpg", ".jpeg", ".png", ".webp", ".gif")
COLUMNS: Final = ("path", "name", "folder")
MAGIC: Final = re.compile(r"[*?\[]")

PATTERN: Final = Kind(
    noun="pattern",
    thing="folder",
    example="photos/*.jpg",
    bytes_max=FILE_MAX,
    too_large="",
    problem=problem,
)


def is_pattern(relative: str) -> bool:
    """Whether a path has one of the signs that stand for any name."""
    return bool(MAGIC.search(relative))


def find_pictures(folder: Path, pattern: str) -> Table:
    """The images that a pattern finds under the spec's ``folder``, by path; TableProblem when there are none.

    Names that begin with a dot are left out; upper and lower case are the same. ``**`` is any folders, but not those
    behind a link.
    """
    inside(folder, pattern, PATTERN)
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise problem(f"the pattern {quoted(pattern)} has a `..` in it", "write it from the spec's folder")
    search = _Search(folder, pattern)
    found = sorted(set(search.find("", parts)), key=lambda path: (_nfc(path), path))
    if not found:
        raise problem(f"no image is found by {quoted(pattern)}", _there(folder, parts))
    faults = Faults()
    root = folder.resolve()
    rows = tuple(_row(folder, root, path, faults) for path in found)
    faults.check()
    return Table(path="/".join(parts), columns=COLUMNS, rows=rows, main="path", files=())


def _row(folder: Path, root: Path, path: str, faults: Faults) -> Row:
    if not path.isprintable():
        faults.add("", f"the image {quoted(path)} has a character in its name that nobody can see", "rename it")
    elif "\\" in path:
        faults.add("", f"the image {quoted(path)} has a backslash in its name", "rename it")
    elif not (folder / path).resolve().is_relative_to(root):
        faults.add("", f"{quoted(path)} is a link that leads out of the spec's folder", "put a copy in its place")
    pure = PurePosixPath(path)
    # The path as the disk has it: another spelling of an accent would not be found again on every disk.
    values = {"path": path, "name": _nfc(pure.stem), "folder": _nfc(pure.parent.as_posix())}
    return Row(cells={name: Cell(value=value, place=path) for name, value in values.items()}, place=path)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


class _Search:
    """One walk; it counts what it looks at, because ``**`` may mean a whole disk."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self.folder = folder
        self.pattern = pattern
        self.looked = self.images = 0

    def find(self, base: str, parts: list[str]) -> Iterator[str]:
        """Paths of images under ``base`` that the rest of the pattern finds; some may come twice."""
        head, rest = parts[0], parts[1:]
        if head == "**":
            yield from self.anywhere(base, rest)
            return
        fits = re.compile(translate(_nfc(head).casefold())).fullmatch
        for entry in self.entries(base):
            if not fits(_nfc(entry.name).casefold()):
                continue
            path = f"{base}{entry.name}"
            if rest and self.is_folder(entry, path):
                yield from self.find(f"{path}/", rest)
            elif not rest and self.is_image(entry):
                yield path

    def anywhere(self, base: str, rest: list[str]) -> Iterator[str]:
        """What the rest finds in ``base`` and in every folder below."""
        while rest and rest[0] == "**":
            rest = rest[1:]
        waiting = [base]
        while waiting:
            here = waiting.pop()
            yield from self.find(here, rest or ["*"])
            waiting += [f"{here}{each.name}/" for each in self.entries(here) if each.is_dir(follow_symlinks=False)]

    def entries(self, base: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.folder / base) as found:
                entries = [entry for entry in found if not entry.name.startswith(".")]
        except OSError:
            return []  # no such folder, or not ours to look into: what is found elsewhere counts
        self.looked += len(entries)
        if self.looked > LOOKED_MAX:
            raise problem(f"the pattern {quoted(self.pattern)} looks at more than {LOOKED_MAX:,} files", NARROW)
        return entries

    def is_folder(self, entry: os.DirEntry[str], path: str) -> bool:
        try:
            return entry.is_dir() and (self.folder / path).resolve().is_relative_to(self.folder.resolve())
        except (OSError, RuntimeError):
            return False

    def is_image(self, entry: os.DirEntry[str]) -> bool:
        try:
            image = entry.name.lower().endswith(IMAGES) and entry.is_file()
        except OSError:
            return False
        self.images += image
        if self.images > IMAGES_MAX:
            raise problem(f"the pattern {quoted(self.pattern)} finds more than {IMAGES_MAX:,} images", NARROW)
        return image


NARROW: Final = "name a smaller folder"


def _there(folder: Path, parts: list[str]) -> str:
    """What lies where the pattern begins, so that the slip can be seen."""
    fixed = list(parts[: next(index for index, part in enumerate(parts) if is_pattern(part))])
    while fixed and not folder.joinpath(*fixed).is_dir():
        fixed.pop()
    try:
        names = sorted(each.name for each in folder.joinpath(*fixed).iterdir() if not each.name.startswith("."))
    except OSError:
        names = []
    where = "/".join(fixed) or "the spec's folder"
    if not names:
        return f"{where} is empty"
    more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
    return f"in {where}: {', '.join(names[:5])}{more}; images end in {' '.join(IMAGES)}"
