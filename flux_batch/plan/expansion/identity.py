"""What is really bought: the content key of a task.

Two tasks with the same key ask the provider for the same image, whatever their job, name or place in the file is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flux_batch.plan.records import Reference

_SCHEME: Final = "flux-batch/1"
_API_DEFAULTS: Final[Mapping[str, object]] = {"prompt_upsampling": False}

as_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""A value as the key's text has it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The text that a key is made of, ``before`` and ``after`` the prompt: many requests share all of it."""

    before: str
    after: str

    def digest(self, prompt: str) -> bytes:
        """The key, as bytes, of a request with this prompt, which is given as JSON."""
        return hashlib.sha256(f"{self.before}{prompt}{self.after}".encode()).digest()


def frame(*, model: str, size: str, options: Mapping[str, object], reference: Reference | None, n: int) -> Frame:
    """Everything about a request but its prompt.

    An option that only says the API's own default is the same as none. A local reference counts by its content,
    an https reference by its URL, a parent in a chain by that task's key.
    """
    wanted = {name: value for name, value in options.items() if _API_DEFAULTS.get(name, ...) != value}
    source = None if reference is None else [reference.kind, reference.sha256 or reference.source]
    before, after = as_json([_SCHEME, model]), as_json([size, sorted(wanted.items()), source, n])
    return Frame(before[:-1] + ",", "," + after[1:])


def content_key(
    *, model: str, prompt: str, size: str, options: Mapping[str, object], reference: Reference | None, n: int
) -> str:
    """SHA-256 (hex) over the request and the variation number ``n``."""
    said = frame(model=model, size=size, options=options, reference=reference, n=n)
    return said.digest(as_json(prompt)).hex()
