"""What a picture is drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """Everything a picture depends on; equal briefs give equal bytes.

    ``size`` is a ratio or ``match_input_image``; ``pixels`` is about the area; ``reference`` is an encoded image, or
    None for text-to-image and for a reference that is only known by ``reference_url``.
    """

    prompt: str
    model: str
    size: str
    response_format: str
    seed: int
    pixels: int
    rehearsal: bool
    reference: bytes | None = None
    reference_url: str = ""

    @property
    def rich(self) -> bool:
        """Whether it is the better model's picture: more light, more detail."""
        return self.model.endswith("-max")


def exact_size(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The largest ``k*width`` by ``k*height`` of at most about ``pixels``, so that the ratio is exact."""
    common = math.gcd(width, height)
    wide, high = width // common, height // common
    times = int(math.sqrt(pixels / (wide * high)))
    # Even sides: JPEG's colour is stored for two by two pixels.
    return (wide * (times - times % 2), high * (times - times % 2)) if times >= 2 else (width, height)


def like_input(width: int, height: int, pixels: int) -> tuple[int, int]:
    """About ``pixels``, in an input's ratio, kept between 9:21 and 21:9; an input of about that size keeps it."""
    ratio = min(21 / 9, max(9 / 21, width / height))
    if 0.6 < width * height / pixels < 1.1 and ratio == width / height:
        return width, height
    return max(16, round(math.sqrt(pixels * ratio))), max(16, round(math.sqrt(pixels / ratio)))
