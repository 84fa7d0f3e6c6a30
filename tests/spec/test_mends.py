"""What ``validate --fix`` mends: slips that can have been meant in one way only, and not a byte beside them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from flux_batch.cli.planning.prepare import make
from flux_batch.errors import Fix, InvalidSpec, Problem, UsageError
from flux_batch.plan.choosing.select import Selection
from flux_batch.spec.building.ratios import meant_ratio
from flux_batch.spec.mending.mends import mended
from flux_batch.spec.vocabulary import MODELS, RATIOS
from flux_batch.spec.words import fix_of

BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.yaml"))

GOOD = """\
# the spring campaign
version: 1
name:   'spring'      # odd spaces

prompt: >-            # folded
  Studio photo of {{ product }} on
  {{ scene | upper }}, {{ product }} again

variables:
  product: [mug, 'tea pot']   # two
  scene: {linen: rumpled linen, marble: "a counter"}
models: [flux-kontext-pro, "flux-kontext-max"]
ratios:
- "1:1"      # feed
- "16:9"
options: {response_format: png}
# the end
"""


def problems(path: Path) -> tuple[Problem, ...]:
    """What `validate` finds."""
    try:
        make(path, Selection(), ())
    except InvalidSpec as error:
        return error.problems
    return ()


def fixed(folder: Path, text: str) -> str:
    """A text after as many rounds as it takes."""
    path = folder / "spec.yaml"
    for _ in range(3):
        path.write_bytes(text.encode())
        text = mended(text, problems(path))
    return text


@pytest.mark.parametrize(
    ("right", "slip"),
    [
        ("models: [", "modles: ["),
        ("prompt: >-", "promt: >-"),
        ("variables:\n", "varibles:\n"),
        ("options: {response_format", "options: {response_fromat"),
        ("ratios:\n", '"ratio":\n'),
        ("flux-kontext-pro,", "flux-kontext-prox,"),
        ('"flux-kontext-max"', '"flux-kontext-mx"'),
        ('"16:9"', "16:9"),
        ('"16:9"', "969"),
        ('"16:9"', "1920x1080"),
        ('"16:9"', "'16x9'"),
        ("png", "pgn"),
        ("{{ product }}", "{{ prodct }}"),
        ("{{ scene | upper }}", "{{ sceen | upper }}"),
    ],
)
@pytest.mark.parametrize("bom", ["", "\ufeff"], ids=["", "bom"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_slip_is_mended_and_nothing_else(right: str, slip: str, end: str, bom: str, tmp_path: Path) -> None:
    """Comments, quotes, spaces, line ends and the byte order mark stay."""
    assert right in GOOD
    found = fixed(tmp_path, bom + GOOD.replace(right, slip).replace("\n", end))
    expected = GOOD.replace("ratios:\n", '"ratios":\n') if slip.startswith('"ratio"') else GOOD
    expected = expected.replace('- "16:9"', "- '16:9'") if slip == "'16x9'" and "'16:9'" in found else expected
    assert found == bom + expected.replace("\n", end)


def test_a_good_file_stays_as_it_is(tmp_path: Path) -> None:
    """Byte for byte; so does every example."""
    assert fixed(tmp_path, GOOD) == GOOD
    for path in SPECS:
        text = path.read_text(encoding="utf-8")
        assert mended(text, problems(path)) == text


@pytest.mark.parametrize(
    ("right", "slip"),
    [
        ("png", "gif"),
        ("flux-kontext-pro,", "flux-kontext,"),
        ('"16:9"', '"16:8"'),
        ('"16:9"', '"3.2"'),
        ("{{ product }}", "{{ thing }}"),
        ("{{ product }}", "{{ 'prodct' }}"),
        ("models: [", "engines: ["),
        ("models: [", "size: ["),
        ("options: {response_format: png}", "options: {response_format: png, response_fromat: jpg}"),
    ],
)
def test_what_may_mean_something_else_is_left_alone(right: str, slip: str, tmp_path: Path) -> None:
    """Another ratio is no slip, nor is another tool's word, nor a key whose right name is there already."""
    text = GOOD.replace(right, slip)
    assert fixed(tmp_path, text) == text


def test_a_value_that_is_repeated_is_left_alone(tmp_path: Path) -> None:
    """Where ``*name`` repeats it, another place would change as well."""
    text = "version: 1\nprompt: A mug\nratios: [&wide 16:9]\nexclude: [{ratio: *wide}]\n"
    assert fixed(tmp_path, text) == text


def test_a_file_with_a_problem_of_yaml_is_not_touched() -> None:
    """Nobody knows what it says."""
    with pytest.raises(UsageError, match="line 2"):
        mended("version: 1\nsku: 012\n", ())


def test_json_is_mended_as_json(tmp_path: Path) -> None:
    """A number that was a ratio gets its quotes."""
    text = '{"version": 1, "promt": "A mug",\n "ratios": [969, "1:1"]}\n'
    assert fixed(tmp_path, text) == '{"version": 1, "prompt": "A mug",\n "ratios": ["16:9", "1:1"]}\n'


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bad specs, where they may be written over."""
    return shutil.copytree(BAD[0].parent, tmp_path_factory.mktemp("mends") / "bad")


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_mending_never_makes_a_bad_spec_worse(path: Path, bad: Path) -> None:
    """Of every bad spec: comments stay, and no problem comes that only the quotes made."""
    text, before = path.read_text(encoding="utf-8"), problems(path)
    try:
        found = mended(text, before)
    except UsageError:
        return  # of YAML's own kind: said, and not guessed at
    comments = [re.findall(r"(?:^|\s)#.*", each) for each in (text, found)]
    assert len(comments[0]) == len(comments[1])
    assert len(text.splitlines()) == len(found.splitlines())
    (bad / path.name).write_text(found, encoding="utf-8")
    if not any(each.fix for each in before):
        assert len(problems(bad / path.name)) == len(before)


@pytest.mark.parametrize(
    ("word", "options", "meant"),
    [
        ("modles", ("models", "model_x"), "models"),
        ("xclude", ("exclude", "include"), "exclude"),
        ("flux-kontext", MODELS, None),
        ("FLUX-KONTEXT-PRO", MODELS, "flux-kontext-pro"),
        ("bat", ("cat", "hat"), None),
        ("ab", ("abc",), None),
        ("scenes", ("scene",), "scene"),
        ("colour", ("color",), "color"),
        ("light", ("sight", "night"), None),
        ("x" * 500, ("y" * 500,), None),
    ],
)
def test_a_slip_is_near_to_one_word_only(word: str, options: tuple[str, ...], meant: str | None) -> None:
    """One or two letters missed, added, mistaken or swapped; where two words are as near, neither."""
    assert fix_of(word, options) == (None if meant is None else Fix(word, meant))


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        *((ratio.replace(":", "x"), ratio) for ratio in RATIOS),
        (969, "16:9"),
        (61, "1:1"),
        ("16:09", "16:9"),
        (" 1080 / 1920 ", "9:16"),
        ("match_input_imge", "match_input_image"),
        (970, None),
        (True, None),
        ("5:7", None),
        ("3.2", None),
        ("0:0", None),
        ("about 16 to 9", None),
    ],
)
def test_a_ratio_is_the_same_ratio(value: object, meant: str | None) -> None:
    """In another spelling, and never another one that is near."""
    assert meant_ratio(value) == meant
