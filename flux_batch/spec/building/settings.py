"""The groups at the top of a file that are no job: budget, execution, report, limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flux_batch.spec.beside.files import ReferenceProblem
from flux_batch.spec.building.desk import Desk, Layer, items
from flux_batch.spec.reading.source import FilePath
from flux_batch.spec.records import Budget, Draft, Execution, Limits, Poll, ReportOptions
from flux_batch.spec.words import code, did_you_mean


def read_budget(top: Layer, desk: Desk) -> Budget:
    """US dollars; ``budget: 5.00`` is short for its ``max``."""
    written = top.values.get("budget", {})
    if not isinstance(written, dict):
        return Budget(max=Decimal(written))
    most, warn = _money(written.get("max")), _money(written.get("warn"))
    if most is not None and warn is not None and warn > most:
        desk.report(("budget", "warn"), f"`warn` is {warn}, which is more than `max`, {most}", "it would never speak")
    return Budget(max=most, warn=warn)


def _money(written: Any) -> Decimal | None:
    return None if written is None else Decimal(written)


def read_execution(top: Layer) -> Execution:
    """How fast to go; what is not written keeps the record's default."""
    written = dict(top.section("execution").values)
    poll = Poll(**{key: float(seconds) for key, seconds in written.pop("poll", {}).items()})
    for key in ("submit_rate", "settle_seconds"):
        if key in written:
            written[key] = float(written[key])
    return Execution(**written, poll=poll)


def read_limits(top: Layer) -> Limits:
    """Guards; what is not written keeps the record's default."""
    return Limits(**top.section("limits").values)


def read_report(top: Layer, axes: list[str], desk: Desk) -> ReportOptions:
    """The sheet's layout over ``axes``, each of which may stand in one place only."""
    section = top.section("report")
    tabs = list(items(section.values.get("tabs"), (*section.at, "tabs")))
    places = [(section.values[key], (*section.at, key)) for key in ("rows", "columns") if key in section.values]
    _check_axes([*places, *tabs], axes, desk)
    return ReportOptions(
        title=section.values.get("title"),
        rows=section.values.get("rows"),
        columns=section.values.get("columns"),
        tabs=tuple(axis for axis, _ in tabs),
        logo=_logo(section, desk),
        accent=section.values.get("accent"),
    )


def _logo(section: Layer, desk: Desk) -> str | None:
    path = section.values.get("logo")
    if path is None:
        return None
    try:
        return desk.open_logo(path)
    except ReferenceProblem as problem:
        desk.report((*section.at, "logo"), str(problem), problem.hint)
        return None


def read_draft(top: Layer) -> Draft | None:
    """The run that the spec was promoted from; labels that no image has any more are no mistake."""
    try:
        return Draft.from_json(top.values["draft"])
    except (KeyError, TypeError, AttributeError):  # it is not written, or the schema has complained of it already
        return None


def _check_axes(places: list[tuple[str, FilePath]], axes: list[str], desk: Desk) -> None:
    used: dict[str, FilePath] = {}
    for axis, at in places:
        if axis not in axes and not desk.is_missing_from("variables"):
            desk.report(at, f"{code(axis)} is not an axis of this spec", did_you_mean(axis, axes))
        elif axis in used:
            first = desk.source.mark(used[axis])
            desk.report(at, f"{code(axis)} already has a place, on line {first.line}", "name each axis once")
        used.setdefault(axis, at)
