"""What is really bought: the content key of a task.

Two tasks with the same key ask the provider for the same image, whatever their job, name or place in the file is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from flux_batch.plan.records import Reference

_SCHEME: Final = "flux-batch/1"
_API_DEFAULTS: Final[Mapping[str, object]] = {"prompt_upsampling": False}


def content_key(
    *, model: str, prompt: str, size: str, options: Mapping[str, object], reference: Reference | None, n: int
) -> str:
    """SHA-256 (hex) over the request and the variation number ``n``.

    An option that only says the API's own default is the same as none. A local reference counts by its content,
    an https reference by its URL, a parent in a chain by that task's key.
    """
    wanted = {name: value for name, value in options.items() if _API_DEFAULTS.get(name, ...) != value}
    source = None if reference is None else [reference.kind, reference.sha256 or reference.source]
    said = [_SCHEME, model, prompt, size, sorted(wanted.items()), source, n]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
