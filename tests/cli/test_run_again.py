"""A plan that is registered already is gone on with while nothing moved, and made again after every edit."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flux_batch.cli.main import cli
from flux_batch.cli.planning.prepare import make
from flux_batch.cli.running import recall
from flux_batch.cli.running.recall import ask
from flux_batch.cli.terminal import drawing
from flux_batch.errors import FluxBatchError
from flux_batch.plan.choosing.select import Selection
from flux_batch.run.again import basis
from flux_batch.run.again.registered import Registered
from flux_batch.run.asked import Fresh
from flux_batch.run.store.registry import REGISTERED, _digest
from flux_batch.run.store.state import FILE, StateFile
from flux_batch.simulator import SimulatorOptions, simulator_thread
from tests.run.kit import png

from .kit import CANARY

SPEC = """\
version: 1
name: again
extends: ../house.yaml
lint: {from: words.yaml}
variables:
  product: {from: products.csv}
  photo: {from: photos/*.png}
jobs:
  hero: {prompt: "a {{ product.name }}"}
  branded: {prompt: "this on marble", reference: "assets/{{ product.sku }}.png", ratios: ["1:1"]}
  shot: {prompt: "this at night", reference: "{{ photo }}", models: [flux-kontext-max]}
"""

EVERYTHING = Selection()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a spec that reads all that a spec can read; its plan is large enough."""
    home = tmp_path / "work"
    for folder in ("assets", "photos"):
        (home / folder).mkdir(parents=True)
    (tmp_path / "house.yaml").write_text(
        "budget: 3.00\nreport: {title: The house, logo: logo.png}\nexecution: {submit_rate: 0, poll: {first: 0.1}}\n"
    )
    (home / "words.yaml").write_text("banned: [cheap]\n")
    (home / "products.csv").write_text("sku,name\na,mug\nb,cup\n")
    for name in ("assets/a.png", "assets/b.png", "photos/one.png", "logo.png"):
        (home / name).write_bytes(png())  # all of one content, which is uploaded once
    (home / "spec.yaml").write_text(SPEC)
    monkeypatch.chdir(home)
    monkeypatch.setattr(basis, "TASKS_MIN", 1)
    return home


def asked(
    selection: Selection = EVERYTHING, *settings: str, path: str = "spec.yaml", out: Path | None = Path("run")
) -> Registered | Fresh:
    """What a run would be about. One that is not made again must be the one that would be made."""
    found, folder = ask(Path(path), selection, settings, out, anew=False)
    if isinstance(found, Registered):
        spec, plan = make(Path(path), selection, settings)
        with StateFile(folder / FILE, read_only=True) as state:
            assert state.meta(REGISTERED) == _digest(plan, spec)
        assert (found.folder, found.budget, found.execution) == (spec.folder, spec.budget, spec.execution)
    return found


def register(found: Registered | Fresh, folder: Path = Path("run")) -> None:
    """As a run would, before it sends anything."""
    folder.mkdir(parents=True, exist_ok=True)
    with StateFile(folder / FILE) as state:
        cost = found.estimate(state, retry_failed=False, resend=True)
        found.take_over(state, cost, now=0.0, retry_failed=False)


def rewrite(name: str, old: str, new: str) -> Callable[[], None]:
    """An edit of a file."""

    def edit() -> None:
        text = Path(name).read_text()
        assert old in text
        Path(name).write_text(text.replace(old, new))

    return edit


def paint(name: str) -> Callable[[], None]:
    """Another picture under a name."""
    return lambda: _put(name, png("navy"))


def _put(name: str, data: bytes) -> None:
    Path(name).write_bytes(data)


def link_out(name: str) -> Callable[[], None]:
    """The same bytes, but from outside of the spec's folder: they would not be uploaded."""

    def link() -> None:
        shutil.move(name, "../elsewhere.png")
        Path(name).symlink_to("../../elsewhere.png")

    return link


EDITS = {
    "the spec": rewrite("spec.yaml", "at night", "at noon"),
    "a comment in the spec": rewrite("spec.yaml", "name: again", "name: again  # and again"),
    "a row of the table": rewrite("products.csv", "cup", "glass"),
    "a row more": rewrite("products.csv", "b,cup\n", "b,cup\nc,pot\n"),
    "the house style": rewrite("../house.yaml", "3.00", "2.00"),
    "the brand's words": rewrite("words.yaml", "cheap", "cup"),
    "the logo": paint("logo.png"),
    "a reference": paint("assets/a.png"),
    "a reference that was equal to another": paint("assets/b.png"),
    "a reference that is gone": lambda: Path("assets/b.png").unlink(),
    "a reference that leads out": link_out("assets/b.png"),
    "a photo that a pattern found": paint("photos/one.png"),
    "one photo more": paint("photos/two.png"),
    "one photo less, and another name": lambda: shutil.move("photos/one.png", "photos/1.png") and None,
    "a table that is gone": lambda: Path("products.csv").unlink(),
    "a house style that is gone": lambda: Path("../house.yaml").unlink(),
}


@pytest.mark.usefixtures("home")
class TestWhatMoved:
    """The plan is made, and what is wrong is said, as if nothing had been registered."""

    def test_what_did_not_move_is_not_made_again(self) -> None:
        """As often as somebody runs it, and a registered plan changes no byte."""
        first = asked()
        assert isinstance(first, Fresh)
        register(first)
        before = Path("run", FILE).read_bytes()
        for _ in range(2):
            found = asked()
            assert isinstance(found, Registered)
            register(found)
        assert Path("run", FILE).read_bytes() == before

    @pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
    def test_every_edit_is_noticed(self, edit: Callable[[], None]) -> None:
        """And once it is registered, it did not move."""
        register(asked())
        assert isinstance(asked(), Registered)
        edit()
        try:
            found = asked()
        except FluxBatchError:
            return  # the plan was made, or somebody tried
        assert isinstance(found, Fresh)
        register(found)
        assert isinstance(asked(), Registered)

    def test_an_edit_that_is_taken_back_is_none(self) -> None:
        """Nothing was registered meanwhile."""
        register(asked())
        rewrite("products.csv", "cup", "glass")()
        rewrite("products.csv", "glass", "cup")()
        assert isinstance(asked(), Registered)

    @pytest.mark.parametrize(
        "selection",
        [Selection(only="job == 'hero'"), Selection(limit=1), Selection(sample=2)],
        ids=["only", "limit", "sample"],
    )
    def test_another_selection_is_another_run(self, selection: Selection) -> None:
        """In both directions."""
        register(asked())
        found = asked(selection)
        assert isinstance(found, Fresh)
        register(found)
        assert isinstance(asked(selection), Registered)
        assert isinstance(asked(), Fresh)

    @pytest.mark.parametrize("setting", ["budget.max=1.00", "report.title=Other", "name=other"])
    def test_another_setting_is_another_run(self, setting: str) -> None:
        """Whatever it is about."""
        register(asked())
        assert isinstance(asked(EVERYTHING, setting), Fresh)

    def test_another_code_is_another_plan(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A newer flux-batch may make other requests of the same spec."""
        register(asked())
        monkeypatch.setattr(basis, "_program", lambda: "another one")
        assert isinstance(asked(), Fresh)

    def test_another_library_may_read_it_otherwise(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An update of any of them is enough."""
        register(asked())
        (tmp_path / "site" / "jinja2-99.dist-info").mkdir(parents=True)
        monkeypatch.syspath_prepend(tmp_path / "site")
        basis._program.cache_clear()
        assert isinstance(asked(), Fresh)
        basis._program.cache_clear()

    def test_another_spec_with_the_same_text_is_another_one(self) -> None:
        """The sheet names the file."""
        register(asked())
        shutil.copy("spec.yaml", "copy.yaml")
        assert isinstance(asked(path="copy.yaml"), Fresh)

    def test_a_plan_that_another_flux_batch_registered_has_no_basis(self) -> None:
        """One that knows nothing of this leaves the note of an earlier plan where it is."""
        register(asked())
        with StateFile(Path("run", FILE)) as state:
            state.set_meta(REGISTERED, "something else")
        assert isinstance(asked(), Fresh)

    @pytest.mark.parametrize("text", ["", "null", "{", "[]", '{"registered": 1}', "7"])
    def test_what_cannot_be_read_is_not_there(self, text: str) -> None:
        """A state file from before, or one that somebody had in their hands."""
        register(asked())
        with StateFile(Path("run", FILE)) as state:
            state.set_meta(basis.BASIS, text)
        assert isinstance(asked(), Fresh)

    def test_another_plan_that_came_in_between_is_noticed_under_the_lock(self) -> None:
        """Somebody else's run was quicker: then the plan is made after all."""
        register(asked())
        found = asked()
        register(asked(Selection(limit=1)))
        with StateFile(Path("run", FILE)) as state:
            assert isinstance(found.settled(state, retry_failed=False), Fresh)

    def test_what_failed_is_asked_again_by_a_plan_that_is_made(self) -> None:
        """Reopening is a part of registering."""
        register(asked())
        assert isinstance(ask(Path("spec.yaml"), EVERYTHING, (), Path("run"), anew=True)[0], Fresh)
        with StateFile(Path("run", FILE)) as state:
            assert isinstance(asked().settled(state, retry_failed=True), Fresh)

    def test_a_small_plan_leaves_no_note(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is made sooner than compared."""
        monkeypatch.setattr(basis, "TASKS_MIN", 6)
        assert len(make(Path("spec.yaml"), EVERYTHING, ())[1].tasks) == 5
        register(asked())
        assert isinstance(asked(), Fresh)

    def test_the_folder_is_found_by_the_name(self) -> None:
        """Without ``--out``, and before a table is read."""
        register(asked(), Path("runs/again"))
        assert isinstance(asked(out=None), Registered)
        rewrite("spec.yaml", "name: again", "name: other")()
        assert isinstance(asked(out=None), Fresh)

    def test_a_copy_of_an_input_that_is_gone_is_made_again(self) -> None:
        """The plan is not; its files are there."""
        register(asked())
        kept = sorted(path.relative_to("run") for path in Path("run/inputs").rglob("*"))
        shutil.rmtree("run/inputs")
        found = asked()
        assert isinstance(found, Registered)
        register(found)
        assert sorted(path.relative_to("run") for path in Path("run/inputs").rglob("*")) == kept


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it left."""

    code: object
    out: str
    err: str
    left: list[tuple[object, ...]]
    submits: int


STATES = {
    "finished": "UPDATE purchase SET phase = phase",
    "two left": "UPDATE purchase SET {unsent} WHERE number IN (2, 5)",
    "all left": "UPDATE purchase SET {unsent}",
    "one failed, one refused, one left": (
        "UPDATE purchase SET {unsent}, phase = CASE number WHEN 1 THEN 'failed' WHEN 2 THEN 'refused' ELSE 'planned'"
        ' END, failure = CASE number WHEN 3 THEN NULL ELSE \'{{"code": "no", "message": "no"}}\' END'
        " WHERE number < 4"
    ),
}
UNSENT = (
    "phase = 'planned', sends = 0, price = NULL, business_id = NULL, body = NULL, remote_id = NULL, result_url = NULL,"
    " file = NULL, times = '{}'"
)
WAYS = {
    "as it is": ["--yes", "--json"],
    "for a person": ["--yes"],
    "without consent": ["--json"],
    "over the budget": ["--yes", "--json", "--max-cost", "0.01"],
    "an image more than the account has": ["--yes", "--json", "--concurrency", "1"],
}


class TestTheSameRun:
    """Both ways say the same, buy the same and leave the same."""

    @pytest.fixture
    def flux(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
        """Run a command line in a home folder, against a simulator of its own, without the page of its beginning."""
        monkeypatch.setattr(drawing, "HEAD_START", 60.0)

        def run(home: Path, *arguments: str, balance: str = "100") -> Said:
            monkeypatch.chdir(home)
            monkeypatch.setenv("TOAPIS_API_KEY", CANARY)
            options = SimulatorOptions(
                key=CANARY, tier="unlimited", latency=(0.0, 0.01), pixels=10_000, balance=Decimal(balance)
            )
            with simulator_thread(options) as simulator:
                monkeypatch.setenv("TOAPIS_BASE_URL", simulator.base_url)
                capsys.readouterr()
                code: object
                try:
                    code = cli.main(["run", "spec.yaml", "--out", "run", *arguments], standalone_mode=False)
                except FluxBatchError as error:
                    code = (type(error).__name__, str(error))
                said = capsys.readouterr()
                submits = simulator.log.counts.get("submit", 0)
            with StateFile(home / "run" / FILE, read_only=True) as state:
                view = state.view()
            left = [
                (each.task, each.wanted, each.purchase.phase, each.purchase.cost, each.purchase.generation)
                for each in view.entries
            ]
            return Said(code, said.out, said.err, [*left, (view.spent,)], submits)

        return run

    @pytest.mark.parametrize(
        ("state", "way"), [*((state, "as it is") for state in STATES), *(("two left", way) for way in list(WAYS)[1:])]
    )
    def test_it_is(
        self, state: str, way: str, home: Path, flux: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """From the same folder, in the same state."""
        assert flux(home, "--yes").code == 0
        self._bring_to(home / "run", STATES[state])
        other = home.parent / "other" / "work"
        shutil.copytree(home.parent, other.parent, ignore=shutil.ignore_patterns("other"))
        balance = "0.05" if "account" in way else "100"
        plans: list[Path] = []

        def made(path: Path, *given: Any) -> Any:
            plans.append(path)
            return make(path, *given)

        monkeypatch.setattr(recall, "make", made)
        quick = flux(home, *WAYS[way], balance=balance)
        assert not plans
        monkeypatch.setattr(recall, "recalled", lambda *_: None)
        assert flux(other, *WAYS[way], balance=balance) == quick
        assert len(plans) == 1
        assert quick.submits or state == "finished" or way not in ("as it is", "for a person")

    @staticmethod
    def _bring_to(folder: Path, change: str) -> None:
        """What was never bought has no file either."""
        with StateFile(folder / FILE) as state:
            state.db.execute(change.format(unsent=UNSENT))
            state.db.execute("UPDATE ledger SET spent = (SELECT total(price) FROM purchase WHERE phase = 'stored')")
            kept = {entry.purchase.file.path for entry in state.view().entries if entry.purchase.file}
        for path in (folder / "images").rglob("*.*"):
            if path.relative_to(folder).as_posix() not in kept:
                path.unlink()
