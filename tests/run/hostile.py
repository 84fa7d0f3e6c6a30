"""A provider that does everything wrong at once, and the list that is bought from it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Final

from flux_batch.simulator import Fault, fault

from .kit import png

PRICE: Final = Decimal("0.04")

SPEC: Final = """\
version: 1
name: soak
budget: {{max: {budget}}}
jobs:
  base: {{prompt: "item {{{{ item }}}}", variables: {{item: {items}}}}}
  logo: {{prompt: "this on marble", reference: logo.png, repeat: 2}}
  winter: {{edit: logo, prompt: "make it winter"}}
ratios: ["1:1"]
execution:
  concurrency: 12
  submit_rate: 0
  settle_seconds: 1.5
  poll: {{first: 0.05, every: 0.1}}
"""


def budget_for(images: int) -> Decimal:
    """USD: twice what the images cost, for requests in doubt count once for every time sent."""
    return PRICE * images * 2


def write_spec(home: Path, images: int) -> None:
    """The spec and the picture it refers to."""
    home.mkdir(parents=True)
    (home / "logo.png").write_bytes(png())
    text = SPEC.format(items=list(range(images - 4)), budget=budget_for(images))
    (home / "spec.yaml").write_text(text, encoding="utf-8")


def hostile(images: int) -> tuple[Fault, ...]:
    """Everything at once, each now and then. What the provider hides, it hides for less than the settle window.

    In the middle the key is not known for a while, and the account is empty until somebody tops it up.
    """
    return (
        fault("wrong_key", after=2 * images, times=min(30, images)),
        fault("empty_balance", where="submit", after=images // 2, times=min(25, images)),
        *_at_submit(),
        fault("lookup_lag", lookups=2, probability=0.3),
        fault("stall", seconds=1, probability=0.05),
        fault("fail", probability=0.03),
        *_at_status(),
        *_at_files(),
        fault("cut", where="upload", probability=0.3),
        fault("error", where="balance", status=500, probability=0.2),
    )


def _at_submit() -> tuple[Fault, ...]:
    return (
        fault("throttle", where="submit", seconds=0.2, probability=0.06),
        fault("throttle", where="submit", retry_after="soon", probability=0.01),
        fault("error", where="submit", status=503, code="rate_limit_unavailable", retry_after="0.1", probability=0.04),
        fault("error", where="submit", status=500, probability=0.04),
        fault("error", where="submit", status=502, billed=True, html=True, probability=0.08),
        fault("error", where="submit", status=524, billed=True, html=True, probability=0.03),
        fault("cut", where="submit", probability=0.08),
        fault("cut", where="submit", billed=False, probability=0.05),
        fault("hang", where="submit", seconds=1, probability=0.03),
        fault("slow", where="submit", seconds=0.5, billed=False, probability=0.04),
        fault("late", where="submit", seconds=0.4, probability=0.03),
        fault("odd_body", where="submit", probability=0.04),
        fault("odd_body", where="submit", body='{"data": []}', probability=0.03),
        fault("redirect", where="submit", probability=0.02),
    )


def _at_status() -> tuple[Fault, ...]:
    return (
        fault("error", where="status", status=502, html=True, probability=0.08),
        fault("error", where="status", status=500, probability=0.04),
        fault("throttle", where="status", seconds=0.1, probability=0.04),
        fault("cut", where="status", probability=0.05),
        fault("hang", where="status", seconds=0.5, probability=0.02),
        fault("odd_body", where="status", probability=0.04),
        fault("word", where="status", probability=0.05),
    )


def _at_files() -> tuple[Fault, ...]:
    return (
        fault("truncate", where="file", probability=0.08),
        fault("truncate", where="file", content_length=False, probability=0.08),
        fault("html", where="file", probability=0.06),
        fault("expire", where="file", probability=0.05),
        fault("cut", where="file", probability=0.06),
        fault("error", where="file", status=503, probability=0.05),
        fault("redirect", where="file", location="/nowhere", probability=0.03),
        fault("drip", where="file", chunk=2048, seconds=0.02, probability=0.1),
    )
