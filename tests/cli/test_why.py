"""``why``: from an image back to its spec."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flux_batch.cli.terminal.finding import find_image

from .kit import FAST, Desk

SPEC = """\
version: 1
name: shop
extends: house.yaml
variables:
  product: {from: products.csv, label: sku}
jobs:
  hero:
    prompt: Photo of {{ product.name }}, {{ light }}
    ratios: ["1:1"]
  season:
    edit: hero
    prompt: Turn the season to {{ season }}
    variables: {season: {w: deep winter}}
profiles: {final: {models: [flux-kontext-max]}}
"""
TABLE = "sku,name\nM-01,a sage mug\nT-02,a white pot\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a table, a house style and a chain."""
    desk = Desk(tmp_path_factory.mktemp("shop"))
    desk.write("shop.yaml", SPEC)
    desk.write("products.csv", TABLE)
    desk.write("house.yaml", "version: 1\nvariables: {light: soft light}\n")
    assert desk("rehearse", "shop.yaml").code == 0
    return desk.home


@pytest.fixture
def shop(finished: Path, tmp_path: Path) -> Desk:
    """A copy of it."""
    return Desk(shutil.copytree(finished, tmp_path / "shop"))


def image(desk: Desk, part: str) -> str:
    """The path of the stored image with this in its name."""
    (path,) = (path for path in (desk.home / "runs").glob("*/images/**/*.*") if part in path.as_posix())
    return path.relative_to(desk.home).as_posix()


def value(found: dict[str, Any], axis: str) -> tuple[str, str]:
    """What one axis stands for, and where that was written."""
    return next((each["value"], each["place"]) for each in found["values"] if each["axis"] == axis)


MUG = ("sku: M-01, name: a sage mug", "products.csv:2")


def test_an_image_is_led_back_to_its_line(shop: Desk) -> None:
    """Template, values with the row they are from, the chain, the price, when, and why."""
    result = shop("why", image(shop, "season/M-01"))
    assert result.code == 0
    told = " ".join(result.out.split())
    for part in (
        "template “Turn the season to {{ season }}”",
        "written in shop.yaml:12, job season",
        "product: M-01 = sku: M-01, name: a sage mug (products.csv:2)",
        "season: w = deep winter (shop.yaml:13)",
        "light: soft light (house.yaml:2)",
        "starts from hero/M-01",
        "“Photo of a sage mug, soft light”",
        "bought because it was not there yet",
        "price $0.04",
        "1 attempt",
    ):
        assert part in told, told
    assert max(len(line) for line in result.out.splitlines()) <= 80


def test_every_way_to_name_an_image_leads_to_it(shop: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Path, absolute path, path within the run, name, id, key prefix, business id, provider id."""
    path = image(shop, "hero/T-02")
    found = shop("why", path, "--json").json
    within = path.removeprefix("runs/shop-rehearsal/")
    names = [
        str(shop.home / path),
        within,
        within.removeprefix("images/"),
        found["id"],
        found["key"][:6],
        found["key"].upper(),
        found["business_id"],
        found["remote_id"],
    ]
    assert shop("why", found["id"], "shop-rehearsal", "--json").json == found
    monkeypatch.chdir(shop.home)
    for name in names:
        assert find_image(name, None).entry.task.key == found["key"], name
    assert find_image(found["id"], Path("shop.yaml")).entry.task.key == found["key"]


def test_scripts_get_it_all(shop: Desk) -> None:
    """With the chain and its reference."""
    found = shop("why", image(shop, "season/T-02"), "--json").json
    assert found["template"] == "Turn the season to {{ season }}"
    assert found["spec"] == {
        "file": "shop.yaml", "line": 12, "kept": found["spec"]["kept"], "profile": None, "settings": [],
    }  # fmt: skip
    assert (shop.home / "runs/shop-rehearsal" / found["spec"]["kept"]).read_text(encoding="utf-8") == SPEC
    assert [each["job"] for each in found["chain"]] == ["hero"]
    assert found["reference"]["kind"] == "parent"
    assert found["price"] == "0.04"
    assert found["attempts"] == 1
    assert found["notes"] == []


def test_an_edited_spec_is_said(shop: Desk) -> None:
    """What was kept of it still tells the template."""
    shop.write("shop.yaml", SPEC.replace("Photo of", "Picture of"))
    found = shop("why", image(shop, "hero/M-01"), "--json").json
    assert found["template"] == "Photo of {{ product.name }}, {{ light }}"
    assert found["notes"] == ["the spec shop.yaml was edited since the last run"]


def test_a_table_that_changed_since_is_read_as_it_was(shop: Desk) -> None:
    """Row and value are those of the purchase; also after another run, and when the table is gone."""
    path = image(shop, "hero/M-01")
    shop.write("products.csv", "sku,name\nX-01,a new first row\nM-01,a green mug\n")
    found = shop("why", path, "--json").json
    assert (found["template"], found["notes"]) == (
        "Photo of {{ product.name }}, {{ light }}",
        ["products.csv changed since the last run"],
    )
    assert value(found, "product") == MUG
    assert value(found, "light") == ("soft light", "house.yaml:2")
    assert shop("rehearse", "shop.yaml").code == 0
    (shop.home / "products.csv").unlink()
    found = shop("why", path, "--json").json
    assert value(found, "product") == MUG
    assert found["notes"] == [
        "it was made from an earlier products.csv; the last run had another one",
        "products.csv changed since the last run",
    ]


def test_a_house_style_that_changed_since_is_read_as_it_was(desk: Desk) -> None:
    """It may lie above the spec; places are named as they are from here, not as they were kept."""
    desk.write("work/shop.yaml", SPEC.replace("house.yaml", "../house.yaml"))
    desk.write("work/products.csv", TABLE)
    desk.write("house.yaml", "version: 1\nvariables: {light: soft light}\n")
    assert desk("rehearse", "work/shop.yaml", "--limit", "1").code == 0
    desk.write("house.yaml", "version: 1\n\nvariables: {light: harsh light}\n")
    found = desk("why", image(desk, "hero/M-01"), "--json").json
    assert (found["spec"]["file"], found["spec"]["line"]) == ("work/shop.yaml", 8)
    assert value(found, "product") == MUG
    assert value(found, "light") == ("soft light", "house.yaml:2")
    assert found["notes"] == ["../house.yaml changed since the last run"]


def test_profile_and_settings_are_known(shop: Desk) -> None:
    """They were kept with the spec; a value that came from one has no line. How fast it went says nothing."""
    asked = ("--profile", "final", "--set", "variables.light=hard light", "--set", "execution.concurrency=2")
    assert shop("rehearse", "shop.yaml", *asked).code == 0
    shop.write("products.csv", "sku,name\n")
    path = image(shop, "hero/M-01-max")
    found = shop("why", path, "--json").json
    assert found["spec"]["profile"] == "final"
    assert found["spec"]["settings"] == ["variables.light=hard light"]
    assert value(found, "product") == MUG
    assert value(found, "light") == ("hard light", "--set variables.light=hard light")
    told = " ".join(shop("why", path).out.split())
    assert "job hero, in profile final, with --set 'variables.light=hard light' (kept as inputs/" in told


def forget_wholes(shop: Desk) -> None:
    """The run folder as an earlier version left it: contents, and no sets."""
    for path in (shop.home / "runs/shop-rehearsal/inputs").iterdir():
        if path.is_dir():
            shutil.rmtree(path)


def test_an_older_run_is_told_from_its_texts(shop: Desk) -> None:
    """As far as the files beside the spec are what they were."""
    forget_wholes(shop)
    path = image(shop, "hero/M-01")
    found = shop("why", path, "--json").json
    assert (value(found, "product"), found["notes"]) == (MUG, [])
    shop.write("products.csv", TABLE.replace("sage mug", "green mug"))
    found = shop("why", path, "--json").json
    assert found["prompt"] == "Photo of a sage mug, soft light"
    another, moved = found["notes"]
    assert another.startswith("the kept spec makes another prompt at this place")
    assert moved == "products.csv changed since the last run"


@pytest.mark.parametrize(
    ("name", "more"),
    [("products.csv", b"X-01,another\n"), ("house.yaml", b"# another\n"), ("shop.yaml", b"#\n"), ("inputs.json", b" ")],
)
def test_a_set_that_is_not_what_was_kept_is_passed_over(shop: Desk, name: str, more: bytes) -> None:
    """Even where it would make the same image; the spec's text alone is still read."""
    (kept,) = (shop.home / "runs/shop-rehearsal/inputs").glob(f"*/{name}")
    kept.write_bytes(kept.read_bytes() + more)
    found = shop("why", image(shop, "hero/M-01"), "--json").json
    assert found["spec"]["kept"].endswith("-shop.yaml")
    assert found["notes"] == []


def test_what_cannot_be_had_is_said(shop: Desk) -> None:
    """Without the kept text the prompt, the place and the price are still there."""
    path = image(shop, "hero/M-01")
    shutil.rmtree(shop.home / "runs/shop-rehearsal/inputs")
    result = shop("why", path)
    assert result.code == 0
    assert "holds no text of its spec" in " ".join(result.out.split())
    assert "written in  shop.yaml:8, job hero" in result.out
    assert "template" not in result.out.split("note")[0]


def test_a_profile_of_an_older_run_is_found_out(shop: Desk) -> None:
    """It is not written down, so each is tried."""
    assert shop("rehearse", "shop.yaml", "--profile", "final").code == 0
    forget_wholes(shop)
    found = shop("why", image(shop, "hero/M-01-max"), "--json").json
    assert found["spec"]["profile"] == "final"
    assert found["template"] == "Photo of {{ product.name }}, {{ light }}"


def test_a_later_image_says_what_it_came_instead_of(shop: Desk) -> None:
    """And the earlier one that it is no longer wanted, with the text it was made from."""
    shop.write("shop.yaml", SPEC.replace("Photo of", "Picture of"))
    assert shop("rehearse", "shop.yaml").code == 0
    manifest = json.loads((shop.home / "runs/shop-rehearsal/manifest.json").read_text(encoding="utf-8"))
    old, new = (
        next(task for task in manifest["tasks"] if task["prompt"].startswith(word)) for word in ("Photo", "Picture")
    )
    told = shop("why", new["id"], "--json").json
    assert (
        told["reasons"][0] == f"bought because of an earlier image ({old['id']}): prompt changed: “Photo” → “Picture”"
    )
    earlier = shop("why", old["id"], "--json").json
    assert earlier["wanted"] is False
    assert earlier["template"].startswith("Photo of")
    assert earlier["notes"] == ["it was made from an earlier text of the spec; the last run had another one"]


def test_an_image_in_two_runs_asks_which(shop: Desk) -> None:
    """By name or folder."""
    found = shop("why", image(shop, "hero/M-01"), "--json").json
    shutil.copytree(shop.home / "runs/shop-rehearsal", shop.home / "runs/other")
    result = shop("why", found["id"])
    assert result.code == 2
    assert "is in several runs (runs/other, runs/shop-rehearsal): say which with --run" in result.err
    assert shop("why", found["id"], "other", "--json").json["run"] == "runs/other"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing-like-it"], 'there is no image "nothing-like-it" in runs/shop-rehearsal'),
        (["abc"], "Give an image's path, a task id, the beginning of a key"),
        (["x", "nowhere"], "nowhere: no such run"),
        (["x", "shop.yaml", "--run", "shop.yaml"], "name the run once"),
        (["runs/shop-rehearsal/images/none.png"], "there is no image"),
    ],
)
def test_what_is_not_there(shop: Desk, arguments: list[str], said: str) -> None:
    """Exit 2, and what to give instead."""
    result = shop("why", *arguments)
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_without_any_run(desk: Desk) -> None:
    """It says so."""
    result = desk("why", "abcd")
    assert result.code == 2
    assert "there are no runs below runs/" in result.err


def test_a_reference_and_a_real_purchase(live_desk: Desk) -> None:
    """The file it started from, with its content, and what was paid; nothing is written."""
    assert live_desk("run", "specs/reference-edit.yaml", "--limit", "1", "--yes", *FAST).code == 0
    folder = live_desk.home / "runs"
    path = next(path for path in folder.glob("*/images/**/*.*") if path.is_file())
    before = {each: each.stat().st_mtime_ns for each in Path(folder).rglob("*")}
    result = live_desk("why", str(path))
    assert result.code == 0, result.err
    assert "starts from assets/" in result.out
    assert "$0.04 paid" in " ".join(result.out.split())
    assert {each: each.stat().st_mtime_ns for each in Path(folder).rglob("*")} == before


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252"])
def test_a_table_that_is_no_utf_8_has_not_changed(encoding: str, tmp_path: Path) -> None:
    """What is compared are its bytes."""
    desk = Desk(tmp_path)
    desk.write("shop.yaml", SPEC)
    desk.write("house.yaml", "version: 1\nvariables: {light: soft light}\n")
    (tmp_path / "products.csv").write_bytes(TABLE.replace("sage mug", "beige mug à café").encode(encoding))
    assert desk("rehearse", "shop.yaml", "--limit", "1").code == 0
    assert desk("why", image(desk, "hero/"), "--json").json["notes"] == []
