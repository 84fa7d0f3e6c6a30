"""The words the provider accepts, as published (ToAPIs, *images/flux-kontext/generation*, 2026-10)."""

from __future__ import annotations

from typing import Final

MODELS: Final = ("flux-kontext-pro", "flux-kontext-max")

RATIOS: Final = ("1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9", "9:21")
"""Sizes for every request; the first number is the width."""

MATCH_INPUT: Final = "match_input_image"
"""The size that is allowed only with a reference image, and its default."""

DEFAULT_RATIO: Final = "16:9"
"""What the API makes of a request without ``size`` and without a reference."""

OPTIONS: Final = ("response_format", "safety_tolerance", "prompt_upsampling")

UPLOAD_TYPES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")
UPLOAD_MAX_BYTES: Final = 10 * 1024 * 1024
