"""``validate --fix`` as a person meets it: it shows what it would write, asks, writes whole, and looks again."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from flux_batch.cli.starting.fixing import Mending, write
from flux_batch.errors import UsageError

from .kit import Desk
from .terminal import terminal

SLIPS = "# ours\nversion: 1\npromt: A {{ prodct }}   # what\nvariables: {product: [mug, pot]}\nratios: [16:9]\n"
GOOD = '# ours\nversion: 1\nprompt: A {{ product }}   # what\nvariables: {product: [mug, pot]}\nratios: ["16:9"]\n'


@pytest.fixture
def spec(desk: Desk) -> Path:
    """A spec with a slip behind a slip."""
    return desk.write("spring.yaml", SLIPS)


def test_off_a_terminal_it_only_shows(desk: Desk, spec: Path) -> None:
    """Nobody was asked, so nothing is written."""
    result = desk("validate", "--fix", "spring.yaml")
    assert result.code == 2
    assert "-promt: A {{ prodct }}   # what\n+prompt: A {{ prodct }}   # what\n" in result.out
    assert "--fix --yes" in result.err
    assert spec.read_text() == SLIPS


def test_with_yes_it_mends_and_looks_again(desk: Desk, spec: Path) -> None:
    """Until nothing is left; comments stay, and the file's rights."""
    spec.chmod(0o640)
    result = desk("validate", "--fix", "--yes", "spring.yaml")
    assert (result.code, spec.read_text()) == (0, GOOD)
    assert result.out.endswith("spring.yaml: good, 2 images\n")
    assert stat.S_IMODE(spec.stat().st_mode) == 0o640
    assert [path.name for path in spec.parent.iterdir() if path.name.startswith(".spring")] == []


@pytest.mark.parametrize(("typed", "text", "code"), [(b"y\ny\n", GOOD, 0), (b"n\n", SLIPS, 2), (b"\n", SLIPS, 2)])
def test_on_a_terminal_it_asks(typed: bytes, text: str, code: int, desk: Desk, spec: Path) -> None:
    """Enter is no."""
    with terminal(desk.home, "validate", "--fix", "spring.yaml") as person:
        os.write(person.screen, typed)
        assert person.end() == code
    assert spec.read_text() == text
    assert "Write this to spring.yaml? [y/N]" in person.shown


def test_what_cannot_be_mended_is_said(desk: Desk) -> None:
    """Another word for something is no slip."""
    desk.write("a.yaml", "version: 1\nprompt: A {{ thing }}\n")
    result = desk("validate", "--fix", "--yes", "a.yaml")
    assert result.code == 2
    assert "nothing here that could be mended" in result.err
    assert "`{{ thing }}` is not a variable here" in result.err


def test_a_shared_house_style_is_mended_where_it_stands(desk: Desk) -> None:
    """The diff names the file."""
    base = desk.write("shared/house.yaml", "version: 1\noptoins: {response_format: png}  # ours\n")
    desk.write("a.yaml", "version: 1\nextends: shared/house.yaml\nprompt: A mug\n")
    result = desk("validate", "--fix", "--yes", "a.yaml")
    assert result.code == 0
    assert base.read_text() == "version: 1\noptions: {response_format: png}  # ours\n"
    assert "+++ shared/house.yaml (mended)" in result.out


def test_json_says_what_was_written(desk: Desk, spec: Path) -> None:
    """The diff goes to stderr."""
    result = desk("validate", "--fix", "--yes", "--json", "spring.yaml")
    assert result.json["fixed"] == ["spring.yaml"]
    assert "+prompt:" in result.err


def test_without_fix_nothing_is_ever_written(desk: Desk, spec: Path) -> None:
    """A check is a check."""
    assert desk("validate", "--yes", "spring.yaml").code == 2
    assert spec.read_text() == SLIPS


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    """Somebody saved it in the editor while the question stood."""
    path = tmp_path / "a.yaml"
    path.write_text("version: 1\n")
    mending = Mending(path=path, before=b"version: 1\n", after="version: 2\n")
    path.write_text("version: 1 # mine\n")
    with pytest.raises(UsageError, match="has changed meanwhile"):
        write(mending)
    assert path.read_text() == "version: 1 # mine\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is mended."""
    target, link = tmp_path / "real.yaml", tmp_path / "link.yaml"
    target.write_text("a: 1\n")
    link.symlink_to(target)
    write(Mending(path=link, before=b"a: 1\n", after="a: 2\n"))
    assert link.is_symlink()
    assert target.read_text() == "a: 2\n"


def test_a_ratio_in_a_rule_is_mended(desk: Desk) -> None:
    """In `include` and `exclude` as in `ratios`."""
    rules = "include: [{ratio: 969}]\nexclude: [{scene: oak, ratio: [1:1, 969]}]\n"
    text = f'version: 1\nprompt: A {{{{ scene }}}}\nvariables: {{scene: [oak, fir]}}\nratios: ["1:1", "16:9"]\n{rules}'
    path = desk.write("a.yaml", text)
    assert desk("validate", "--fix", "--yes", "a.yaml").code == 0
    assert path.read_text("utf-8").endswith(
        'include: [{ratio: "16:9"}]\nexclude: [{scene: oak, ratio: ["1:1", "16:9"]}]\n'
    )


def test_a_heading_becomes_the_field(desk: Desk) -> None:
    """The column "Product name" is `product_name`; the filter behind it stays."""
    desk.write("goods.csv", "SKU,Product name\nC-1,candle\n")
    table = "variables: {product: {from: goods.csv, label: SKU}}\n"
    text = f"version: 1\nprompt: A {{{{ product.Product name | upper }}}}\n{table}"
    path = desk.write("a.yaml", text)
    assert desk("validate", "--fix", "--yes", "a.yaml").code == 0
    assert path.read_text("utf-8") == text.replace("product.Product name", "product.product_name")
