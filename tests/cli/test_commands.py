"""Each command against a real server, as a user and as a script."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from flux_batch.simulator import fault
from flux_batch.spec.schema.published import schema_text

from .conftest import MakeDesk
from .kit import CANARY, FAST, Desk

PLAN_FIELDS = {"tasks", "new", "reused", "removed", "estimate", "worst_case", "currency"}
RUN_FIELDS = {
    "tasks", "stored", "failed", "refused", "uncertain", "held", "pending", "spent", "currency", "manifest", "report",
}  # fmt: skip

QUICK = "specs/quickstart.yaml"


class TestInit:
    """``init`` writes a project that works."""

    def test_the_starter_is_valid_and_rehearses(self, desk: Desk) -> None:
        """What init writes can be rehearsed as it is, and has its editor hints."""
        assert desk("init", "mine").code == 0
        assert (desk.home / "mine/first.yaml").read_text().startswith("# yaml-language-server: $schema=.flux-batch/")
        assert json.loads((desk.home / "mine/.flux-batch/spec.schema.json").read_text())["title"]
        assert "redhat.vscode-yaml" in (desk.home / "mine/.vscode/extensions.json").read_text()
        assert desk("validate", "mine/first.yaml").code == 0
        assert desk("rehearse", "mine/first.yaml", "--json").json["stored"] == 8

    def test_init_never_overwrites(self, desk: Desk) -> None:
        """A second init changes nothing."""
        desk.write("mine/first.yaml", "precious")
        assert desk("init", "mine").code == 2
        assert (desk.home / "mine/first.yaml").read_text() == "precious"


class TestValidate:
    """``validate`` names every problem at once."""

    def test_every_example_is_valid(self, desk: Desk) -> None:
        """All specs of the repository pass."""
        specs = sorted(str(path.relative_to(desk.home)) for path in (desk.home / "specs").glob("*.yaml"))
        result = desk("validate", *specs, "--json")
        assert result.code == 0
        assert [each["spec"] for each in result.json["specs"]] == specs

    def test_profiles_that_are_not_chosen_are_checked_too(self, desk: Desk) -> None:
        """Whoever chooses one later should not be the first to find its mistake."""
        desk.write("a.yaml", "version: 1\nprompt: a mug\nprofiles:\n  final: {prompt: 'a {{ cup }}'}\n")
        result = desk("validate", "a.yaml")
        assert result.code == 2
        assert "a.yaml:4:25: in profile `final`: `{{ cup }}` is not a variable here" in result.err

    def test_problems_of_all_files_are_shown_with_a_caret(self, desk: Desk) -> None:
        """File, line, column, the line, a caret, a suggestion; exit 2."""
        desk.write("a.yaml", 'version: 1\nname: a\nprompt: "a {{ cpu }}"\nvariables: {cup: [red]}\n')
        desk.write("b.yaml", "version: 1\nname: b\nprompt: a cup\nratios: [16x9]\n")
        result = desk("validate", "a.yaml", "b.yaml")
        assert result.code == 2
        assert "a.yaml:3:15: `{{ cpu }}` is not a variable here" in result.err
        assert "did you mean `cup`?" in result.err
        assert "b.yaml:4:10:" in result.err
        assert '"16:9"' in result.err
        assert "^^^" in result.err
        assert "2 problems in 2 files. Nothing was sent." in result.err

    def test_an_unused_variable_is_a_note(self, desk: Desk) -> None:
        """Worth saying, and no error."""
        desk.write("a.yaml", "version: 1\nname: a\nprompt: a cup\nvariables: {cup: [red, blue]}\n")
        result = desk("validate", "a.yaml")
        assert result.code == 0
        assert "note: a.yaml:4:13: variable `cup` is used in no prompt" in result.err


class TestPlan:
    """``plan`` says what would happen and sends nothing."""

    def test_a_plan_sends_no_request_and_writes_no_file(self, live_desk: Desk) -> None:
        """Counts, price table, budget, first prompt, next step; nothing else."""
        result = live_desk("plan", QUICK)
        assert result.code == 0
        for part in (
            "12 images wanted",
            "+ 12 to buy",
            "$0.48",
            "First prompt",
            "Black Forest Labs list price, 2026-10",
        ):
            assert part in result.out
        assert "Nothing was sent, nothing was spent.  Next: flux-batch run specs/quickstart.yaml" in result.err
        assert max(len(line) for line in result.out.splitlines()) <= 80
        assert live_desk.requests() == 0
        keyless = live_desk("plan", QUICK, "--limit", "2", "--out", "there", TOAPIS_API_KEY="")
        assert "Next, to try it for nothing: flux-batch rehearse specs/quickstart.yaml --limit 2\n" in keyless.err
        assert "Then, with a key: flux-batch run specs/quickstart.yaml --limit 2 --out there\n" in keyless.err
        assert not (live_desk.home / "runs").exists()

    def test_the_json_holds_the_contract(self, desk: Desk) -> None:
        """Field names and decimal strings that scripts rely on."""
        value = desk("plan", QUICK, "--json").json
        assert value.keys() >= PLAN_FIELDS
        assert (value["tasks"], value["new"], value["reused"], value["removed"]) == (12, 12, 0, 0)
        assert Decimal(value["estimate"]) == Decimal("0.48")
        assert isinstance(value["estimate"], str)
        assert value["currency"] == "USD"

    def test_after_an_edit_the_plan_gives_reasons(self, live_desk: Desk) -> None:
        """The words that changed, the money, what is reused and what is no longer wanted."""
        live_desk("run", QUICK, "--yes", *FAST)
        edited = (live_desk.home / QUICK).read_text().replace("sage green mug", "cobalt blue mug")
        live_desk.write(QUICK, edited)
        result = live_desk("plan", QUICK)
        assert "+ 6 to buy" in result.out
        assert "= 6 already stored" in result.out
        assert "- 6 no longer wanted" in result.out
        assert "this run $0.24" in result.out
        changes = live_desk("plan", QUICK, "--json").json["changes"]
        assert {change["action"] for change in changes} == {"new", "reused", "removed"}
        assert all(change["reason"] for change in changes)

    @pytest.mark.parametrize(
        ("options", "tasks"),
        [
            (["--limit", "5"], 5),
            (["--only", "ratio == '1:1'"], 4),
            (["--sample", "3"], 3),
            (["--set", 'ratios=["1:1"]'], 4),
            (["--set", "repeat=2", "--only", "n == 2"], 12),
        ],
    )
    def test_selections(self, options: list[str], tasks: int, desk: Desk) -> None:
        """The flags of the contract choose images."""
        assert desk("plan", QUICK, "--json", *options).json["tasks"] == tasks

    def test_a_plan_over_the_limit_is_refused_with_its_price(self, desk: Desk) -> None:
        """A product nobody meant is stopped before it is expanded."""
        values = json.dumps([f"v{n}" for n in range(40)])
        names = ["a", "b", "c", "d"]
        variables = "\n".join(f"  {name}: {values}" for name in names)
        prompt = " ".join(f"{{{{ {name} }}}}" for name in names)
        desk.write("big.yaml", f'version: 1\nname: big\nprompt: "{prompt}"\nvariables:\n{variables}\n')
        result = desk("plan", "big.yaml")
        assert result.code == 2
        assert "2,560,000 images" in result.err
        assert "$102,400.00" in result.err


class TestSavedPlan:
    """``plan -o`` and ``run plan.json``: exactly that, or a refusal."""

    def test_a_saved_plan_is_run_as_promised(self, live_desk: Desk) -> None:
        """The selection is the plan's own."""
        live_desk("plan", QUICK, "--limit", "3", *FAST[:2], "-o", "plan.json")
        result = live_desk("run", "plan.json", "--yes", "--json", "--submit-rate", "0")
        assert (result.code, result.json["tasks"], result.json["stored"]) == (0, 3, 3)

    def test_an_edited_spec_is_refused_before_anything_is_sent(self, live_desk: Desk) -> None:
        """Exit 3, and the reason."""
        live_desk("plan", QUICK, "-o", "plan.json")
        live_desk.write(QUICK, (live_desk.home / QUICK).read_text() + "\n# edited\n")
        result = live_desk("run", "plan.json", "--yes")
        assert result.code == 3
        assert "the spec was edited" in result.err
        assert live_desk.requests() == 0

    def test_a_changed_reference_is_refused(self, live_desk: Desk) -> None:
        """Another picture under the same name is another purchase."""
        live_desk("plan", "specs/reference-edit.yaml", "-o", "plan.json")
        asset = next((live_desk.home / "specs/assets").glob("*.png"))
        Image.new("RGB", (32, 32), "red").save(asset)
        result = live_desk("run", "plan.json", "--yes")
        assert result.code == 3
        assert "reference" in result.err


class TestRun:
    """``run`` buys, stores, resumes, and ends with the code of the contract."""

    def test_all_stored_is_0_and_a_second_run_buys_nothing(self, live_desk: Desk) -> None:
        """The JSON, the files, the manifest by its schema; then nothing more is sent."""
        import jsonschema

        result = live_desk("run", QUICK, "--yes", "--json", *FAST)
        assert result.code == 0
        value = result.json
        assert value.keys() >= RUN_FIELDS
        assert (value["tasks"], value["stored"], value["spent"], value["currency"]) == (12, 12, "0.48", "USD")
        manifest = json.loads((live_desk.home / value["manifest"]).read_text())
        jsonschema.validate(manifest, json.loads(schema_text("manifest")))
        for task in manifest["tasks"]:
            assert (live_desk.home / value["manifest"]).parent.joinpath(task["file"]["path"]).is_file()
        assert (live_desk.home / value["report"]).read_text().startswith("<!doctype html>")
        sent = live_desk.requests()
        again = live_desk("run", QUICK, "--yes", "--json", *FAST)
        assert (again.code, again.json["spent"], again.json["spent_now"]) == (0, "0.48", "0.00")
        assert live_desk.requests() == sent

    def test_without_yes_off_a_terminal_nothing_is_spent(self, live_desk: Desk) -> None:
        """Exit 3, what it would cost, and how to say yes."""
        result = live_desk("run", QUICK)
        assert result.code == 3
        assert "$0.48 for 12 images" in result.err
        assert "--yes" in result.err
        assert live_desk.requests() == 0

    def test_failures_are_1_with_reasons(self, make_desk: MakeDesk) -> None:
        """Refused and failed images are rows with the provider's words."""
        desk = make_desk(
            fault("policy", where="submit", prompt="teapot", times=1),
            fault("fail", where="submit", prompt="mug", times=1),
        )
        result = desk("run", QUICK, "--yes", *FAST)
        assert result.code == 1
        assert "10 images stored, 1 failed, 1 refused" in result.out
        assert "content_policy_violation" in result.out
        assert "--retry-failed" in result.err
        assert desk("run", QUICK, "--yes", "--retry-failed", *FAST).code == 0

    @pytest.mark.parametrize("options", [["--max-cost", "0.10"], ["--set", "budget.max=0.10"]])
    def test_too_dear_is_3(self, options: list[str], live_desk: Desk) -> None:
        """The budget of the spec and of the command line."""
        result = live_desk("run", QUICK, "--yes", *options)
        assert result.code == 3
        assert live_desk.requests() == 0

    def test_a_wrong_key_is_4_before_anything_is_bought(self, live_desk: Desk) -> None:
        """The balance is asked first, and the key is in no message."""
        wrong = "sk-wrong-key-123456"
        result = live_desk("run", QUICK, "--yes", *FAST, TOAPIS_API_KEY=wrong)
        assert result.code in (2, 4)
        assert wrong not in result.out + result.err
        assert live_desk.simulator is not None
        assert live_desk.simulator.log.counts.get("submit", 0) == 0 or len(live_desk.simulator.ledger) == 0

    def test_nobody_listening_is_4(self, live_desk: Desk) -> None:
        """No connection: nothing sent, resumable."""
        result = live_desk("run", QUICK, "--yes", TOAPIS_BASE_URL="http://127.0.0.1:9")
        assert result.code == 4
        assert "no connection" in result.err

    def test_the_key_is_in_no_file(self, live_desk: Desk) -> None:
        """Not in the state, the manifest, the page or anything else of a run."""
        live_desk("run", QUICK, "--yes", *FAST)
        files = [path for path in live_desk.home.rglob("*") if path.is_file()]
        assert len(files) > 20
        assert not [path for path in files if CANARY.encode() in path.read_bytes()]
        assert live_desk.simulator is not None
        assert live_desk.simulator.log.leaks == 0


class TestRehearse:
    """``rehearse`` needs nothing and touches nothing real."""

    @pytest.mark.parametrize("name", sorted(path.stem for path in (Path(__file__).parents[2] / "specs").glob("*.yaml")))
    def test_every_example_rehearses(self, name: str, desk: Desk) -> None:
        """No key, no network, exit 0, everything stored in a folder of its own."""
        sample = ("--sample", "24") if name == "experiment" else ()  # its budget is for as many
        wanted = desk("plan", f"specs/{name}.yaml", *sample, "--json").json["tasks"]
        result = desk("rehearse", f"specs/{name}.yaml", *sample, "--json")
        assert (result.code, result.json["stored"], result.json["rehearsal"]) == (0, wanted, True)
        assert [path.name for path in (desk.home / "runs").iterdir()] == [f"{name}-rehearsal"]

    def test_a_rehearsal_with_faults_still_stores_everything(self, desk: Desk) -> None:
        """The simulator misbehaves as a file says, and the run gets through."""
        desk.write("faults.json", '[{"kind": "cut", "first": 2}, {"kind": "truncate", "first": 2}]')
        result = desk("rehearse", QUICK, "--faults", "faults.json", "--json")
        assert (result.code, result.json["stored"]) == (0, 12)

    def test_it_says_that_nothing_was_spent(self, desk: Desk) -> None:
        """The words on stdout."""
        assert "nothing spent (it would have cost $0.48)" in desk("rehearse", QUICK).out


class TestLooking:
    """``status``, ``report``, ``balance``, ``schema``."""

    def test_status_and_report_take_a_run_a_name_or_a_spec(self, live_desk: Desk) -> None:
        """Three ways to name one run."""
        live_desk("run", QUICK, "--yes", *FAST)
        for name in ("runs/quickstart", "quickstart", QUICK):
            status = live_desk("status", name, "--json").json
            assert (status["stored"], status["spent"]) == (12, "0.48")
            assert live_desk("report", name, "--json").json["report"] == "runs/quickstart/index.html"
        assert "12 of 12 images stored" in live_desk("status", "quickstart").out

    def test_report_rebuilds_what_was_lost(self, live_desk: Desk) -> None:
        """Manifest, page and thumbnails come back from the state file, byte for byte."""
        live_desk("run", QUICK, "--yes", *FAST)
        folder = live_desk.home / "runs/quickstart"
        before = {name: (folder / name).read_bytes() for name in ("manifest.json", "index.html", "data.js")}
        for name in before:
            (folder / name).unlink()
        (folder / "manifest.json").write_text("{broken")
        assert live_desk("report", "quickstart").code == 0
        assert {name: (folder / name).read_bytes() for name in before} == before

    @pytest.mark.parametrize("argument", ["quickstart", "runs/quickstart", QUICK])
    def test_a_lost_state_file_is_said_as_a_run_says_it(self, argument: str, desk: Desk) -> None:
        """Not that there is no such run: its images lie there."""
        desk.write("runs/quickstart/images/a.png", "x")
        said = "runs/quickstart has no state.sqlite, but images of an earlier run: what is paid is not known"
        for command in ("status", "report", "verify", "resolve"):
            result = desk(command, argument)
            assert (result.code, said in result.err) == (4, True)
        assert said in desk("rehearse", QUICK, "--out", "runs/quickstart").err

    def test_balance(self, live_desk: Desk) -> None:
        """What the account holds, for people and for scripts."""
        assert live_desk("balance", "--json").json["remaining"] == "100.0"
        assert live_desk("balance").out.startswith("100.0 left, 0.0 used")

    @pytest.mark.parametrize("name", ["spec", "manifest"])
    def test_schema(self, name: str, desk: Desk) -> None:
        """The published schemas, as they are in the repository."""
        assert desk("schema", name, "--json").json == json.loads(schema_text(name))
        assert json.loads(desk("schema", name).out)["$schema"].endswith("2020-12/schema")
