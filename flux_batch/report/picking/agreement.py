"""Several reviewers, one word per image: who said what, whether they agree, and what the majority wants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from flux_batch.errors import UsageError
from flux_batch.report.words import iso
from flux_batch.spec.beside.picks import FORMAT, Flag, Judged, PicksFile, Review, Shown
from flux_batch.spec.words import quoted


class Accord(StrEnum):
    """How far the reviewers of one image agree; only a pick or a reject is a vote."""

    ALL = "all"
    """At least two voted, all the same."""
    MOST = "most"
    """More than half voted the same."""
    SPLIT = "split"
    """As many for it as against it."""
    ONE = "one"
    """Only one reviewer voted."""
    NONE = "none"
    """Nobody voted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One image with everybody's word on it."""

    image: Shown
    reviews: tuple[Review, ...]

    def by(self, flag: Flag) -> tuple[str, ...]:
        """Who flagged it so."""
        return tuple(review.reviewer for review in self.reviews if review.flag == flag)

    @property
    def flag(self) -> Flag:
        """What the majority of the votes says; None for a tie."""
        picks, rejects = len(self.by("pick")), len(self.by("reject"))
        return None if picks == rejects else "pick" if picks > rejects else "reject"

    @property
    def accord(self) -> Accord:
        """How far they agree."""
        picks, rejects = len(self.by("pick")), len(self.by("reject"))
        if picks + rejects < 2:
            return Accord.ONE if picks + rejects else Accord.NONE
        if not picks or not rejects:
            return Accord.ALL
        return Accord.SPLIT if picks == rejects else Accord.MOST

    @property
    def ratings(self) -> tuple[int, ...]:
        """The stars that were given."""
        return tuple(review.rating for review in self.reviews if review.rating is not None)

    @property
    def mean(self) -> Decimal | None:
        """The mean rating to two decimals, None where nobody rated."""
        return _mean(self.ratings, Decimal("0.01"))

    @property
    def rating(self) -> int | None:
        """The mean as whole stars, halves upwards."""
        mean = _mean(self.ratings, Decimal(1))
        return None if mean is None else int(mean)


def _mean(ratings: Sequence[int], step: Decimal) -> Decimal | None:
    return (Decimal(sum(ratings)) / len(ratings)).quantize(step, ROUND_HALF_UP) if ratings else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """All files as one. ``made`` is the time of the latest; ``notes`` are worth saying and stop nothing."""

    run: str
    reviewers: tuple[str, ...]
    made: datetime
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """Accord → how many images."""
        found = Counter(verdict.accord for verdict in self.verdicts)
        return {str(accord): found[accord] for accord in Accord}

    def flagged(self, flag: Flag) -> list[Verdict]:
        """The images that the majority flags so."""
        return [verdict for verdict in self.verdicts if verdict.flag == flag]


def merge(files: Sequence[PicksFile]) -> Merged:
    """Put files together; of two words of one reviewer on one image the later counts.

    UsageError when they are about different runs.
    """
    _refuse_strangers(files)
    images: dict[str, Shown] = {}
    words: dict[str, dict[str, Review]] = {}
    replaced: Counter[str] = Counter()
    for file in sorted(
        files, key=lambda each: each.made
    ):  # stable: of equal times the later on the command line counts
        for judged in file.judged:
            images[judged.image.sha256] = judged.image
            _add(words.setdefault(judged.image.sha256, {}), judged, replaced)
    verdicts = tuple(Verdict(image=images[each], reviews=_sorted(words[each].values())) for each in _order(files))
    names = sorted({review.reviewer for verdict in verdicts for review in verdict.reviews}, key=str.casefold)
    return Merged(
        run=files[0].run,
        reviewers=tuple(names),
        made=max(file.made for file in files),
        verdicts=verdicts,
        notes=(*(note for file in files for note in file.notes), *_replacements(replaced)),
    )


def _refuse_strangers(files: Sequence[PicksFile]) -> None:
    other = next((file for file in files if file.run != files[0].run), None)
    if other is not None:
        raise UsageError(
            f"{files[0].path} is about the run {quoted(files[0].run)}, {other.path} about {quoted(other.run)}: "
            "only picks of one run can be merged"
        )


def _add(words: dict[str, Review], judged: Judged, replaced: Counter[str]) -> None:
    for review in judged.reviews:
        before = words.get(review.reviewer)
        if before is not None and before != review:
            replaced[review.reviewer] += 1
        if before is None or before.made <= review.made:
            words[review.reviewer] = review


def _sorted(reviews: Iterable[Review]) -> tuple[Review, ...]:
    return tuple(sorted(reviews, key=lambda review: (review.reviewer.casefold(), review.reviewer)))


def _order(files: Sequence[PicksFile]) -> list[str]:
    """Images in the order in which the files name them."""
    return list(dict.fromkeys(judged.image.sha256 for file in files for judged in file.judged))


def _replacements(replaced: Counter[str]) -> list[str]:
    return [
        f"{quoted(reviewer)} judged {count:,} image{'' if count == 1 else 's'} more than once: the latest word counts"
        for reviewer, count in replaced.items()
    ]


def merged_json(merged: Merged) -> dict[str, Any]:
    """A picks file again, with everybody's word beside the majority's."""
    return {
        "format": FORMAT,
        "run": merged.run,
        "reviewer": ", ".join(merged.reviewers) or "nobody",
        "reviewers": list(merged.reviewers),
        "made": iso(merged.made.timestamp()),
        "picks": [_pick(verdict) for verdict in merged.verdicts],
    }


def _pick(verdict: Verdict) -> dict[str, Any]:
    image = asdict(verdict.image)
    reviews = [{**asdict(review), "made": iso(review.made.timestamp())} for review in verdict.reviews]
    return {**image, "flag": verdict.flag, "rating": verdict.rating, "note": "", "reviews": reviews}
