"""Reference images on disk: looked at once, before any money is spent.

A spec may come from anywhere, and what it names is uploaded to a stranger's server. So a reference must lie in the
spec's own folder, whatever its links say, and must be an image: ``~/.ssh/id_rsa`` is neither.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import warnings
from pathlib import Path
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.spec.records import ReferenceFile
from flux_batch.spec.vocabulary import UPLOAD_MAX_BYTES
from flux_batch.spec.words import closest, quoted

MIMES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
PIXELS_MAX: Final = 64_000_000
"""A 10 MB file can unfold to gigabytes; 64 megapixels are more than any model looks at."""


class ReferenceProblem(UsageError):
    """A reference that cannot be used; the message says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def inspect_reference(folder: Path, relative: str) -> ReferenceFile:
    """A local reference image as it is now; ReferenceProblem when it must not or cannot be uploaded.

    ``folder`` is the spec's; ``relative`` is what the spec says, with ``/`` between folders.
    """
    path = _inside(folder, relative)
    data = _read(path, folder, relative)
    mime, width, height = _decoded(data, relative)
    return ReferenceFile(
        path=Path(os.path.normpath(relative)).as_posix(),
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        mime=mime,
        width=width,
        height=height,
    )


def _inside(folder: Path, relative: str) -> Path:
    """The real path, links followed."""
    name = quoted(relative)
    if not relative.strip() or not relative.isprintable():
        raise ReferenceProblem(f"the reference {name} is not a file name", "write a path, like assets/mug.png")
    if "\\" in relative:
        raise ReferenceProblem(f"the reference {name} has a backslash", f"write {relative.replace(chr(92), '/')}")
    # A drive letter makes a path absolute on Windows only, but a spec means the same everywhere.
    if relative.startswith(("/", "~")) or relative[1:2] == ":":
        raise ReferenceProblem(
            f"the reference {name} lies outside of the spec's folder",
            "copy the image beside the spec, like assets/mug.png",
        )
    try:
        root, path = folder.resolve(), (folder / relative).resolve()
    except (OSError, RuntimeError) as error:  # a circle of links
        raise ReferenceProblem(f"the reference {name} cannot be followed: {error}") from None
    if not path.is_relative_to(root):
        raise ReferenceProblem(
            f"the reference {name} leads out of the spec's folder",
            "copy the image beside the spec, like assets/mug.png",
        )
    return path


def _read(path: Path, folder: Path, relative: str) -> bytes:
    """The bytes of a regular file; opened once, so that what is checked is what is hashed."""
    name = quoted(relative)
    try:
        # A pipe would wait for ever for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise ReferenceProblem(f"there is no file {name} beside the spec", _near(folder, relative)) from None
    except OSError as error:
        raise ReferenceProblem(f"the reference {name} cannot be read: {error.strerror}") from None
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        hint = "name one image in it" if stat.S_ISDIR(status.st_mode) else ""
        raise ReferenceProblem(f"the reference {name} is not a file", hint)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(UPLOAD_MAX_BYTES + 1)
    if len(data) > UPLOAD_MAX_BYTES:
        size = status.st_size / 1024 / 1024
        raise ReferenceProblem(f"the reference {name} has {size:.1f} MB", "ToAPIs takes at most 10 MB: make it smaller")
    return data


def _near(folder: Path, relative: str) -> str:
    """The file that was probably meant, in the folder that was named."""
    parent = (folder / relative).parent
    try:
        names = [entry.name for entry in parent.iterdir() if entry.is_file()]
    except OSError:
        return f"there is no folder {quoted(Path(relative).parent.as_posix())} either; paths start at the spec's folder"
    guess = closest(Path(relative).name, names)
    return (
        f"did you mean {(Path(relative).parent / guess).as_posix()}?" if guess else "paths start at the spec's folder"
    )


def _decoded(data: bytes, relative: str) -> tuple[str, int, int]:
    """Mime type, width and height of bytes that decode to their last row."""
    # Pillow takes 27 ms to import, which a spec without references should not pay.
    from PIL import Image, UnidentifiedImageError

    name = quoted(relative)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=tuple(MIMES)) as image:
                mime, (width, height) = MIMES[str(image.format)], image.size
                if width * height <= PIXELS_MAX:
                    image.load()
        except UnidentifiedImageError:
            raise ReferenceProblem(f"{name} is not an image", "ToAPIs takes JPEG, PNG, WebP and GIF") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            width = height = PIXELS_MAX
        except Exception as error:  # a decoder raises whatever it trips over
            raise ReferenceProblem(
                f"{name} is a damaged image ({error})", "save it again, or take another copy"
            ) from None
    if width * height > PIXELS_MAX:
        raise ReferenceProblem(f"{name} has more than 64 megapixels", "make it smaller: 2,000 pixels a side are plenty")
    return mime, width, height
