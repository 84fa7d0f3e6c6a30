"""The pictures: right in form, different where they should be, the same where they must be."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat

from flux_batch.simulator.contract import MODELS, RATIOS
from flux_batch.simulator.pictures.brief import Brief, like_input
from flux_batch.simulator.pictures.caption import font, wrapped
from flux_batch.simulator.pictures.catalogue import SOLIDS, THINGS, thing_in
from flux_batch.simulator.pictures.paint import paint

from .kit import Start

BRIEF = Brief(
    prompt="a sage green mug on linen",
    model="flux-kontext-pro",
    size="1:1",
    response_format="png",
    seed=1,
    pixels=60_000,
    rehearsal=False,
)


def opened(data: bytes) -> Image.Image:
    """Decoded, whole."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def mean(image: Image.Image, box: tuple[float, float, float, float] = (0, 0, 1, 0.8)) -> list[float]:
    """The mean red, green and blue of a part of a picture, given in shares of its size."""
    w, h = image.size
    part = image.convert("RGB").crop((int(box[0] * w), int(box[1] * h), int(box[2] * w), int(box[3] * h)))
    return ImageStat.Stat(part).mean


def difference(one: bytes, other: bytes) -> float:
    """The mean difference of two pictures' upper parts, 0 to 255."""
    first, second = opened(one).convert("RGB"), opened(other).convert("RGB").resize(opened(one).size)
    return sum(mean(ImageChops.difference(first, second))) / 3


def painted(**fields: Any) -> bytes:
    """A picture of the usual brief, with changes."""
    return paint(replace(BRIEF, **fields))


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(("format_", "kind"), [("png", "PNG"), ("jpg", "JPEG")])
def test_the_ratio_is_exact_and_the_format_is_as_asked(ratio: str, format_: str, kind: str) -> None:
    """Nine ratios, two formats, and about the area asked for."""
    image = opened(painted(size=ratio, response_format=format_))
    wide, high = ratio.split(":")
    assert Fraction(image.width, image.height) == Fraction(int(wide), int(high))
    assert image.format == kind
    assert 0.7 < image.width * image.height / BRIEF.pixels <= 1.01


@pytest.mark.parametrize(("width", "height"), [(800, 800), (333, 777), (4000, 3000), (100, 2000)])
def test_a_picture_like_its_input_has_its_ratio(width: int, height: int) -> None:
    """Within the ratios the models know."""
    ratio = min(21 / 9, max(9 / 21, width / height))
    made = like_input(width, height, 600_000)
    assert made[0] / made[1] == pytest.approx(ratio, rel=0.01)


def test_equal_briefs_give_equal_bytes_and_anything_else_another_picture() -> None:
    """Deterministic, and never the same twice where the provider's would differ."""
    assert painted() == painted()
    others = [
        painted(seed=2),
        painted(prompt="a cobalt blue mug on linen"),
        painted(prompt="a sage green teapot on linen"),
        painted(model=MODELS[1]),
        painted(rehearsal=True),
    ]
    assert all(difference(painted(), other) > 0.1 for other in others)
    assert len(set(others)) == len(others)


@pytest.mark.parametrize(
    ("colour", "strongest"), [("crimson", 0), ("emerald", 1), ("cobalt", 2), ("sage green", 1), ("#cc2222", 0)]
)
def test_a_named_colour_is_the_things_colour(colour: str, strongest: int) -> None:
    """The middle of a red mug is red."""
    middle = mean(opened(painted(prompt=f"a {colour} mug", pixels=200_000)), (0.42, 0.45, 0.56, 0.65))
    assert max(range(3), key=lambda channel: middle[channel]) == strongest


def test_the_surfaces_colour_is_not_the_things() -> None:
    """On a white marble counter stands a red bottle, not a white one."""
    bottle = mean(
        opened(painted(prompt="a bottle, crimson, on white marble", pixels=200_000)), (0.45, 0.28, 0.55, 0.34)
    )
    assert bottle[0] > bottle[1] + 40


def test_words_find_their_things_and_others_get_solids() -> None:
    """Whole words only: a cupboard is no cup."""
    assert [thing_in(text)[0] is SOLIDS for text in ("A Mug!", "two mugs", "cupboard", "quantum")] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.words[0])
def test_every_thing_can_be_drawn_by_both_models(thing: Any) -> None:
    """At every extreme of shape, on every surface, in every light."""
    settings = (
        "on marble, night",
        "on oak, dusk",
        "on linen, morning",
        "on the beach",
        "in the snow",
        "on grass, spring",
    )
    for index, setting in enumerate(settings):
        data = painted(
            prompt=f"{thing.words[0]} {setting}", size=RATIOS[index], model=MODELS[index % 2], pixels=12_000, seed=index
        )
        assert opened(data).width > 50


@pytest.mark.parametrize("prompt", ["x" * 5000, "é 日本 🎉 \x07\x1b[31m\u202e", "a\nb\tc", ".", "misty mountains"])
@pytest.mark.parametrize("size", ["9:21", "21:9"])
def test_any_prompt_can_be_drawn(prompt: str, size: str) -> None:
    """Long, foreign, with control characters, or nearly empty."""
    assert opened(painted(prompt=prompt, size=size, pixels=12_000)).width > 50


def test_the_caption_is_wrapped_to_its_width() -> None:
    """At most so many lines, none wider than the label, the rest an ellipsis."""
    face = font(16)
    lines = wrapped("a sage green mug on a linen tablecloth " * 9, face, 300, 2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
    assert all(face.getlength(line) <= 300 for line in lines)
    assert wrapped("short", face, 300, 2) == ("short",)


def test_a_rehearsals_picture_says_that_it_is_none() -> None:
    """To the eye, by a badge, and to a program, by a note inside the file."""
    plain, marked = opened(painted()), opened(painted(rehearsal=True))
    corner = (0.5, 0.0, 1.0, 0.12)
    assert abs(sum(mean(plain, corner)) - sum(mean(marked, corner))) > 20
    assert "not a real image" in marked.info["Description"]
    assert b"not a real image" in opened(painted(rehearsal=True, response_format="jpg")).info["comment"]


def test_the_better_model_draws_a_richer_picture() -> None:
    """More detail in the same scene, and a label of its own."""
    brief = {"prompt": "a teapot on marble", "pixels": 200_000}
    pro, best = painted(**brief), painted(model=MODELS[1], **brief)
    assert difference(pro, best) > 1
    assert mean(opened(best), (0, 0.95, 1, 1))[0] < 80 < mean(opened(pro), (0, 0.95, 1, 1))[0]


def test_an_edit_shows_its_reference() -> None:
    """The picture that was sent is the one that comes back, in another light."""
    left_red = Image.new("RGB", (300, 300), (30, 30, 200))
    left_red.paste((200, 30, 30), (0, 0, 150, 300))
    out = io.BytesIO()
    left_red.save(out, "PNG")
    for prompt in ("make it autumn", "turn the season to winter", "improve it", "rain"):
        image = opened(painted(prompt=prompt, size="match_input_image", reference=out.getvalue()))
        left, right = mean(image, (0.05, 0.2, 0.45, 0.7)), mean(image, (0.55, 0.2, 0.95, 0.7))
        assert left[0] > right[0] + 30
        assert right[2] > left[2] + 30


def test_a_season_is_seen() -> None:
    """Winter is cooler than the reference, autumn warmer."""
    reference = painted()
    tones = {}
    for season in ("winter", "autumn"):
        red, _, blue = mean(opened(painted(prompt=season, size="match_input_image", reference=reference)))
        tones[season] = red - blue
    red, _, blue = mean(opened(reference))
    assert tones["winter"] < red - blue - 15
    assert tones["autumn"] > red - blue + 15


def test_a_cut_out_is_put_into_the_scene() -> None:
    """A product on a clear ground stands on the table, its colour unchanged."""
    product = Image.new("RGBA", (200, 300))
    product.paste((220, 40, 160, 255), (40, 20, 160, 280))
    out = io.BytesIO()
    product.save(out, "PNG")
    image = opened(painted(prompt="put this on a marble counter", reference=out.getvalue(), pixels=200_000))
    red, green, blue = image.convert("RGB").getpixel((image.width // 2, image.height // 2))  # type: ignore[misc]
    assert (red, green, blue) == pytest.approx((220, 40, 160), abs=30)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "CMYK", "1"])
def test_any_kind_of_image_can_be_a_reference(mode: str) -> None:
    """Grey, palette, sixteen bits, print colours."""
    out = io.BytesIO()
    Image.new(mode, (64, 48)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    image = opened(painted(prompt="winter on oak", size="match_input_image", reference=out.getvalue()))
    assert image.width / image.height == pytest.approx(4 / 3, rel=0.02)


async def test_pictures_vary_by_request_and_not_by_the_order_of_requests(start: Start) -> None:
    """Two simulators with one seed agree, whatever came first; identical orders differ from one another."""
    one, other, third = await start(seed=4), await start(seed=4), await start(seed=5)
    mug, pot = {"client_business_id": "m"}, {"prompt": "teapot", "client_business_id": "p"}
    first = [await one.picture(**mug), await one.picture(**pot)]
    second = [await other.picture(**pot), await other.picture(**mug)]
    assert first == second[::-1]
    again = await one.picture(**mug)
    assert again != first[0]
    assert await other.picture(**mug) == again
    assert await third.picture(**mug) != first[0]
    assert await one.picture(**(mug | {"client_business_id": "n"})) != first[0]


async def test_a_chain_of_edits_works_by_result_and_by_upload(start: Start) -> None:
    """A result's URL, and its bytes uploaded again, both show the reference."""
    on = await start()
    url = await on.made(metadata={"response_format": "png"})
    parent = (await on.bare.get(url)).content
    upload = (await on.api.post("/uploads/images", files={"file": parent})).json()["data"]["url"]
    edits = [await on.picture(prompt="winter", image_urls=[source]) for source in (url, upload)]
    deeper = await on.picture(prompt="autumn", image_urls=[await on.made(prompt="winter", image_urls=[url])])
    assert opened(deeper).size == opened(parent).size
    for edit in edits:
        assert opened(edit).size == opened(parent).size
        assert mean(opened(edit))[2] > mean(opened(edit))[0]


async def test_a_dropped_picture_is_drawn_again_byte_for_byte(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gallery keeps only so many."""
    monkeypatch.setattr("flux_batch.simulator.gallery.KEPT_BYTES", 1)
    on = await start()
    url = await on.made()
    first = (await on.bare.get(url)).content
    await on.picture(prompt="teapot")
    assert (await on.bare.get(url)).content == first
