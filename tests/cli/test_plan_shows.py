"""What a plan shows: the prices, the axes, the time, the page of placeholders; in text and for scripts."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from flux_batch.cli.planning.as_text import plan_lines
from flux_batch.cli.planning.prepare import Planned, compare
from flux_batch.cli.terminal.columns import cells, fit
from flux_batch.plan.make import make_plan
from tests.plan.kit import Folder, spec_of

from .kit import FAST, Desk

QUICK = "specs/quickstart.yaml"


def planned(text: str, folder: Path) -> Planned:
    """A plan of a spec, held against a run folder."""
    spec = spec_of(text)
    return compare(spec, make_plan(spec, Folder()), folder)


def text_of(text: str, folder: Path, width: int = 80) -> str:
    """The plan as it is printed."""
    return "\n".join(plan_lines(planned(text, folder), width))


CUPS = """
    version: 1
    name: cups
    prompt: "a {{ cup }} cup"
    variables: {cup: [red, blue]}
    ratios: ["1:1", "9:16"]
    budget: {max: 0.25}
"""


class TestShape:
    """Where the number of images comes from."""

    def test_a_product_is_a_multiplication(self, tmp_path: Path) -> None:
        """Its factors give the number of images."""
        assert "\n  main: cup 2 x ratio 2\n" in text_of(CUPS, tmp_path)

    def test_what_is_no_product_is_not_written_as_one(self, tmp_path: Path) -> None:
        """In step, or left out: three images of two axes with two and two values."""
        text = text_of(f"{CUPS}    exclude: [{{cup: red, ratio: '9:16'}}]\n", tmp_path)
        assert "\n  main: 3 of the 4 images of cup 2 x ratio 2\n" in text

    def test_what_goes_with_a_value_is_its_own(self, tmp_path: Path) -> None:
        """As in a promoted spec, where every image has the ratio that it was picked in."""
        spec = (
            "version: 1\nname: finals\njobs:\n  final:\n    prompt: A {{ image.what }}\n"
            '    ratios: ["{{ image.ratio }}"]\n    variables:\n      image:\n'
            '        one: {what: cup, ratio: "1:1"}\n        two: {what: jug, ratio: "3:4"}\n'
            '        three: {what: pot, ratio: "1:1"}\n'
        )
        assert "\n  final: image 3, each with its own ratio\n" in text_of(spec, tmp_path)


class TestMoney:
    """Three prices, and what is spent already."""

    def test_the_three_prices_stand_below_each_other(self, tmp_path: Path) -> None:
        """What it costs now, from scratch and at worst; and the budget that bounds it."""
        text = text_of(CUPS, tmp_path)
        assert "This run           $0.16  for the 4 images to buy" in text
        assert "From scratch       $0.16  for 4 images, if you had none of them" in text
        assert "Worst case         $0.32  every request lost, billed all the same, and sent" in text
        assert "the budget stops it at $0.25" in text
        assert "Spent $0.00 + this run $0.16 = $0.16 of $0.25  [############--------] 64%" in text

    def test_nothing_is_sent_twice_where_the_spec_says_hold(self, tmp_path: Path) -> None:
        """The worst case is the price then, and the plan says why."""
        text = text_of(CUPS + "    execution: {when_uncertain: hold}\n", tmp_path)
        assert "Worst case         $0.16  no request is ever sent twice (when_uncertain: hold)" in text

    def test_a_plan_over_its_budget_is_shown(self, desk: Desk) -> None:
        """Exit 0: nothing was refused yet, and scripts read the numbers."""
        result = desk("plan", QUICK, "--set", "budget.max=0.10")
        assert result.code == 0
        assert "Over the budget of $0.10 by $0.38: run will refuse" in result.out
        assert "the budget stops it" not in result.out

    def test_a_second_plan_knows_what_is_spent(self, live_desk: Desk) -> None:
        """After a run nothing is left to buy; scripts get the same numbers as decimal strings."""
        live_desk("run", QUICK, "--yes", *FAST)
        result = live_desk("plan", QUICK)
        assert "This run           $0.00  nothing is left to buy" in result.out
        assert "From scratch       $0.48  for 12 images, if you had none of them" in result.out
        assert "Spent $0.48 + this run $0.00 = $0.48 of" in result.out
        assert "By axis" not in result.out
        assert "It takes" not in result.out
        value = live_desk("plan", QUICK, "--json").json
        assert {name: value[name] for name in ("estimate", "worst_case", "from_scratch", "spent", "reserved")} == {
            "estimate": "0.00", "worst_case": "0.00", "from_scratch": "0.48", "spent": "0.48", "reserved": "0.00",
        }  # fmt: skip
        assert value["seconds"] == 0


class TestAxes:
    """What every value costs."""

    def test_a_value_has_its_images_and_its_price(self, tmp_path: Path) -> None:
        """Only of axes that vary."""
        text = text_of(CUPS, tmp_path)
        assert "By axis                                   Images  To buy    Estimate\n  cup\n    red  " in text
        assert re.search(r"\n    9:16 +2 +2 +\$0\.08\n", text)
        assert "\n  model" not in text
        assert "\n  variation" not in text

    def test_a_long_axis_is_one_line(self, tmp_path: Path) -> None:
        """Thirteen values are too many for a terminal; scripts get them all."""
        many = CUPS.replace("[red, blue]", json.dumps([f"c{n}" for n in range(13)]))
        assert "\n  cup: 13 values, see --json\n" in text_of(many, tmp_path)
        assert len(planned(many, tmp_path).axes()[0].values) == 13

    def test_the_json_has_every_axis(self, desk: Desk) -> None:
        """As the document says: axis, then label, images, new, estimate."""
        axes = desk("plan", QUICK, "--json", "--limit", "6").json["axes"]
        assert [axis["axis"] for axis in axes] == ["scene", "ratio"]
        assert axes[1]["values"][0] == {"label": "1:1", "images": 2, "new": 2, "estimate": "0.08"}

    @pytest.mark.parametrize("width", [40, 60, 80, 200])
    def test_no_line_is_wider_than_the_terminal(self, width: int, tmp_path: Path) -> None:
        """Wide letters count twice."""
        wide = CUPS.replace("red", "赤いコップ" * 30).replace("blue", "blue " * 40)
        table = text_of(wide, tmp_path, width).partition("By axis")[2].partition("This run")[0]
        assert all(cells(line) <= max(width, 42) for line in table.splitlines())

    def test_columns_fit(self) -> None:
        """Filled up, or cut with an ellipsis, to the cell."""
        assert fit("ab", 4) == "ab  "
        assert fit("abcdef", 4) == "abc…"
        assert fit("赤いコ", 4) == "赤… "
        assert cells("e\N{COMBINING ACUTE ACCENT}") == 1


class TestTime:
    """About how long a run takes."""

    def test_without_a_run_the_time_of_an_image_is_assumed(self, tmp_path: Path) -> None:
        """And it says so; chains add up."""
        chain = """
            version: 1
            name: chain
            jobs:
              base: {prompt: a cup}
              winter: {prompt: make it winter, edit: base}
        """
        text = text_of(chain, tmp_path, 200)
        assert "It takes about 40 s (16 at a time, 5 requests a second, 20 s an image is assumed, chains of 2)" in text

    def test_a_run_folder_teaches_the_time_of_an_image(self, live_desk: Desk) -> None:
        """The median of what its stored images took."""
        live_desk("run", QUICK, "--yes", "--limit", "6", *FAST)
        timing = live_desk("plan", QUICK, "--json").json["timing"]
        assert timing["learned_from"] == 6
        assert 0 < timing["seconds_per_image"] < 5
        assert "an image, learned from 6)" in " ".join(live_desk("plan", QUICK).out.split())

    def test_a_rehearsal_teaches_nothing(self, desk: Desk) -> None:
        """The simulator is quicker than any provider."""
        desk("rehearse", QUICK)
        plan = desk("plan", QUICK, "--out", "runs/quickstart-rehearsal", "--set", "repeat=2", "--json").json
        assert plan["timing"]["learned_from"] == 0
        assert plan["seconds"] > 0

    def test_a_rate_above_the_ordinary_is_said(self, tmp_path: Path) -> None:
        """Whoever has no such account should not count on it."""
        text = text_of(CUPS + "    execution: {submit_rate: 16}\n", tmp_path, 200)
        assert "16 requests a second where an ordinary account may send 5" in text

    def test_the_saved_plan_has_no_times(self, desk: Desk) -> None:
        """It is the same on every machine, whatever that one has learned."""
        desk("plan", QUICK, "-o", "plan.json")
        assert "seconds" not in (desk.home / "plan.json").read_text()

    def test_a_plan_that_cannot_be_saved_says_so(self, desk: Desk) -> None:
        """A missing folder is no bug of ours."""
        result = desk("plan", QUICK, "-o", "nowhere/plan.json")
        assert result.code == 2
        assert "cannot write nowhere/plan.json" in result.err


class TestSheet:
    """``--sheet`` writes a page of placeholders."""

    def test_it_stands_beside_the_run_folder(self, live_desk: Desk) -> None:
        """Which it leaves as it is, to the byte and to the second; what is stored shows its picture."""
        live_desk("run", QUICK, "--yes", "--limit", "4", *FAST)
        run = live_desk.home / "runs" / "quickstart"
        before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in run.rglob("*")}
        result = live_desk("plan", QUICK, "--sheet")
        assert result.code == 0
        assert f"placeholders  {Path('runs/quickstart-plan/index.html')}" in result.err
        assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in run.rglob("*")} == before
        plan = live_desk.home / "runs" / "quickstart-plan"
        assert len(list((plan / "thumbs").iterdir())) == 8  # two sizes
        assert {path.name for path in plan.iterdir()} == {"index.html", "data.js", "thumbs"}

    def test_it_needs_no_run_and_goes_where_it_is_told(self, desk: Desk) -> None:
        """A second time over the first; scripts get their JSON all the same."""
        for _ in range(2):
            assert desk("plan", QUICK, "--json", "--sheet", "a/b").json["tasks"] == 12
        assert {path.name for path in (desk.home / "a" / "b").iterdir()} == {"index.html", "data.js"}
        assert not (desk.home / "runs").exists()

    def test_it_replaces_nobody_s_page(self, live_desk: Desk) -> None:
        """Not a run's, not a web site's; a file is no folder."""
        live_desk("run", QUICK, "--yes", "--limit", "1", *FAST)
        live_desk.write("site/index.html", "<h1>mine</h1>")
        for folder, why in (
            ("runs/quickstart", "is a run folder"),
            ("site", "holds another page"),
            (QUICK, "is a file"),
        ):
            result = live_desk("plan", QUICK, "--sheet", folder)
            assert result.code == 2
            assert why in result.err
        assert (live_desk.home / "site/index.html").read_text() == "<h1>mine</h1>"


class TestValidate:
    """``validate`` over many specs."""

    def test_good_ones_are_named_beside_the_bad(self, desk: Desk) -> None:
        """And a file that is not there hides nobody's problems."""
        desk.write("a.yaml", 'version: 1\nname: a\nprompt: "a {{ cpu }}"\nvariables: {cup: [red]}\n')
        result = desk("validate", "nope.yaml", "a.yaml", QUICK)
        assert result.code == 2
        assert f"{QUICK}: good, 12 images" in result.out
        assert "nope.yaml:1:1: there is no file nope.yaml" in result.err
        assert "a.yaml:3:15:" in result.err
        assert "2 problems in 2 files. Nothing was sent." in result.err

    def test_a_shared_mistake_is_said_once(self, desk: Desk) -> None:
        """Two specs on one house style, which is wrong."""
        desk.write("house.yaml", "version: 1\nratios: [16x9]\n")
        for name in ("a", "b"):
            desk.write(f"{name}.yaml", f"version: 1\nname: {name}\nextends: house.yaml\nprompt: a cup\n")
        result = desk("validate", "a.yaml", "b.yaml")
        assert result.err.count("house.yaml:2:10:") == 1
        assert "1 problem in the spec. Nothing was sent." in result.err


def test_the_estimate_is_the_sum_of_any_axis_that_all_have(desk: Desk) -> None:
    """The numbers of the table are the numbers of the plan."""
    value = desk("plan", "specs/campaign.yaml", "--json").json
    for axis in value["axes"]:
        if axis["axis"] in ("job", "product", "model", "ratio", "n"):
            assert sum(Decimal(each["estimate"]) for each in axis["values"]) == Decimal(value["estimate"])
