"""Where an image comes from, as a person and as a script read it."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from flux_batch.cli.terminal.finding import Found
from flux_batch.cli.tracing.history import reasons
from flux_batch.cli.tracing.origin import AxisValue, Origin
from flux_batch.plan.records import CURRENCY, Reference, Task
from flux_batch.plan.totals.money import decimal_text, usd
from flux_batch.report.redact import without_queries
from flux_batch.report.words import iso
from flux_batch.run.plane.originals import place_of
from flux_batch.run.records import Entry, RunView
from flux_batch.spec.words import plain

GAP = 11
"""Columns of the words in front."""


def why_lines(found: Found, origin: Origin, width: int) -> list[str]:
    """A word in front and what there is to say behind it, in ``width`` columns."""
    lines, last = [], ""
    for word, text in _told(found, origin):
        lines += _line("" if word == last else word, text, width)
        last = word
    return lines


def _told(found: Found, origin: Origin) -> Iterator[tuple[str, str]]:
    task, purchase = found.entry.task, found.entry.purchase
    yield "image", place_of(purchase.file.path, found.folder) if purchase.file else f"{task.stem} (not stored)"
    yield "ids", ", ".join(each for each in (task.id, purchase.business_id, purchase.remote_id) if each)
    yield "run", f"{found.view.name}{' (a rehearsal: nothing was bought)' if found.view.rehearsal else ''}"
    yield from (("why", reason) for reason in reasons(found))
    yield "prompt", f"“{task.prompt}”"
    if origin.template:
        yield "template", f"“{origin.template}”"
        yield "written in", f"{origin.file}:{origin.line}, job {task.job}{_asked(origin)} (kept as {origin.kept})"
    else:
        yield "written in", f"{found.view.spec_file}:{task.line}, job {task.job}"
    yield from (("values", _value(value)) for value in origin.values or _labels(task))
    yield "model", f"{task.model}, {task.size}{_options(task)}"
    yield from (("starts from", text) for text in _starts(found))
    yield "price", _price(found.view, found.entry)
    yield from (("when", text) for text in _times(found.entry))
    yield from (("note", note) for note in origin.notes)


def _asked(origin: Origin) -> str:
    """What was said on top of the spec."""
    profile = f", in profile {origin.profile}" if origin.profile else ""
    return profile + "".join(f", with --set {shlex.quote(setting)}" for setting in origin.settings)


def _line(word: str, text: str, width: int) -> list[str]:
    first = f"{word:<{GAP}} "
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_on_hyphens=False,
        break_long_words=False,
    ) or [first.rstrip()]


def _value(value: AxisValue) -> str:
    text = f" = {value.value}" if value.value != value.label else ""
    return f"{value.axis}: {value.label}{text}{f'  ({value.place})' if value.place else ''}"


def _labels(task: Task) -> tuple[AxisValue, ...]:
    """What is known without the spec's text."""
    own = ("job", "model", "ratio")
    axes = ((axis, label) for axis, label in task.axes.items() if axis not in own)
    return tuple(AxisValue(axis=axis, label=label, value=label, place="") for axis, label in axes)


def _options(task: Task) -> str:
    return "".join(f", {name} {plain(value)}" for name, value in task.options.items())


def _starts(found: Found) -> Iterator[str]:
    """The chain down to the first image, then what that one started from."""
    for task in (found.entry.task, *(parents := ancestors(found))):
        if task.reference is not None and task.reference.kind != "parent":
            yield _named(task.reference)
        parent = next((each for each in parents if each.key == task.parent), None)
        if parent is not None:
            yield f"{parent.stem} ({parent.id}, job {parent.job}): “{parent.prompt}”"


def ancestors(found: Found) -> list[Task]:
    """The images it was edited from, the nearest first."""
    tasks = {entry.task.key: entry.task for entry in reversed(found.view.entries)}
    chain: list[Task] = []
    key = found.entry.task.parent
    while key is not None and key in tasks:
        chain.append(tasks[key])
        key = tasks[key].parent
    return chain


def _named(reference: Reference) -> str:
    if reference.kind == "url":
        return without_queries(reference.source)
    return f"{reference.source} (content {(reference.sha256 or '')[:12]})"


def _price(view: RunView, entry: Entry) -> str:
    price = entry.task.price if entry.purchase.price is None else entry.purchase.price
    if price is None:
        return "unknown"
    source = next((f" ({each.source}, {each.date})" for each in view.prices if each.model == entry.task.model), "")
    cost = entry.purchase.cost
    paid = f"{usd(cost)} paid" if cost and not view.rehearsal else "nothing paid"
    return f"{usd(price)}{source}; {paid}{_attempts(entry)}"


def _attempts(entry: Entry) -> str:
    sends = entry.purchase.sends
    return f"; {sends} {'attempt' if sends == 1 else 'attempts'}" if sends else ""


def _times(entry: Entry) -> Iterator[str]:
    words = {"intent": "asked for", "submitted": "accepted", "ready": "made", "stored": "stored"}
    times = asdict(entry.purchase.times)
    told = [f"{word} {iso(times[name])}" for name, word in words.items() if times[name] is not None]
    if told:
        yield ", ".join(told)


def why_json(found: Found, origin: Origin) -> dict[str, Any]:
    """Everything that is known; money as decimal strings, None for what could not be found out."""
    task, purchase = found.entry.task, found.entry.purchase
    return {
        "id": task.id,
        "key": task.key,
        "run": str(found.folder),
        "rehearsal": found.view.rehearsal,
        "file": purchase.file.path if purchase.file else None,
        "status": str(purchase.phase),
        "wanted": any(place.wanted for place in found.places),
        "reasons": list(reasons(found)),
        "job": task.job,
        "prompt": task.prompt,
        "template": origin.template or None,
        "spec": {
            "file": origin.file or found.view.spec_file,
            "line": origin.line or task.line,
            "kept": origin.kept or None,
            "profile": origin.profile or None,
            "settings": list(origin.settings),
        },
        "values": [asdict(value) for value in origin.values or _labels(task)],
        "axes": dict(task.axes),
        "model": task.model,
        "size": task.size,
        "options": dict(task.options),
        "reference": _reference(task.reference),
        "chain": [
            {"id": each.id, "key": each.key, "job": each.job, "stem": each.stem, "prompt": each.prompt}
            | {"reference": _reference(each.reference)}
            for each in ancestors(found)
        ],
        "places": [place.task.id for place in found.places],
        "price": decimal_text(task.price if purchase.price is None else purchase.price),
        "cost": decimal_text(purchase.cost),
        "currency": CURRENCY,
        "attempts": purchase.sends,
        "generation": purchase.generation,
        "business_id": purchase.business_id,
        "remote_id": purchase.remote_id,
        "times": {name: iso(moment) for name, moment in asdict(purchase.times).items()},
        "notes": list(origin.notes),
    }


def _reference(reference: Reference | None) -> dict[str, Any] | None:
    if reference is None:
        return None
    source = without_queries(reference.source) if reference.kind == "url" else reference.source
    return {"kind": reference.kind, "source": source, "sha256": reference.sha256}
