"""A picks file: what a reviewer marked on the sheet, keyed by the content of each image. See docs/picks.md.

Reading is strict, because a mark that is lost is work that is lost; only what is not known is passed over, and said.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NoReturn, TypeAlias

from flux_batch.errors import UsageError
from flux_batch.spec.words import code, did_you_mean, kind, quoted

FORMAT: Final = 1
BYTES_MAX: Final = 64 * 1024 * 1024
"""Ten thousand images with the longest prompts, and some reviewers."""
TEXT_MAX: Final = 20_000
"""Characters of one text."""
PICKS_MAX: Final = 100_000
SHOWN: Final = 10
"""Mistakes that are said one by one."""
DIGITS_MAX: Final = 100
"""Of one number."""

Flag: TypeAlias = Literal["pick", "reject"] | None
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_TOP: Final = ("format", "run", "reviewer", "reviewers", "made", "picks")
_PICK: Final = ("sha256", "id", "key", "flag", "rating", "note", "axes", "prompt", "model", "size", "reviews")
_REVIEW: Final = ("reviewer", "made", "flag", "rating", "note")
_HALF: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One reviewer's word on one image; ``flag`` None is no decision, ``rating`` None no stars, else 0 to 5."""

    reviewer: str
    made: datetime
    flag: Flag = None
    rating: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a file says of the image itself, so that it can be read without its run; all but ``sha256`` may be empty."""

    sha256: str
    id: str = ""
    key: str = ""
    axes: Mapping[str, str] = field(default_factory=dict)
    prompt: str = ""
    model: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An image and what was said about it; ``word`` is the file's own, in a merged file the majority's."""

    image: Shown
    word: Review
    reviews: tuple[Review, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PicksFile:
    """A file as read; ``notes`` are worth saying and stop nothing."""

    path: Path
    run: str
    made: datetime
    judged: tuple[Judged, ...]
    notes: tuple[str, ...] = ()


def read_picks(path: Path) -> PicksFile:
    """A picks file, or what `picks merge` wrote; UsageError says which file, which pick, and what is wrong."""
    return parse_picks(path, _bytes(path))


def parse_picks(path: Path, data: bytes) -> PicksFile:
    """The same from the bytes of a file, which ``path`` only names."""
    return _Reader(path).file(_json(path, data))


def _json(path: Path, data: bytes) -> Json:
    text = _text(path, data)
    if path.suffix.lower() != ".json" and not text.lstrip().startswith("{"):
        raise UsageError(f"{path}: this is not a picks file; it is the picks-NAME.json from your downloads")
    try:
        value: Json = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise UsageError(f"{path}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from None
    except RecursionError:
        raise UsageError(f"{path}: lists within lists within lists; this is no picks file") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    return value


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a picks file") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{quoted(path)} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > BYTES_MAX:
        raise UsageError(f"{path} is larger than {BYTES_MAX // 1024 // 1024} MiB; a picks file is never that large")
    return data


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text: byte {error.start:,} is 0x{data[error.start]:02X}") from None


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {code(twice)} is written twice in one group")
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _whole(digits: str) -> int:
    """A whole number; Python's own word on one with thousands of digits is about Python."""
    if len(digits) > DIGITS_MAX:
        raise ValueError(f"a number with {len(digits):,} digits; no picks file has one")
    return int(digits)


class _Reader:
    """One file; every complaint begins with the place it is about."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.unknown: Counter[str] = Counter()

    def file(self, document: Json) -> PicksFile:
        top = self.group(document, "the file", _TOP)
        if "format" not in top:
            self.fail("the file", "it has no `format`, so it is no picks file")
        if isinstance(top["format"], bool) or top["format"] != FORMAT:
            self.fail("the file", f"its format is {_said(top['format'])}, this flux-batch reads format {FORMAT}")
        made = self.moment(top, "the file")
        reviewer = self.name(top, "reviewer", "the file")
        judged = self.every(self.picks(top), reviewer, made)
        self.refuse_twins(judged)
        run = self.name(top, "run", "the file")
        return PicksFile(path=self.path, run=run, made=made, judged=tuple(judged), notes=self.notes())

    def notes(self) -> tuple[str, ...]:
        names = [f"{code(name)}{f' ({count:,} times)' if count > 1 else ''}" for name, count in self.unknown.items()]
        more = f" and {len(names) - 8:,} more" if len(names) > 8 else ""
        return (f"{self.path}: passed over what is not known here: {', '.join(names[:8])}{more}",) if names else ()

    def picks(self, top: Mapping[str, Json]) -> list[Json]:
        picks = top.get("picks")
        if not isinstance(picks, list):
            self.fail("the file", "it has no list of `picks`")
        if len(picks) > PICKS_MAX:
            self.fail("the file", f"it has {len(picks):,} picks; at most {PICKS_MAX:,} are read")
        return picks

    def every(self, picks: list[Json], reviewer: str, made: datetime) -> list[Judged]:
        """All picks, or what is wrong with each."""
        judged, wrong = list[Judged](), list[str]()
        for number, each in enumerate(picks, start=1):
            try:
                judged.append(self.judged(each, number, reviewer, made))
            except UsageError as error:
                wrong.append(str(error))
        if wrong:
            more = [f"and {len(wrong) - SHOWN:,} more picks with a mistake"] if len(wrong) > SHOWN else []
            raise UsageError("\n".join([*wrong[:SHOWN], *more]))
        return judged

    def judged(self, value: Json, number: int, reviewer: str, made: datetime) -> Judged:
        group = self.group(value, f"pick {number}", _PICK)
        where = f"pick {number}{self.called(group)}"
        image = Shown(
            sha256=self.sha256(group, where),
            axes=self.axes(group, where),
            **{name: self.text(group, name, where) for name in ("id", "key", "prompt", "model", "size")},
        )
        own = self.review(group, where, reviewer, made)
        reviews = group.get("reviews")
        if reviews is None:
            return Judged(image=image, word=own, reviews=(own,))
        if not isinstance(reviews, list):
            self.fail(where, f"`reviews` must be a list, not {_said(reviews)}")
        every = tuple(self.one_of(each, where, at) for at, each in enumerate(reviews, 1))
        return Judged(image=image, word=own, reviews=every)

    def one_of(self, value: Json, where: str, number: int) -> Review:
        place = f"{where}, review {number}"
        group = self.group(value, place, _REVIEW)
        return self.review(group, place, self.name(group, "reviewer", place), self.moment(group, place))

    def review(self, group: Mapping[str, Json], where: str, reviewer: str, made: datetime) -> Review:
        return Review(
            reviewer=reviewer,
            made=made,
            flag=self.flag(group, where),
            rating=self.rating(group, where),
            note=self.text(group, "note", where),
        )

    def flag(self, group: Mapping[str, Json], where: str) -> Flag:
        match group.get("flag"):
            case "pick":
                return "pick"
            case "reject":
                return "reject"
            case None:
                return None
            case other:
                guess = did_you_mean(other, ("pick", "reject"), mark='"') if isinstance(other, str) else ""
                self.fail(where, f'`flag` is "pick" or "reject", not {_said(other)}{guess and f"; {guess}"}')
        return None

    def rating(self, group: Mapping[str, Json], where: str) -> int | None:
        rating = group.get("rating")
        if rating is None:
            return None
        if isinstance(rating, bool) or not isinstance(rating, int) or not 0 <= rating <= 5:
            self.fail(where, f"`rating` is a whole number from 0 to 5, not {_said(rating)}")
        return rating

    def sha256(self, group: Mapping[str, Json], where: str) -> str:
        found = group.get("sha256")
        if not isinstance(found, str) or not re.fullmatch(r"[0-9a-f]{64}", found):
            said = "is missing" if found is None else f"must be 64 digits 0-9 a-f, not {_said(found)}"
            self.fail(where, f"`sha256`, which says which image is meant, {said}")
        return found

    def axes(self, group: Mapping[str, Json], where: str) -> dict[str, str]:
        axes = group.get("axes", {})
        if not isinstance(axes, dict):
            self.fail(where, f"`axes` must be a group of names and labels, not {_said(axes)}")
        return {
            self.sound(name, "axes", where): self.sound(label, f"axes.{name}", where) for name, label in axes.items()
        }

    def name(self, group: Mapping[str, Json], name: str, where: str) -> str:
        found = " ".join(self.text(group, name, where).split())
        return found or self.fail(where, f"{code(name)} is missing or empty")

    def text(self, group: Mapping[str, Json], name: str, where: str) -> str:
        return self.sound(group.get(name, ""), name, where)

    def sound(self, value: Json, name: str, where: str) -> str:
        if not isinstance(value, str):
            self.fail(where, f"{code(name)} must be text, not {_said(value)}")
        if len(value) > TEXT_MAX:
            self.fail(where, f"{code(name)} has {len(value):,} characters; at most {TEXT_MAX:,} are read")
        if _HALF.search(value):
            self.fail(where, f"{code(name)} holds half a character")
        return value

    def moment(self, group: Mapping[str, Json], where: str) -> datetime:
        made = self.text(group, "made", where)
        try:
            found = datetime.fromisoformat(made)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        return self.fail(where, f"`made` must be a time like 2026-11-24T09:30:00Z, not {_said(made)}")

    def group(self, value: Json, where: str, known: tuple[str, ...]) -> Mapping[str, Json]:
        if not isinstance(value, dict):
            self.fail(where, f"it must be a group of `key: value`, not {_said(value)}")
        self.unknown.update(name for name in value if name not in known)
        return value

    def called(self, group: Mapping[str, Json]) -> str:
        name = group.get("id") or group.get("sha256")
        return f" ({quoted(name[:24])})" if isinstance(name, str) and name else ""

    def refuse_twins(self, judged: list[Judged]) -> None:
        first: dict[str, int] = {}
        for number, each in enumerate(judged, start=1):
            other = first.setdefault(each.image.sha256, number)
            if other != number:
                self.fail(f"pick {number}", f"it is about the same image as pick {other} ({each.image.sha256[:12]}…)")

    def fail(self, where: str, what: str) -> NoReturn:
        raise UsageError(f"{self.path}: {where}: {what}" if where != "the file" else f"{self.path}: {what}")


def _said(value: Json) -> str:
    return "null" if value is None else kind(value) if not isinstance(value, float) else f"the number {value}"
