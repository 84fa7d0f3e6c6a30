"""In GitHub Actions: problems at their lines, the plan in the summary, and no orders from anybody's text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.cli.terminal.annotations import CUT, SUMMARY_BYTES, annotation, append_summary
from flux_batch.cli.terminal.output import clean
from flux_batch.errors import Problem

from .kit import Desk

QUICK = "specs/quickstart.yaml"
BAD = 'version: 1\nname: a\nprompt: "a {{ cpu }}"\nvariables: {cup: [red]}\n'


def problem(message: str, *, file: str = "a.yaml", hint: str = "") -> Problem:
    """Something wrong at line 3, column 5."""
    return Problem(file=file, line=3, column=5, message=message, hint=hint)


class TestAnnotation:
    """One problem, one line."""

    def test_it_is_escaped_as_github_demands(self) -> None:
        """Percent, line breaks, and in properties colons and commas."""
        line = annotation(problem("50% off\r\n::error::x", file="a,b:c.yaml", hint="do it"))
        assert line == ("::error file=a%2Cb%3Ac.yaml,line=3,col=5,title=flux-batch::50%25 off%0D%0A::error::x%0Ado it")

    @given(st.text(), st.text(), st.text())
    def test_it_is_one_line_and_one_order(self, message: str, file: str, hint: str) -> None:
        """Whatever is in it; the properties end where ours end."""
        line = annotation(problem(message, file=file, hint=hint))
        assert "\n" not in line
        assert "\r" not in line
        said, _, _ = line.removeprefix("::error ").partition("::")
        assert [pair.partition("=")[0] for pair in said.split(",")] == ["file", "line", "col", "title"]

    def test_a_file_is_named_from_the_top_of_the_repository(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Wherever the step runs."""
        (tmp_path / "shop").mkdir()
        monkeypatch.chdir(tmp_path / "shop")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
        assert annotation(problem("x", file="specs/a.yaml")).startswith("::error file=shop/specs/a.yaml,")


class TestOrders:
    """A prompt gives the runner no orders."""

    @given(
        st.lists(st.sampled_from(["::", "##[", "error", " ", "\t", "\n", "\u3000", "a", "::add-mask::x"])).map("".join)
    )
    def test_no_line_begins_with_one(self, text: str) -> None:
        """Nor holds the older form anywhere."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GITHUB_ACTIONS", "true")
            safe = clean(text)
        assert not [line for line in safe.split("\n") if line.strip().startswith("::")]
        assert "##[" not in safe

    def test_elsewhere_text_is_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A terminal takes no such orders."""
        monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
        assert clean("::error::x ##[a]") == "::error::x ##[a]"

    def test_a_hostile_prompt_is_harmless_in_every_form(self, desk: Desk) -> None:
        """Text, JSON, Markdown; the JSON still says what the prompt was."""
        prompt = "::add-mask::a\n::error::b ##[error]c"
        desk.write("a.json", json.dumps({"version": 1, "name": "a", "prompt": prompt}))
        for form in ([], ["--json"], ["--markdown"]):
            result = desk("plan", "a.json", *form, GITHUB_ACTIONS="true")
            assert result.code == 0
            lines = (result.out + result.err).splitlines()
            assert not [line for line in lines if line.strip().startswith("::") or "##[" in line]
        assert "##[error]c" in desk("plan", "a.json", "--json", GITHUB_ACTIONS="true").json["first_prompt"]


class TestCommands:
    """``validate``, ``plan`` and ``run`` in a step."""

    @pytest.mark.parametrize("command", [["validate"], ["plan"], ["run", "--yes"]])
    def test_problems_are_annotated_on_stderr(self, command: list[str], desk: Desk) -> None:
        """Beside the words for people; stdout stays the result."""
        desk.write("a.yaml", BAD)
        result = desk(*command, "a.yaml", "--json", GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(desk.home))
        assert result.code == 2
        assert result.json["exit_code"] == 2
        assert (
            "\n::error file=a.yaml,line=3,col=15,title=flux-batch::`{{ cpu }}` is not a variable here%0A" in result.err
        )

    def test_the_first_ten_and_only_there(self, desk: Desk) -> None:
        """GitHub shows ten; a terminal none."""
        for number in range(12):
            desk.write(f"{number}.yaml", BAD)
        names = [f"{number}.yaml" for number in range(12)]
        assert desk("validate", *names, GITHUB_ACTIONS="true").err.count("::error ") == 10
        assert "::error" not in desk("validate", *names, GITHUB_ACTIONS="").err

    def test_a_plan_goes_into_the_summary(self, desk: Desk) -> None:
        """By itself, once for each plan, and not when Markdown was asked for by hand."""
        summary = desk.home / "summary.md"
        for form in ([], ["--json"], ["--markdown"]):
            assert desk("plan", QUICK, *form, GITHUB_STEP_SUMMARY=str(summary)).code == 0
        assert summary.read_text(encoding="utf-8").count("### Plan: quickstart") == 2

    def test_a_summary_that_cannot_be_written_stops_nothing(self, desk: Desk) -> None:
        """A note, and the plan all the same."""
        result = desk("plan", QUICK, GITHUB_STEP_SUMMARY=str(desk.home / "no" / "summary.md"))
        assert result.code == 0
        assert "the step's summary could not be written" in result.err


class TestSummary:
    """The file of a step holds at most 1 MiB."""

    def test_it_is_cut_with_a_note(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """At a line; what would not fit at all is left out."""
        path = tmp_path / "summary.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
        append_summary("é" * 600 * 1024 + "\n" + "a\n" * 10)
        assert path.read_text(encoding="utf-8") == CUT
        append_summary("b\n" * 1024 * 1024)
        content = path.read_bytes()
        assert len(content) <= SUMMARY_BYTES
        assert content.endswith(b"b" + CUT.encode())
        append_summary("c\n" * 200)
        assert len(path.read_bytes()) <= SUMMARY_BYTES
