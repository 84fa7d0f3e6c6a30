"""Reference images on disk: looked at once, before any money is spent.

A spec may come from anywhere, and what it names is uploaded to a stranger's server. So a reference must lie in the
spec's own folder, whatever its links say, and must be an image: ``~/.ssh/id_rsa`` is neither.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from pathlib import Path
from typing import Final

from flux_batch.errors import UsageError
from flux_batch.spec.beside.confine import Kind, read_inside
from flux_batch.spec.records import ReferenceFile
from flux_batch.spec.vocabulary import UPLOAD_MAX_BYTES
from flux_batch.spec.words import quoted

MIMES: Final = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "GIF": "image/gif"}
PIXELS_MAX: Final = 64_000_000
"""A 10 MB file can unfold to gigabytes; 64 megapixels are more than any model looks at."""


class ReferenceProblem(UsageError):
    """A reference that cannot be used; the message says why, ``hint`` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


REFERENCE: Final = Kind(
    noun="reference",
    thing="image",
    example="assets/mug.png",
    bytes_max=UPLOAD_MAX_BYTES,
    too_large="ToAPIs takes at most 10 MB: make it smaller",
    problem=ReferenceProblem,
)


LOGO: Final = Kind(
    noun="logo",
    thing="picture",
    example="assets/logo.png",
    bytes_max=2 * 1024 * 1024,
    too_large="a logo has at most 2 MB: make it smaller",
    problem=ReferenceProblem,
)


def inspect_logo(folder: Path, relative: str) -> ReferenceFile:
    """The picture for the sheet's head as it is now; ReferenceProblem when it cannot be one."""
    return _inspected(folder, relative, LOGO)


def inspect_reference(folder: Path, relative: str) -> ReferenceFile:
    """A local reference image as it is now; ReferenceProblem when it must not or cannot be uploaded.

    ``folder`` is the spec's; ``relative`` is what the spec says, with ``/`` between folders.
    """
    return _inspected(folder, relative, REFERENCE)


def _inspected(folder: Path, relative: str, kind: Kind) -> ReferenceFile:
    data = read_inside(folder, relative, kind)
    mime, width, height = _decoded(data, relative)
    return ReferenceFile(
        path=Path(os.path.normpath(relative)).as_posix(),
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        mime=mime,
        width=width,
        height=height,
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
            raise ReferenceProblem(f"{name} is not an image", "JPEG, PNG, WebP and GIF can be used") from None
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            width = height = PIXELS_MAX
        except Exception as error:  # a decoder raises whatever it trips over
            raise ReferenceProblem(
                f"{name} is a damaged image ({error})", "save it again, or take another copy"
            ) from None
    if width * height > PIXELS_MAX:
        raise ReferenceProblem(f"{name} has more than 64 megapixels", "make it smaller: 2,000 pixels a side are plenty")
    return mime, width, height
