"""Picks files: read strictly, merged honestly, and counted with intervals that say how little is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flux_batch.errors import UsageError
from flux_batch.report.picking.agreement import Accord, Merged, merge, merged_json
from flux_batch.report.picking.winners import contests, wilson
from flux_batch.spec.beside.picks import read_picks
from flux_batch.spec.schema.published import schema_text

from .conftest import make_task, sha

SCHEMA = json.loads(schema_text("picks"))
Write = Callable[..., Path]


def pick(name: str, flag: str | None = "pick", rating: int | None = None, **more: Any) -> dict[str, Any]:
    """One image as the sheet writes it."""
    return {"sha256": sha(name), "id": name, "key": sha(f"key {name}"), "flag": flag, "rating": rating, **more}


def document(*picks: Any, **changes: Any) -> dict[str, Any]:
    """A whole file."""
    made = "2026-11-24T09:00:00Z"
    return {"format": 1, "run": "spring", "reviewer": "Ann", "made": made, "picks": list(picks)} | changes


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Puts a document into a file."""

    def put(value: Any, name: str = "a.json") -> Path:
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return path

    return put


def test_a_file_is_read(write: Write) -> None:
    """All that a reviewer said, and the image as the sheet knew it."""
    path = write(
        document(pick("a", "reject", 3, note="too <b>dark</b>\n", axes={"p": "mug"}, prompt="A mug", size="1:1"))
    )
    (judged,) = read_picks(path).judged
    (review,) = judged.reviews
    assert (review.reviewer, review.flag, review.rating, review.note) == ("Ann", "reject", 3, "too <b>dark</b>\n")
    assert (judged.image.id, judged.image.axes, judged.image.prompt) == ("a", {"p": "mug"}, "A mug")
    jsonschema.validate(json.loads(path.read_text()), SCHEMA)


def test_every_pick_with_a_mistake_is_named(write: Write) -> None:
    """Ten of them, and how many more there are."""
    picks = [pick(str(number), "pick" if number == 3 else "maybe") for number in range(14)]
    with pytest.raises(UsageError) as caught:
        read_picks(write(document(*picks)))
    lines = str(caught.value).split("\n")
    assert len(lines) == 11
    assert all(f"pick {number} (" in line for number, line in zip([1, 2, 3, *range(5, 12)], lines, strict=False))
    assert lines[-1] == "and 3 more picks with a mistake"


BAD = {
    "no JSON": ("{", "this is not JSON"),
    "a list": ("[]", "it must be a group"),
    "no format": (document(format=2), "its format is the number 2"),
    "a true format": (document(format=True), "its format is the word true"),
    "no picks": (document(picks={}), "no list of `picks`"),
    "no reviewer": (document(reviewer=" "), "`reviewer` is missing or empty"),
    "no zone": (document(made="2026-11-24T09:00:00"), "`made` must be a time like"),
    "no time": (document(made="yesterday"), "`made` must be a time like"),
    "no hash": (document(pick("a"), {"id": "b"}), 'pick 2 ("b"): `sha256`'),
    "a short hash": (document(pick("a") | {"sha256": "abc"}), "must be 64 digits"),
    "a flag": (document(pick("a", "picked")), 'did you mean "pick"?'),
    "a flag that is a list": (document(pick("a") | {"flag": ["pick"]}), "not a list"),
    "six stars": (document(pick("a", rating=6)), "`rating` is a whole number from 0 to 5"),
    "half a star": (document(pick("a") | {"rating": 2.5}), "not the number 2.5"),
    "a true rating": (document(pick("a") | {"rating": True}), "not the word true"),
    "axes": (document(pick("a", axes={"p": 1})), "`axes.p` must be text"),
    "a note": (document(pick("a", note=None)), "`note` must be text, not null"),
    "half a character": (document(pick("a", note="\ud800")), "`note` holds half a character"),
    "a long note": (document(pick("a", note="x" * 20_001)), "20,001 characters"),
    "twice": (document(pick("a"), pick("b"), pick("a")), "pick 3: it is about the same image as pick 1"),
    "a key twice": ('{"format": 1, "format": 1}', "the key `format` is written twice"),
    "NaN": ('{"format": NaN}', "NaN is not a number"),
    "deep": ("[" * 100_000, "lists within lists"),
    "a long number": (f'{{"format": {"1" * 5000}}}', "a number with 5,000 digits"),
    "a review": (document(pick("a", reviews=[{"reviewer": "B"}])), "review 1: `made` must be"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_named_and_explained(case: str, write: Write) -> None:
    """The file, which pick, and what is wrong with it."""
    value, said = BAD[case]
    with pytest.raises(UsageError) as caught:
        read_picks(write(value))
    assert said in str(caught.value)
    assert "a.json" in str(caught.value)


def test_what_is_no_file_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing there, a folder, not UTF-8, and more than anybody judged."""
    (tmp_path / "b.json").write_bytes(b"\xff{}")
    monkeypatch.setattr("flux_batch.spec.beside.picks.BYTES_MAX", 1)
    for path, said in (
        (tmp_path / "no.json", "there is no file"),
        (tmp_path, "folder"),
        (tmp_path / "b.json", "larger"),
    ):
        with pytest.raises(UsageError, match=said):
            read_picks(path)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="not UTF-8"):
        read_picks(tmp_path / "b.json")


def test_unknown_keys_are_passed_over_and_said(write: Write) -> None:
    """A newer sheet may write more."""
    found = read_picks(write(document(pick("a", colour="red"), pick("b", colour="blue"), app="x")))
    assert len(found.judged) == 2
    assert "`colour` (2 times)" in found.notes[0]
    assert "`app`" in found.notes[0]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["sha256", "flag", "rating", "note", "axes", "reviews"]) | st.text(), x)
        ),
    )
)
def test_whatever_a_pick_is_nothing_but_a_usage_error_comes(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    """No traceback for any JSON."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(document(value)))
    with suppress(UsageError):
        read_picks(path)
        jsonschema.validate(json.loads(path.read_text()), SCHEMA)  # what is read is what is published


def together(write: Write, *documents: dict[str, Any]) -> Merged:
    """Files in this order."""
    return merge([read_picks(write(each, f"{number}.json")) for number, each in enumerate(documents)])


def test_agreement(write: Write) -> None:
    """All, most, split, one alone, and nobody; a tie decides nothing."""
    flags = {
        "all": ("pick", "pick", "pick"),
        "most": ("reject", "pick", "reject"),
        "split": ("pick", "reject", None),
        "one": (None, "reject", None),
        "none": (None, None, None),
    }
    files = [
        document(*(pick(name, words[person], person) for name, words in flags.items()), reviewer=f"R{person}")
        for person in range(3)
    ]
    merged = together(write, *files)
    assert [str(verdict.accord) for verdict in merged.verdicts] == list(flags)
    assert [verdict.flag for verdict in merged.verdicts] == ["pick", "reject", None, "reject", None]
    assert merged.counts() == dict.fromkeys(map(str, Accord), 1)
    assert merged.verdicts[1].by("reject") == ("R0", "R2")
    assert (str(merged.verdicts[0].mean), merged.verdicts[0].rating) == ("1.00", 1)


def test_the_mean_is_rounded_up_at_the_half(write: Write) -> None:
    """4 and 5 stars are 4.5, shown as 5; no stars are not zero stars."""
    files = [document(pick("a", rating=stars), reviewer=f"R{stars}") for stars in (4, 5, None)]
    (verdict,) = together(write, *files).verdicts
    assert (str(verdict.mean), verdict.rating) == ("4.50", 5)


def test_a_reviewer_s_latest_word_counts(write: Write) -> None:
    """Whatever the order of the files; images judged only earlier keep their word, and it is said."""
    early = document(pick("a", "reject"), pick("b"))
    late = document(pick("a", None), made="2026-11-24T10:30:00+01:00")
    for files in ((early, late), (late, early)):
        merged = together(write, *files)
        words = {verdict.image.id: verdict.reviews for verdict in merged.verdicts}
        assert [review.flag for review in words["a"]] == [None]
        assert [review.flag for review in words["b"]] == ["pick"]
        assert merged.notes == ('"Ann" judged 1 image more than once: the latest word counts',)


def test_an_old_word_in_a_newer_merged_file_stays_old(write: Write) -> None:
    """What counts is when it was said, not when it was put together."""
    old = {"reviewer": "Ann", "made": "2026-11-20T09:00:00Z", "flag": "reject"}
    merged = together(
        write,
        document(pick("a", "pick"), made="2026-11-21T09:00:00Z"),
        document(pick("a", "reject", reviews=[old]), made="2026-11-22T09:00:00Z"),
    )
    assert merged.verdicts[0].flag == "pick"


def test_a_merged_file_is_a_picks_file(write: Write) -> None:
    """It fits the schema, is read again as the same, and merging it once more changes nothing."""
    merged = together(write, document(pick("a", rating=2)), document(pick("a", "reject"), pick("b"), reviewer="Ben"))
    value = merged_json(merged)
    jsonschema.validate(value, SCHEMA)
    assert value["picks"][0]["flag"] is None
    again = merge([read_picks(write(value, "m.json")), read_picks(write(document(pick("a", rating=2)), "c.json"))])
    assert replace(again, notes=()) == merged


def test_runs_are_not_mixed(write: Write) -> None:
    """Picks of another run are somebody's mistake."""
    with pytest.raises(UsageError, match=r'about the run "spring".*about "autumn"'):
        together(write, document(pick("a")), document(pick("b"), run="autumn"))


@pytest.mark.parametrize(
    ("picked", "seen", "low", "high"),
    [(0, 1, 0.0, 0.7935), (1, 1, 0.2065, 1.0), (5, 10, 0.2366, 0.7634), (90, 100, 0.8256, 0.9448)],
)
def test_wilson(picked: int, seen: int, low: float, high: float) -> None:
    """Known values of the score interval."""
    assert wilson(picked, seen) == pytest.approx((low, high), abs=0.0001)


@given(st.integers(1, 10_000).flatmap(lambda seen: st.tuples(st.integers(0, seen), st.just(seen))))
def test_an_interval_holds_its_rate(numbers: tuple[int, int]) -> None:
    """And never leaves 0 to 1."""
    low, high = wilson(*numbers)
    assert 0 <= low <= numbers[0] / numbers[1] + 1e-12
    assert numbers[0] / numbers[1] - 1e-12 <= high <= 1


def test_a_winner_is_named_only_where_it_is_clear() -> None:
    """19 of 20 against 1 of 20 is; 2 of 3 against 1 of 3 is not; an axis with one value is no contest."""
    axes = {"model": "pro", "ratio": "1:1", "n": "1"}

    def judged(wins: int, losses: int, of: int) -> Any:
        tasks = [make_task(1, {"scene": scene, **axes}) for scene in ("linen", "oak")]
        flags = [(0, wins), (1, losses)]
        return [(tasks[at], "pick" if number < won else "reject") for at, won in flags for number in range(of)]

    (clear,) = contests(judged(19, 1, 20))
    assert (clear.axis, clear.winner, [rate.label for rate in clear.rates]) == ("scene", "linen", ["linen", "oak"])
    assert [contest.winner for contest in contests(judged(2, 1, 3))] == [None]
