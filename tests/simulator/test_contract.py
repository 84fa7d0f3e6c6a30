"""The published contract: what is accepted, what is refused and how."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image

from flux_batch.simulator.contract import MATCH_INPUT, MODELS, RATIOS, Order, Refusal, read_order

from .kit import Start

GOOD: dict[str, Any] = {"model": "flux-kontext-pro", "prompt": "a mug"}
REFERENCE = {"image_urls": ["https://example.com/a.png"]}


def read(body: object, content_type: str = "application/json") -> Order | Refusal:
    """Read a body given as JSON, or as raw bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_order(raw, content_type)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("model", MODELS)
def test_every_ratio_of_every_model_is_accepted(model: str, ratio: str) -> None:
    """Both models take all nine ratios."""
    order = read({"model": model, "prompt": "x", "size": ratio})
    assert isinstance(order, Order)
    assert (order.model, order.size) == (model, ratio)


def test_defaults_are_the_published_ones() -> None:
    """Without a size it is 16:9, with a reference it is the input's."""
    plain, edit = read(GOOD), read(GOOD | REFERENCE)
    assert isinstance(plain, Order)
    assert isinstance(edit, Order)
    assert (plain.size, plain.response_format, plain.image_url) == ("16:9", "jpg", None)
    assert (edit.size, edit.image_url) == (MATCH_INPUT, "https://example.com/a.png")


@pytest.mark.parametrize(
    "fields",
    [
        {"metadata": {"response_format": "png", "safety_tolerance": 0, "prompt_upsampling": True}},
        {"metadata": {"safety_tolerance": 6}},
        {"metadata": {"client_business_id": "b1"}},
        {"client_business_id": "b1"},
        {"image_urls": []},
        {"size": MATCH_INPUT, **REFERENCE},
        {"image_urls": ["http://127.0.0.1:8/x.png"]},
        {"n": 1},
    ],
)
def test_valid_fields_are_accepted(fields: dict[str, Any]) -> None:
    """Everything the docs offer works, and an unknown field is let pass, as the docs say nothing of it."""
    assert isinstance(read(GOOD | fields), Order)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"model": "dall-e-3"}, "model"),
        ({"model": None}, "model"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "  "}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"size": "16x9"}, "size"),
        ({"size": 969}, "size"),
        ({"size": MATCH_INPUT}, "size"),
        ({"image_urls": "https://example.com/a.png"}, "image_urls"),
        ({"image_urls": ["https://a.example/1", "https://a.example/2"]}, "image_urls"),
        ({"image_urls": ["data:image/png;base64,AAAA"]}, "image_urls"),
        ({"image_urls": ["file:///etc/passwd"]}, "image_urls"),
        ({"image_urls": ["https://user:pass@example.com/a.png"]}, "image_urls"),
        ({"image_urls": ["http://169.254.169.254/latest"]}, "image_urls"),
        ({"image_urls": ["http://10.0.0.7/a.png"]}, "image_urls"),
        ({"image_urls": ["https://[broken"]}, "image_urls"),
        ({"image_urls": [7]}, "image_urls"),
        ({"metadata": []}, "metadata"),
        ({"metadata": {"response_format": "webp"}}, "response_format"),
        ({"metadata": {"safety_tolerance": 7}}, "safety_tolerance"),
        ({"metadata": {"safety_tolerance": True}}, "safety_tolerance"),
        ({"metadata": {"safety_tolerance": "2"}}, "safety_tolerance"),
        ({"metadata": {"prompt_upsampling": 1}}, "prompt_upsampling"),
        ({"client_business_id": ""}, "client_business_id"),
        ({"client_business_id": 7}, "client_business_id"),
        ({"client_business_id": "x" * 256}, "client_business_id"),
    ],
)
def test_a_broken_rule_is_400_and_names_its_field(fields: dict[str, Any], named: str) -> None:
    """The message says which field was wrong."""
    refused = read(GOOD | fields)
    assert isinstance(refused, Refusal)
    assert (refused.status, refused.code) == (400, "invalid_request")
    assert named in refused.message


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"[" * 5000])
def test_a_body_that_is_no_json_object_is_400(raw: bytes) -> None:
    """Anything but a JSON object is refused."""
    refused = read(raw)
    assert isinstance(refused, Refusal)
    assert refused.status == 400


def test_a_callback_needs_a_webhook() -> None:
    """The documented code for a callback URL without a webhook."""
    refused = read(GOOD | {"callback_url": "https://example.com/hook"})
    assert isinstance(refused, Refusal)
    assert refused.code == "webhook_not_configured"


def test_json_must_be_declared() -> None:
    """The docs' requests all say application/json."""
    assert isinstance(read(GOOD, "application/x-www-form-urlencoded"), Refusal)


async def test_the_business_id_at_the_top_wins(start: Start) -> None:
    """It is accepted in both places, and the top level is preferred."""
    on = await start()
    await on.submit(client_business_id="top", metadata={"client_business_id": "inner"})
    await on.submit(metadata={"client_business_id": "only-inner"})
    assert [entry.business_id for entry in on.sim.ledger.entries] == ["top", "only-inner"]


async def test_no_key_or_a_wrong_one_is_401(start: Start) -> None:
    """Every door of the API asks for the key."""
    on = await start(key="sk-right")
    doors = (("GET", "/models"), ("GET", "/images/generations/x"), ("POST", "/images/generations"))
    for method, path in doors:
        for headers in ({}, {"Authorization": "Bearer sk-wrong"}, {"Authorization": "sk-right"}):
            answer = await on.bare.request(method, on.sim.base_url + path, headers=headers)
            assert answer.status_code == 401
            assert answer.json()["error"] == {
                "code": 401,
                "message": "Authentication failed, please check your API key",
                "type": "authentication_error",
            }
    assert len(on.sim.ledger) == 0


async def test_the_balance_of_an_unknown_key_is_200_without_success(start: Start) -> None:
    """As published; a missing key is 401 there too."""
    on = await start(key="sk-right")
    url = f"{on.sim.base_url}/balance"
    unknown = await on.bare.get(url, headers={"Authorization": "Bearer sk-wrong"})
    assert (unknown.status_code, unknown.json()["success"]) == (200, False)
    assert unknown.json()["message"]
    assert (await on.bare.get(url)).status_code == 401


async def test_a_model_the_key_may_not_use_is_403(start: Start) -> None:
    """A known model outside the key's list is forbidden, and not listed."""
    on = await start(models=("flux-kontext-pro",))
    assert (await on.submit(model="flux-kontext-max")).status_code == 403
    rows = (await on.api.get("/models?type=all")).json()
    assert rows["object"] == "list"
    assert [row["id"] for row in rows["data"]] == ["flux-kontext-pro"]


async def test_the_answer_to_a_post_has_the_published_shape(start: Start) -> None:
    """A generation task, queued, with nothing done yet."""
    on = await start()
    answer = (await on.submit(client_business_id="b-1", quality="high")).json()
    assert answer.pop("id").startswith("task_img_")
    assert answer == {
        "client_business_id": "b-1",
        "object": "generation.task",
        "model": "flux-kontext-pro",
        "status": "queued",
        "progress": 0,
        "created_at": int(on.clock.now()),
        "metadata": {},
    }


async def test_a_field_outside_the_contract_is_named_in_a_header(start: Start) -> None:
    """A client that hopes for a seed or two images is told that nobody read it."""
    on = await start()
    answer = await on.submit(n=2, seed=5)
    assert answer.headers["X-Simulator-Ignored-Fields"] == "n, seed"


async def test_unknown_paths_are_json_404(start: Start) -> None:
    """Even a path without /v1 is answered in JSON."""
    on = await start()
    root = on.sim.base_url.removesuffix("/v1")
    for url in (f"{root}/images/generations", f"{on.sim.base_url}/nope"):
        answer = await on.api.get(url)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "not_found"


def image(kind: str) -> bytes:
    """A small image."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 80, 60)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
async def test_four_kinds_of_images_can_be_uploaded(start: Start, kind: str, mime: str) -> None:
    """The answer has the published shape and the URL gives the same bytes back."""
    on, data = await start(), image(kind)
    answer = await on.api.post("/uploads/images", files={"file": ("a", data, "text/plain")}, data={"purpose": "x"})
    body = answer.json()
    assert body["success"] is True
    assert body["data"]["id"].startswith("upload_")
    assert (body["data"]["mime_type"], body["data"]["size"]) == (f"image/{mime}", len(data))
    assert (await on.bare.get(body["data"]["url"])).content == data


@pytest.mark.parametrize(
    ("part", "data", "message"),
    [
        ("file", b"\0" * (10 * 1024 * 1024 + 1), "Image too large. Maximum size is 10MB"),
        ("file", b"%PDF-1.7", "Unsupported image type"),
        ("file", image("PNG")[:60], "Unsupported image type"),
        ("image", image("PNG"), "No file provided"),
    ],
)
async def test_a_bad_upload_is_400_with_the_documented_json(start: Start, part: str, data: bytes, message: str) -> None:
    """Too large, no image, a broken image, or another part's name."""
    on = await start()
    answer = await on.api.post("/uploads/images", files={part: ("a.png", data, "image/png")})
    assert answer.status_code == 400
    assert answer.json()["success"] is False
    assert message in answer.json()["message"]


async def test_an_upload_that_is_not_multipart_is_400(start: Start) -> None:
    """Raw bytes are not how a file is sent."""
    on = await start()
    answer = await on.api.post("/uploads/images", content=image("PNG"))
    assert (answer.status_code, answer.json()["success"]) == (400, False)
