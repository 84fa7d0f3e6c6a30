"""Agreement and pick rates as a person and as a script read them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from flux_batch.cli.picking.marks import Marked
from flux_batch.cli.terminal.columns import cells, fit
from flux_batch.cli.terminal.output import one_line, plural
from flux_batch.report.delivery.deliver import stored_once
from flux_batch.report.picking.agreement import Accord, Merged, Verdict, merged_json
from flux_batch.report.picking.winners import FEW, Contest, Rate, contests

SHOWN: Final = 40
"""Images in the table; the rest is counted."""
VALUES_SHOWN: Final = 20
_LABEL_MAX: Final = 30

_WORDS: Final = {
    Accord.ALL: "all agree",
    Accord.MOST: "most",
    Accord.SPLIT: "split",
    Accord.ONE: "one only",
    Accord.NONE: "no vote",
}
_CAUTION: Final = (
    f"* fewer than {FEW} images: the rate says little.",
    "The interval holds the true rate 19 times of 20. Values of other axes are mixed in: a difference may be theirs.",
)
_ORDER: Final = (Accord.SPLIT, Accord.MOST, Accord.ALL, Accord.ONE, Accord.NONE)
"""What people have to talk about comes first."""


def agreement_lines(merged: Merged, width: int) -> list[str]:
    """Who said what, in ``width`` columns."""
    return [*_head(merged, width), "", *_table(merged, width)]


def _head(merged: Merged, width: int) -> list[str]:
    names = ", ".join(map(one_line, merged.reviewers)) or "nobody"
    counts = merged.counts()
    parts = [f"{_WORDS[accord]} {counts[accord]:,}" for accord in Accord if counts[accord]]
    picked, rejected = len(merged.flagged("pick")), len(merged.flagged("reject"))
    images = plural(len(merged.verdicts), "image")
    lines = [
        f"{one_line(merged.run)}: {plural(len(merged.reviewers), 'reviewer')} ({names}), {images}",
        f"  {' · '.join(parts) or 'nothing is marked'}",
        f"  the majority picks {picked:,} and rejects {rejected:,}",
    ]
    return [part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="  ")]


def _table(merged: Merged, width: int) -> Iterator[str]:
    varying = _varying(merged.verdicts)
    ordered = sorted(merged.verdicts, key=lambda verdict: _ORDER.index(verdict.accord))
    room = max(10, (width - 24) // 2)
    names = max(8, (width - 24 - room) // 2)
    room = max(10, width - 24 - 2 * names)
    yield _row("Image", room, "Pick", "Reject", names, "Stars", "")
    for each in ordered[:SHOWN]:
        stars = "" if each.mean is None else f"{each.mean:.1f} ({len(each.ratings)})"
        picks, rejects = (", ".join(map(one_line, each.by(flag))) for flag in ("pick", "reject"))
        yield _row(_name(each, varying), room, picks or "-", rejects or "-", names, stars, _WORDS[each.accord])
    if len(ordered) > SHOWN:
        yield f"and {plural(len(ordered) - SHOWN, 'more image')} (see --json)"


def _varying(verdicts: Sequence[Verdict]) -> frozenset[str]:
    """The axes that tell the images apart."""
    labels: dict[str, set[str]] = {}
    for verdict in verdicts:
        for axis, label in verdict.image.axes.items():
            labels.setdefault(axis, set()).add(label)
    return frozenset(axis for axis, found in labels.items() if len(found) > 1)


def _row(name: str, room: int, picks: str, rejects: str, names: int, stars: str, word: str) -> str:
    return f"{fit(name, room)}  {fit(picks, names)}  {fit(rejects, names)}  {fit(stars, 7)}  {word}".rstrip()


def _name(verdict: Verdict, varying: frozenset[str]) -> str:
    labels = [label for axis, label in verdict.image.axes.items() if axis in varying]
    short = [one_line(label).removeprefix("flux-kontext-") for label in labels]
    return " · ".join(short) or one_line(verdict.image.id) or verdict.image.sha256[:12]


def agreement_json(merged: Merged) -> dict[str, Any]:
    """Everything, uncut."""
    document = merged_json(merged)
    return {
        "run": merged.run,
        "reviewers": list(merged.reviewers),
        "images": len(merged.verdicts),
        "agreement": merged.counts(),
        "picked": len(merged.flagged("pick")),
        "rejected": len(merged.flagged("reject")),
        "notes": list(merged.notes),
        "picks": [
            {
                **pick,
                "agreement": str(verdict.accord),
                "mean_rating": None if verdict.mean is None else float(verdict.mean),
            }
            for pick, verdict in zip(document["picks"], merged.verdicts, strict=True)
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the rates are of: ``seen`` images of which ``picked`` were picked; ``decided`` when rejects were given."""

    run: str
    reviewers: tuple[str, ...]
    picked: int
    seen: int
    decided: bool
    strangers: int
    contests: tuple[Contest, ...]


def tally(marked: Marked) -> Tally:
    """Count the picks of a run by its axes."""
    decided = any(verdict.flag == "reject" for _, verdict in marked.known)
    flags = {entry.task.key: verdict.flag for entry, verdict in marked.known}
    stored = [entry for entry in stored_once(marked.view.entries) if entry.wanted or entry.task.key in flags]
    judged = [(entry.task, flags.get(entry.task.key)) for entry in stored]
    judged = [(task, flag) for task, flag in judged if flag is not None] if decided else judged
    return Tally(
        run=marked.view.name,
        reviewers=marked.merged.reviewers,
        picked=sum(flag == "pick" for _, flag in judged),
        seen=len(judged),
        decided=decided,
        strangers=len(marked.strangers),
        contests=contests(judged),
    )


def rates_lines(counted: Tally, width: int) -> list[str]:
    """The rates by axis, the best value first, in ``width`` columns."""
    lines = [*_tally_head(counted), *(line for contest in counted.contests for line in ("", *_contest(contest, width)))]
    if not counted.contests:
        lines += ["", "Every judged image has the same values: there is nothing to compare."]
    if any(rate.seen < FEW for contest in counted.contests for rate in contest.rates):
        lines += ["", *_CAUTION]
    return [part for line in lines for part in textwrap.wrap(line, width, subsequent_indent="  ") or [""]]


def _tally_head(counted: Tally) -> list[str]:
    of = "images that were picked or rejected" if counted.decided else "stored images, for nobody rejected any"
    head = [f"{one_line(counted.run)}: {counted.picked:,} picked of {counted.seen:,} {of}"]
    if counted.strangers:
        head.append(f"{plural(counted.strangers, 'judged image')} not of this run: left out")
    return head


def _contest(contest: Contest, width: int) -> Iterator[str]:
    said = "no clear winner"
    if contest.winner is not None:
        few = any(rate.seen < FEW for rate in contest.rates)
        said = f"{one_line(contest.winner)} {'is ahead, of few images' if few else 'wins'}"
    yield fit(f"{one_line(contest.axis)}: {said}", width).rstrip()
    shown = contest.rates[:VALUES_SHOWN]
    room = min(_LABEL_MAX, max(cells(one_line(rate.label)) for rate in shown))
    for rate in shown:
        yield f"  {fit(one_line(rate.label), room)}  {_rate(rate)}"
    if len(contest.rates) > VALUES_SHOWN:
        yield f"  and {len(contest.rates) - VALUES_SHOWN:,} more (see --json)"


def _rate(rate: Rate) -> str:
    few = " *" if rate.seen < FEW else ""
    share = f"{rate.picked:>4,} of {rate.seen:<5,} {rate.rate:>4.0%}"
    return f"{share}   {rate.low:.0%} to {rate.high:.0%}{few}"


def rates_json(counted: Tally) -> dict[str, Any]:
    """Everything, uncut; rates and interval ends from 0 to 1."""
    return {
        "run": counted.run,
        "reviewers": list(counted.reviewers),
        "picked": counted.picked,
        "of": counted.seen,
        "basis": "decided" if counted.decided else "stored",
        "not_of_this_run": counted.strangers,
        "axes": [
            {"axis": contest.axis, "winner": contest.winner, "values": _values(contest.rates)}
            for contest in counted.contests
        ],
    }


def _values(rates: Sequence[Rate]) -> list[dict[str, Any]]:
    return [
        {**asdict(rate), "rate": round(rate.rate, 4), "low": round(rate.low, 4), "high": round(rate.high, 4)}
        for rate in rates
    ]
