"""A plan as Markdown: read back by a Markdown parser, whatever a spec says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from flux_batch.cli.planning.as_markdown import plain, plan_markdown
from flux_batch.cli.planning.prepare import compare
from flux_batch.plan.make import make_plan
from tests.plan.kit import Folder, spec_of

from .kit import FAST, Desk

QUICK = "specs/quickstart.yaml"
JOINER = "\N{WORD JOINER}"

PIECES = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "[a](http://evil.example)",
    "![a](b)",
    "| a | b |",
    "`code`",
    "```",
    "~~~",
    "**a**",
    "__b__",
    "\n",
    "\n\n# a\n",
    "\r\n::error::x",
    "::set-output name=a::b",
    "##[error]x",
    "\\",
    "\\|",
    "&lt;",
    "&#60;",
    "https://evil.example/a",
    "www.evil.example",
    "a@evil.example",
    "@team",
    "#1",
    ":tada:",
    "$x$",
    "<!--",
    "-->",
    "- a",
    "1. b",
    "> q",
    "---",
    "===",
    "[x]: y",
    "^[a]",
    "a\u2028b",
    "\x1b[31m",
    "red",
    " ",
    "9:16",
    "a: b",
)

hostile = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), min_size=1, max_size=8).map("".join)


def tokens(text: str) -> list[Token]:
    """All tokens, inline ones included, as a parser with tables sees them."""
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)
    return [token for block in blocks for token in (block, *(block.children or ()))]


def cells_of(text: str) -> list[list[str]]:
    """The tables, row by row, as they are read."""
    rows: list[list[str]] = []
    blocks = MarkdownIt("commonmark").enable("table").parse(text)
    for at, block in enumerate(blocks):
        if block.type == "tr_open":
            rows.append([])
        if block.type in ("td_open", "th_open"):
            rows[-1].append("".join(child.content for child in blocks[at + 1].children or ()))
    return rows


def markdown_of(prompt: str, labels: list[str], folder: Path) -> str:
    """The Markdown of a plan with these texts."""
    spec = spec_of({
        "version": 1, "name": "cups", "prompt": prompt + " {{ cup }}",
        "variables": {"cup": {label: f"cup {number}" for number, label in enumerate(labels)}},
    })  # fmt: skip
    return plan_markdown(compare(spec, make_plan(spec, Folder()), folder))


@given(hostile)
def test_a_text_is_never_markup(text: str) -> None:
    """On one line, without a raw bracket, in a cell, in a list and in a quotation."""
    safe = plain(text)
    assert "\n" not in safe
    assert "<" not in safe
    assert "|" not in safe
    for around in (f"| a |\n| --- |\n| {safe} |", f"- `+` 1: {safe}", f"> “{safe}”"):
        kinds = {token.type for token in tokens(around)}
        inline = {"text", "inline", "text_special", "code_inline"}
        block = {"table", "thead", "tbody", "tr", "th", "td", "bullet_list", "list_item", "paragraph", "blockquote"}
        assert kinds <= inline | {f"{name}_{end}" for name in block for end in ("open", "close")}


@given(hostile)
def test_a_text_is_read_as_it_was_written(text: str) -> None:
    """But for white space, and for the joiners that keep addresses and mentions from being linked."""
    found = "".join(token.content for token in tokens(f"x{plain(text)}") if token.type.startswith("text"))
    expected = "x" + " ".join(text.split())
    assert found.replace(JOINER, "").replace("\ufffd", "") == expected.replace(JOINER, "").replace("\x00", "").replace(
        "\ufffd", ""
    )


@pytest.mark.parametrize(
    "text", ["https://evil.example", "www.evil.example", "a@evil.example", "@team", "#12", ":tada:"]
)
def test_nothing_becomes_a_link_by_itself(text: str) -> None:
    """GitHub links bare addresses, mentions and issues; an invisible joiner stands in their way."""
    assert JOINER in plain(text)


def test_ratios_and_sentences_stay_legible() -> None:
    """What is harmless is not escaped."""
    assert (
        plain("9:16, a mug: blue. 100% (round)").replace("&#40;", "(").replace("&#41;", ")")
        == "9:16, a mug: blue. 100% (round)"
    )


def test_a_plan_has_its_tables(tmp_path: Path) -> None:
    """Prices, models, and every axis that varies; long axes are cut with a word."""
    text = markdown_of("a", [f"c{number}" for number in range(49)], tmp_path)
    rows = cells_of(text)
    assert ["This run", "$1.96", "for the 49 images to buy"] in rows
    assert ["flux-kontext-pro", "49", "$0.04", "$1.96"] in rows
    assert ["c11", "1", "1", "$0.04"] in rows
    assert ["… and 37 more values", "", "", ""] in rows
    assert "It takes about 80 s" in text


@pytest.mark.parametrize("poison", [piece for piece in PIECES if piece.strip() and "\x1b" not in piece])
def test_a_hostile_spec_changes_no_table(poison: str, tmp_path: Path) -> None:
    """The same tables with the same numbers of cells, and nothing but text in them."""
    text = markdown_of(f"a {poison}", [f"one {json.dumps(poison)[1:-1]}", "two"], tmp_path)
    usual = markdown_of("a", ["one", "two"], tmp_path)
    assert [len(row) for row in cells_of(text)] == [len(row) for row in cells_of(usual)]
    assert "<" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert not {"html_inline", "html_block", "link_open", "image", "fence"} & {token.type for token in tokens(text)}


class TestCommand:
    """``plan --markdown``."""

    def test_it_is_all_of_stdout(self, desk: Desk) -> None:
        """The next step goes to stderr."""
        result = desk("plan", QUICK, "--markdown")
        assert result.code == 0
        assert result.out.startswith("### Plan: quickstart\n\n**12 images wanted**: 12 to buy\n")
        assert "Nothing was sent" in result.err

    def test_two_forms_at_once_are_refused(self, desk: Desk) -> None:
        """One plan, one form."""
        assert desk("plan", QUICK, "--markdown", "--json").json["exit_code"] == 2

    def test_after_an_edit_it_says_why(self, live_desk: Desk) -> None:
        """The words that changed, escaped like everything else."""
        live_desk("run", QUICK, "--yes", *FAST)
        live_desk.write(QUICK, (live_desk.home / QUICK).read_text().replace("sage green mug", "<b>blue</b> mug"))
        out = live_desk("plan", QUICK, "--markdown").out
        assert "**12 images wanted**: 6 to buy, 6 already stored, 6 no longer wanted" in out
        assert "- `+` 6" in out
        assert "&#60;b&#62;blue" in out
