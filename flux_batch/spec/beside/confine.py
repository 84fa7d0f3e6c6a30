"""A file that a spec names: it lies in the spec's own folder, is a regular file, and is read once."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flux_batch.errors import UsageError
from flux_batch.spec.words import closest_file, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What sort of file it is, in a message's words; ``problem`` makes the error from a message and a hint.

    ``noun`` names its place in the spec, ``thing`` what lies on the disk, ``example`` is a path to write;
    ``bytes_max`` is the most that is read, and ``too_large`` what to do then.
    """

    noun: str
    thing: str
    example: str
    bytes_max: int
    too_large: str
    problem: Callable[[str, str], UsageError]


def inside(folder: Path, relative: str, kind: Kind) -> Path:
    """The real path, links followed; ``kind``'s problem when it leads out of the spec's ``folder``."""
    name, move = quoted(relative), f"copy the {kind.thing} beside the spec, like {kind.example}"
    if not relative.strip() or not relative.isprintable():
        raise kind.problem(f"the {kind.noun} {name} is not a file name", f"write a path, like {kind.example}")
    if "\\" in relative:
        raise kind.problem(f"the {kind.noun} {name} has a backslash", f"write {relative.replace(chr(92), '/')}")
    # A drive letter makes a path absolute on Windows only, but a spec means the same everywhere.
    if relative.startswith(("/", "~")) or relative[1:2] == ":":
        raise kind.problem(f"the {kind.noun} {name} lies outside of the spec's folder", move)
    try:
        root, path = folder.resolve(), (folder / relative).resolve()
    except (OSError, RuntimeError) as error:  # a circle of links
        raise kind.problem(f"the {kind.noun} {name} cannot be followed: {error}", "") from None
    if not path.is_relative_to(root):
        raise kind.problem(f"the {kind.noun} {name} leads out of the spec's folder", move)
    return path


def read_inside(folder: Path, relative: str, kind: Kind) -> bytes:
    """The bytes of a regular file; opened once, so that what is checked is what is hashed."""
    path, name = inside(folder, relative, kind), quoted(relative)
    try:
        # A pipe would wait for ever for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise kind.problem(f"there is no file {name} beside the spec", _near(folder, relative)) from None
    except OSError as error:
        raise kind.problem(f"the {kind.noun} {name} cannot be read: {error.strerror}", "") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        hint = f"name one {kind.thing} in it" if stat.S_ISDIR(status.st_mode) else ""
        raise kind.problem(f"the {kind.noun} {name} is not a file", hint)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(kind.bytes_max + 1)
    if len(data) > kind.bytes_max:
        raise kind.problem(f"the {kind.noun} {name} has {status.st_size / 1024 / 1024:.1f} MB", kind.too_large)
    return data


def _near(folder: Path, relative: str) -> str:
    """The file that was probably meant, in the folder that was named."""
    parent = (folder / relative).parent
    try:
        names = [entry.name for entry in parent.iterdir() if entry.is_file()]
    except OSError:
        return f"there is no folder {quoted(Path(relative).parent.as_posix())} either; paths start at the spec's folder"
    guess = closest_file(Path(relative).name, names)
    return (
        f"did you mean {(Path(relative).parent / guess).as_posix()}?" if guess else "paths start at the spec's folder"
    )
