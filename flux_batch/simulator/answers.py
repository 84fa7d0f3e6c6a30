"""The JSON the simulator answers with, in the published shapes: pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flux_batch.simulator.contract import Refusal
from flux_batch.simulator.tasks import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, before anything misbehaves."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Which of the published shapes to use; the older ones are for clients that must read both."""

    task_id_key: bool = False
    url_on_top: bool = False


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Any JSON."""
    return Answer(status=status, body=json.dumps(value, ensure_ascii=False).encode(), headers=headers or {})


def refusal(refused: Refusal, headers: Mapping[str, str] | None = None) -> Answer:
    """An error in the API's own JSON."""
    return json_answer(refused.body(), refused.status, headers)


def too_many(headers: Mapping[str, str]) -> Answer:
    """429, with the rate-limit headers."""
    refused = Refusal(
        status=429,
        code="rate_limit_exceeded",
        message="Rate limit exceeded, please slow down",
        type="rate_limit_error",
    )
    return refusal(refused, headers)


def submitted(task: Task, shape: Shape, unknown: tuple[str, ...] = ()) -> Answer:
    """The answer to an accepted POST; a header of ours names fields that the contract does not have."""
    headers = {"X-Simulator-Ignored-Fields": ", ".join(unknown).encode("ascii", "replace").decode()} if unknown else {}
    return json_answer(_head(task, task.words[0], shape) | {"progress": 0, "metadata": {}}, headers=headers)


def status(task: Task, now: float, url: str, shape: Shape, word: str = "") -> Answer:
    """The answer to a lookup; ``word`` replaces the status of a task that goes on."""
    state = task.status(now)
    shown = word if word and state not in {"completed", "failed"} else state
    answer = _head(task, shown, shape) | {"progress": task.progress(now)}
    if state == "failed" and task.failure:
        answer["error"] = {"code": task.failure.code, "message": task.failure.message}
    if state == "completed":
        answer |= {"completed_at": int(task.finished_at), "expires_at": int(task.expires_at)}
        answer |= {"url": url} if shape.url_on_top else {"result": {"type": "image", "data": [{"url": url}]}}
    return json_answer(answer)


def _head(task: Task, word: str, shape: Shape) -> dict[str, Any]:
    head: dict[str, Any] = {"task_id" if shape.task_id_key else "id": task.id}
    if task.order.business_id is not None:
        head["client_business_id"] = task.order.business_id
    return head | {
        "object": "generation.task",
        "model": task.order.model,
        "status": word,
        "created_at": int(task.created_at),
    }


def balance(remaining: Decimal | None, used: Decimal) -> Answer:
    """What the account holds; -1 and ``unlimited_quota`` for an account without a limit."""
    return json_answer(
        {
            "success": True,
            "message": "",
            "remain_balance": -1 if remaining is None else float(remaining),
            "used_balance": float(used),
            "unlimited_quota": remaining is None,
        }
    )


def unknown_token() -> Answer:
    """What the balance says to a key it does not know: 200, and no success."""
    return json_answer({"success": False, "message": "Token not found"})


def models(names: tuple[str, ...]) -> Answer:
    """The OpenAI shape of a model list."""
    rows = [{"id": name, "object": "model", "created": 1_748_476_800, "owned_by": "simulator"} for name in names]
    return json_answer({"object": "list", "data": rows})


def uploaded(upload_id: str, url: str, mime: str, size: int) -> Answer:
    """An accepted upload."""
    data = {"id": upload_id, "url": url, "mime_type": mime, "size": size}
    return json_answer({"success": True, "message": "", "data": data})


def upload_refused(message: str) -> Answer:
    """A refused upload."""
    return json_answer({"success": False, "message": message}, status=400)
