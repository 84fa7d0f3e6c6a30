"""``init``: a conversation, flags, or a table → a spec that can be rehearsed as it stands."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flux_batch.cli.main import main
from flux_batch.cli.starting.answers import Wish, budget_in, ratios_in, repeat_in, text_in, values_in, variable_in
from flux_batch.cli.starting.drafting import draft
from flux_batch.cli.starting.from_table import variable_name
from flux_batch.errors import UsageError
from flux_batch.plan.make import make_plan
from flux_batch.spec.load import load_spec, parse_spec
from flux_batch.spec.records import Spec

from .kit import SPECS, Desk, Result
from .terminal import Terminal, terminal

MUG = (SPECS / "assets/mug.png").read_bytes()


CTRL_C = "\x03"
BESIDE = [".flux-batch/spec.schema.json", ".vscode/extensions.json", ".gitignore"]


@pytest.fixture
def here(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    """The command in this process, which is quicker where many cases are tried."""
    monkeypatch.chdir(desk.home)

    def run(*arguments: str) -> Result:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        return Result(int(ended.value.code or 0), *capsys.readouterr())

    return run


def values(spec: Spec) -> dict[str, list[object]]:
    """Every variable with its values."""
    return {each.name: [value.value for value in each.values] for each in spec.jobs[0].variables}


def files(folder: Path) -> list[str]:
    """All files below a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class TestConversation:
    """On a terminal it asks."""

    def test_enter_everywhere_makes_a_good_spec(self, desk: Desk) -> None:
        """Every default is shown, and Enter takes it; the price is the plan's; the next command is named."""
        with terminal(desk.home, "init", "mine") as person:
            person.answer("", "", "", "", "", "")
            assert person.end() == 0
        shown = person.shown
        assert "[a sage green mug]" in shown
        assert "4 images, about $0.16; nothing is bought yet." in shown
        assert "Next: flux-batch rehearse mine/first.yaml" in shown
        assert max(map(len, shown.splitlines())) <= 80
        assert desk("rehearse", "mine/first.yaml", "--json").json["stored"] == 4
        assert files(desk.home / "mine") == sorted(["first.yaml", *BESIDE])
        assert (desk.home / "mine/first.yaml").read_text().startswith("# yaml-language-server: $schema=.flux-batch/")

    def test_answers_are_read_back_exactly(self, desk: Desk) -> None:
        """Quotes, colons, #, braces, an emoji, a comma within quotes, and words that YAML takes for something else."""
        with terminal(desk.home, "init", ".") as person:
            person.answer(
                'a "mug": {x} #1 😀', 'on a table, "in a café, at dawn", NO, 16:9, 012', "light = dawn, yes", ""
            )
            person.answer("1, story 16:9", "2", "$7,50")
            assert person.end() == 0
        spec = load_spec(desk.home / "first.yaml")
        assert values(spec) == {
            "subject": ['a "mug": {x} #1 😀'],
            "scene": ["on a table", "in a café, at dawn", "NO", "16:9", "012"],
            "light": ["dawn", "yes"],
        }
        assert spec.jobs[0].ratios == ("1:1", "9:16", "16:9")
        assert (spec.jobs[0].repeat, spec.budget.max) == (2, Decimal("7.50"))

    def test_wrong_answers_are_asked_again(self, desk: Desk) -> None:
        """Each with its reason, and the question stays open."""
        with terminal(desk.home, "init", "mine") as person:
            person.answer("{{ product }}", "a mug")
            person.answer('a, "b', "a, a", "-")
            person.answer("ratio: a, b", "subject: a", "if: a", "a-b: c", "just words", "")
            person.answer("16x9", "stroy", "10", "4:5", "9:16")
            person.answer("0", "many", "3")
            person.answer("much", "-1", "0.05")
            assert person.end() == 0
        for words in (
            "`{{` cannot stand in a prompt",
            "A quote is not closed",
            '"a" is there twice',
            "`ratio` cannot name a variable: job, model, ratio, n are there already",
            "There is a variable `subject` already",
            "`if` cannot name a variable",
            "`a-b` cannot name a variable",
            "Write a name and its values",
            'did you mean "16:9"?',
            "did you mean story (9:16)?",
            "There is no ratio number 10",
            'the nearest is "3:4"',
            '"0" is not a number from 1 to 1,000',
            '"much" is not an amount of US dollars',
            "That is less than the $0.12 they cost",
        ):
            assert words in " ".join(person.shown.split())
        assert (desk.home / "mine/first.yaml").read_text().count("budget: {max: 0.05}") == 1

    @pytest.mark.parametrize("after", [0, 1, 3, 5])
    @pytest.mark.parametrize(("key", "code", "words"), [(CTRL_C, 130, "Stopped."), ("\x04", 2, "nothing was written")])
    def test_leaving_early_writes_nothing(self, desk: Desk, after: int, key: str, code: int, words: str) -> None:
        """Ctrl-C and the end of the input, at any question."""
        with terminal(desk.home, "init", "mine", "--from", "specs/data/products.csv") as person:
            _answer_table(person, min(after, 3))
            person.interrupt() if key == CTRL_C else person.press(key)
            assert person.end() == code
        assert words in person.shown
        assert not (desk.home / "mine").exists()

    def test_flags_answer_their_questions(self, desk: Desk) -> None:
        """Only the others are asked; when none is left there is no conversation."""
        with terminal(
            desk.home, "init", "a", "--subject", "a cup", "--variable", "scene=linen", "--ratio", "1:1"
        ) as person:
            person.answer("", "")
            assert person.end() == 0
        assert "What is in the picture?" not in person.shown
        with terminal(
            desk.home,
            "init",
            "b",
            "--from",
            "specs/data/products.csv",
            "--variable",
            "a=b",
            "--repeat",
            "1",
            "--budget",
            "1",
        ) as person:
            assert person.end() == 0
        assert "questions" not in person.shown

    @pytest.mark.parametrize("flag", ["--no-input", "--json"])
    def test_a_terminal_can_be_told_to_ask_nothing(self, desk: Desk, flag: str) -> None:
        """Then it is today's starter."""
        with terminal(desk.home, "init", "mine", flag) as person:
            assert person.end() == 0
        assert "[" + "a sage" not in person.shown
        assert len(make_plan(load_spec(desk.home / "mine/first.yaml")).tasks) == 8

    def test_questions_do_not_go_where_the_result_goes(self, desk: Desk) -> None:
        """With stdout in a file they are on the terminal all the same, and not in the file."""
        with (
            (desk.home / "out.txt").open("wb") as out,
            terminal(desk.home, "init", "mine", stdout=out.fileno()) as person,
        ):
            person.answer("a cup", "", "", "", "", "")
            assert person.end() == 0
        assert "What is in the picture?" in person.shown
        assert (desk.home / "out.txt").read_text().startswith("wrote mine/first.yaml\nwrote ")

    def test_a_taken_name_is_said_before_the_first_question(self, desk: Desk) -> None:
        """Nobody answers six questions for nothing."""
        desk.write("mine/first.yaml", "precious")
        with terminal(desk.home, "init", "mine") as person:
            assert person.end() == 2
        assert "is there already" in person.shown
        assert (desk.home / "mine/first.yaml").read_text() == "precious"


def _answer_table(person: Terminal, count: int) -> None:
    """The first answers to the questions that a table leaves: scenes, more variables, variations, budget."""
    person.answer(*["", "", ""][:count])


class TestFlags:
    """Off a terminal flags say it all."""

    def test_flags_make_the_spec(self, desk: Desk) -> None:
        """What they say is in it, in its place."""
        about = ("--subject", "a cup: white", "--variable", 'scene=linen,"a, b"', "--variable", "tone=warm")
        size = ("--ratio", "1:1", "--ratio", "story", "--repeat", "3", "--budget", "5")
        done = desk("init", "mine", *about, *size, "--name", "spring", "--json")
        spec = load_spec(desk.home / "mine/spring.yaml")
        assert spec.name == "spring"
        assert values(spec) == {"subject": ["a cup: white"], "scene": ["linen", "a, b"], "tone": ["warm"]}
        assert (spec.jobs[0].ratios, spec.jobs[0].repeat, spec.budget.max) == (("1:1", "9:16"), 3, Decimal("5.00"))
        assert done.json["written"][0] == "spring.yaml"
        assert (done.json["tasks"], done.json["estimate"], done.json["currency"]) == (12, "0.48", "USD")
        assert done.json["next"] == "flux-batch rehearse mine/spring.yaml"

    def test_a_subject_of_ones_own_comes_without_scenes(self, desk: Desk) -> None:
        """Nobody pays for scenes that were not asked for."""
        assert desk("init", "mine", "--subject", "a cup").code == 0
        assert values(load_spec(desk.home / "mine/first.yaml")) == {"subject": ["a cup"]}

    @pytest.mark.parametrize(
        ("flags", "words"),
        [
            (("--ratio", "16x9"), '--ratio: "16x9" is not a ratio: did you mean "16:9"?'),
            (("--variable", "n=1"), "--variable: `n` cannot name a variable"),
            (("--variable", "a=1", "--variable", "a=2"), "there is a variable `a` already"),
            (("--variable", "a="), "this needs a word"),
            (("--name", "../x"), "cannot name a folder"),
            (("--repeat", "0"), "not a number from 1"),
            (("--budget", "NaN"), "not an amount"),
            (("--subject", "  "), "this needs a word"),
            (("--subject", "a\x1b[2J"), "nobody can see"),
            (("--subject", "{scene}"), "cannot stand in a prompt"),
            (("--subject", "{season}", "--variable", "season=a"), "is left in the prompt"),
            (("--subject", os.fsdecode(b"\xff")), "nobody can see"),
            (("--repeat", "1000", "--variable", f"a={','.join(map(str, range(99)))}"), "198,000"),
            (("--from", "specs/data/products.csv", "--subject", "x"), "the table says what is in the pictures"),
        ],
    )
    def test_wrong_flags_write_nothing(
        self, desk: Desk, here: Callable[..., Result], flags: tuple[str, ...], words: str
    ) -> None:
        """Exit 2, the reason, and no folder."""
        done = here("init", "mine", *flags)
        assert done.code == 2
        assert words in done.err
        assert not (desk.home / "mine").exists()


class TestWriting:
    """All of it or nothing, and never over what is there."""

    def test_what_fails_is_taken_back(self, desk: Desk) -> None:
        """A file where a folder is needed: the spec that was written before it goes again."""
        desk.write("mine/.vscode", "a file")
        done = desk("init", "mine", "--from", "specs/data/products.csv")
        assert done.code == 2
        assert "nothing was written" in done.err
        assert files(desk.home / "mine") == [".vscode"]
        assert [path.name for path in (desk.home / "mine").iterdir()] == [".vscode"]

    def test_other_files_are_kept(self, desk: Desk) -> None:
        """A second spec beside the first."""
        assert desk("init", "mine").code == 0
        desk.write("mine/.gitignore", "mine")
        second = desk("init", "mine", "--name", "second", "--json")
        assert second.json["written"] == ["second.yaml"]
        assert second.json["kept"] == BESIDE
        assert (desk.home / "mine/.gitignore").read_text() == "mine"

    def test_a_file_is_no_folder(self, desk: Desk) -> None:
        """Said plainly."""
        desk.write("mine", "a file")
        assert "mine is a file" in desk("init", "mine").err
        assert desk("init", "mine/deeper").code == 2

    def test_a_link_to_nowhere_is_not_followed(self, desk: Desk) -> None:
        """A name that is taken is taken."""
        (desk.home / "first.yaml").symlink_to(desk.home / "elsewhere.yaml")
        assert desk("init").code == 2
        assert not (desk.home / "elsewhere.yaml").exists()


TABLES = {
    "products.csv": "sku,name,price,ratio\nM-1,sage mug,12.50,1:1\nT-2,white teapot,38.00,4:3\n",
    "Produkte.csv": "Artikelnr;Bezeichnung;Farbe;Größe\nA-1;Grüne Tasse;salbei;groß\nA-2;Weiße Kanne;;klein\n",
    "one column.tsv": "what is it?\nmug: green\ntea # pot\n",
    "twins.csv": "name,colour\nmug,green\nmug,white\n",
    "numbers.csv": "number,size\n1,2\n2,3\n",
    "models.csv": "name\nmug\n",
    "list.json": json.dumps([{"id": 1, "tags": ["a", "b"], "size": {"w": 1}, "note": "soft"}, {"id": 2, "note": ""}]),
    "lines.jsonl": '{"title": "a mug"}\n{"title": "a \\"pot\\""}\n',
    "things.yaml": "- {name: a mug, colour: red}\n- {name: a pot, colour: blue}\n",
    "gaps.csv": "name,description\nmug,\n,soft\npot,round\n",
    "odd-ratio.csv": "name,ratio\nmug,4:5\npot,1:1\n",
    "it's: #1 {best}.csv": "name\nmug\npot\n",
    "urls.csv": "name,photo\nmug,https://example.com/a.png\npot,https://example.com/b.png\n",
    "long.csv": f"name,description\nmug,{'very ' * 500}soft\npot,round\n",
    "words.csv": "if,and,None\nmug,red,a\npot,blue,b\n",
}


class TestFromTable:
    """A table becomes a spec around it."""

    @pytest.mark.parametrize("name", TABLES)
    @pytest.mark.parametrize("folder", [".", "elsewhere"])
    def test_the_draft_is_valid(self, desk: Desk, here: Callable[..., Result], name: str, folder: str) -> None:
        """One image for each row, whatever the table looks like and wherever it lies."""
        desk.write(name, TABLES[name])
        done = here("init", folder, "--from", name, "--json")
        assert done.code == 0, done.err
        spec = load_spec(desk.home / done.json["spec"])
        assert len(make_plan(spec).tasks) == done.json["tasks"] == len(spec.jobs[0].variables[0].values)
        assert (f"data/{name}" in done.json["written"]) == (folder != ".")
        assert (desk.home / name).read_text() == TABLES[name]

    def test_what_stands_in_it(self, desk: Desk) -> None:
        """Columns with examples, the words for the prompt, the ratios, the name, the price."""
        desk.write("products.csv", TABLES["products.csv"])
        assert desk("init", "--from", "products.csv").code == 0
        text = (desk.home / "products.yaml").read_text()
        for line in (
            "#   {{ product.price }}  12.50",
            "# As it stands: 2 images, about $0.08.",
            "  Studio photo of {{ product.name }}\n",
            "  product: {from: products.csv, label: name}",
            'ratios: ["{{ product.ratio }}"]',
        ):
            assert line in text

    def test_german_headers(self, desk: Desk) -> None:
        """The name and, where a row has one, the colour."""
        desk.write("Produkte.csv", TABLES["Produkte.csv"])
        assert desk("init", "--from", "Produkte.csv", "--name", "x").code == 0
        prompts = [task.prompt for task in make_plan(load_spec(desk.home / "x.yaml")).tasks]
        assert prompts == ["Studio photo of Grüne Tasse, salbei", "Studio photo of Weiße Kanne"]

    def test_excel(self, desk: Desk) -> None:
        """The first sheet of a workbook."""
        from openpyxl import Workbook

        book = Workbook()
        book.active.append(["Name", "Format"])  # type: ignore[union-attr]
        book.active.append(["mug", "16:9"])  # type: ignore[union-attr]
        book.save(desk.home / "mugs.xlsx")
        done = desk("init", "mine", "--from", "mugs.xlsx")
        assert done.code == 0, done.err
        (task,) = make_plan(load_spec(desk.home / "mine/mugs.yaml")).tasks
        assert (task.axes["mug"], task.size) == ("mug", "16:9")

    @pytest.mark.parametrize("beside", ["", "data/"])
    def test_pictures_are_references(self, desk: Desk, beside: str) -> None:
        """From the spec's folder, or from the table's."""
        desk.write("shop/data/products.csv", "name,photo\nmug,pics/a.png\npot,pics/b.png\n")
        for name in "ab":
            desk.write(f"shop/{beside}pics/{name}.png", "").write_bytes(MUG)
        assert desk("init", "shop", "--from", "shop/data/products.csv").code == 0
        text = (desk.home / "shop/products.yaml").read_text()
        assert f'reference: "{beside}{{{{ product.photo }}}}"' in text
        assert len(make_plan(load_spec(desk.home / "shop/products.yaml")).references) == 1

    @pytest.mark.parametrize("second", [None, b"no picture"])
    def test_pictures_that_cannot_be_used_are_a_remark(self, desk: Desk, second: bytes | None) -> None:
        """One is missing or broken: the spec is valid without, and says how to add them."""
        desk.write("products.csv", "name,photo\nmug,a.png\npot,b.png\n")
        desk.write("a.png", "").write_bytes(MUG)
        if second:
            desk.write("b.png", "").write_bytes(second)
        assert desk("init", "--from", "products.csv").code == 0
        text = (desk.home / "products.yaml").read_text()
        assert "\nreference:" not in text
        assert '#   reference: "{{ product.photo }}"' in text

    def test_a_thousand_rows_are_priced_and_tried_in_part(self, desk: Desk) -> None:
        """The price stands in the file, and the advice names --limit."""
        desk.write("products.csv", "name\n" + "".join(f"mug {n}\n" for n in range(1000)))
        done = desk("init", "mine", "--from", "products.csv")
        assert "1,000 images, about $40.00" in done.err
        assert "rehearse mine/products.yaml --limit 10" in done.err
        assert "--limit 10" in (desk.home / "mine/products.yaml").read_text()

    def test_a_table_beyond_the_limit_raises_it_in_the_open(self, desk: Desk) -> None:
        """It is valid, and the number stands in the file."""
        desk.write("products.csv", "name\n" + "".join(f"mug {n}\n" for n in range(5001)))
        assert desk("init", "--from", "products.csv", "--ratio", "1:1,16:9").code == 0
        assert "limits: {max_tasks: 10002}" in (desk.home / "products.yaml").read_text()

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("a.csv", "a,a\n1,2\n", "a.csv:1:3: two columns are named `a`"),
            ("a.csv", "", "a.csv: the table is empty"),
            ("a.csv", "name,x\nmug,1\nmug,1\n", "no column has a name of its own for every row"),
            ("a.txt", "x", "is not a table"),
            ("a.csv", "name\n{{ mug }}\n", "`{{` is left in the prompt"),
            ("a.xls", "x", "save it as .xlsx or .csv"),
        ],
    )
    def test_a_bad_table_writes_nothing(
        self, desk: Desk, here: Callable[..., Result], name: str, text: str, words: str
    ) -> None:
        """Its own messages, exit 2, no folder."""
        desk.write(name, text)
        done = here("init", "mine", "--from", name)
        assert done.code == 2
        assert words in done.err
        assert not (desk.home / "mine").exists()

    def test_no_table_is_written_over(self, desk: Desk) -> None:
        """Another table of that name is in the way; the same one is used."""
        desk.write("products.csv", TABLES["products.csv"])
        desk.write("mine/data/products.csv", "name\nother\n")
        assert "is another table" in desk("init", "mine", "--from", "products.csv").err
        assert files(desk.home / "mine") == ["data/products.csv"]
        shutil.copy(desk.home / "products.csv", desk.home / "mine/data/products.csv")
        assert desk("init", "mine", "--from", "products.csv", "--json").json["kept"] == ["data/products.csv"]

    def test_a_link_that_leads_out_is_copied(self, desk: Desk) -> None:
        """A spec reads nothing outside of its folder."""
        desk.write("products.csv", TABLES["products.csv"])
        (desk.home / "mine").mkdir()
        (desk.home / "mine/linked.csv").symlink_to(desk.home / "products.csv")
        assert desk("init", "mine", "--from", "mine/linked.csv").code == 0
        assert (desk.home / "mine/data/linked.csv").read_text() == TABLES["products.csv"]

    @pytest.mark.parametrize(
        ("file", "name"),
        [
            ("products.csv", "product"), ("Mugs.xlsx", "mug"), ("categories.csv", "category"), ("dishes.csv", "dish"),
            ("boxes.csv", "box"), ("shoes.csv", "shoe"), ("spring products.csv", "spring_product"), ("data.csv", "row"),
            ("glass.csv", "row"), ("ratios.csv", "row"), ("models.csv", "row"), ("ns.csv", "row"),
        ],
    )  # fmt: skip
    def test_the_variable_is_the_singular(self, file: str, name: str) -> None:
        """Where that is plain."""
        assert variable_name(f"data/{file}") == name


TEXTS = st.text(min_size=1, max_size=30)


@settings(max_examples=200, deadline=None)
@given(subject=TEXTS, scenes=st.lists(TEXTS, min_size=1, max_size=3))
def test_whatever_is_accepted_is_read_back(subject: str, scenes: list[str]) -> None:
    """Through our own loader, character by character."""
    try:
        subject = text_in(subject)
        quotes = ",".join('"' + scene.replace('"', '""') + '"' for scene in scenes)
        name, found = variable_in(f"scene: {quotes}", ())
    except UsageError:
        return
    assert list(found) == [scene.strip() for scene in scenes if scene.strip()]
    wish = Wish(name="x", subject=subject, variables={name: found}, ratios=("1:1",))
    spec = parse_spec(Path("x.yaml"), draft(wish))
    assert values(spec) == {"subject": [subject], "scene": list(found)}


def test_answers() -> None:
    """The ways to say the same."""
    assert ratios_in("1:1 feed, 2; '16:9'") == ("1:1", "9:16", "16:9")
    assert values_in('a, "b, c",, d ') == ("a", "b, c", "d")
    assert variable_in("light: soft: warm, dusk", ()) == ("light", ("soft: warm", "dusk"))
    assert [repeat_in(" 1000 "), budget_in("$5"), budget_in("5,50"), budget_in("0")] == [1000, 5, Decimal("5.50"), 0]
