"""Why an image was bought, as far as its run still knows: what stood at its place before, and how it was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flux_batch.cli.terminal.finding import Found
from flux_batch.plan.difference.differences import differences, in_words
from flux_batch.plan.difference.nearest import Nearest, place_of
from flux_batch.plan.records import Task
from flux_batch.run.records import Entry, Phase

_STANDS: Mapping[Phase, str] = {
    Phase.STORED: "stored: a run uses it again and buys nothing",
    Phase.PLANNED: "not bought yet",
    Phase.FAILED: "failed; run --retry-failed asks again",
    Phase.REFUSED: "refused; run --retry-failed asks again",
    Phase.SKIPPED: "left out, because the image it starts from could not be made",
    Phase.HELD: "perhaps sent; waits for a decision (flux-batch resolve)",
}


def reasons(found: Found) -> tuple[str, ...]:
    """One sentence each: why it was bought, what was special about it, and where it stands."""
    return tuple(_reasons(found))


def _reasons(found: Found) -> Iterator[str]:
    entry = found.entry
    purchase = entry.purchase
    if purchase.times.intent is not None:
        yield _bought_because(found)
    if purchase.generation > 1 and not found.view.rehearsal:
        yield "asked for again after a failure (--retry-failed)"
    if purchase.sends > 1:
        yield "sent twice: the first request was proven lost"
    if len(found.places) > 1:
        yield f"bought once, shown in {len(found.places)} places: the same request is wanted by each"
    if any(place.wanted for place in found.places):
        yield _STANDS.get(purchase.phase, "sent or paid, not stored yet: a run finishes it and pays no more")
    else:
        yield "no longer wanted by the last spec that was run; it is kept, and wanting it again buys nothing"


def _bought_because(found: Found) -> str:
    before = _predecessor(found)
    if before is None:
        return "bought because it was not there yet"
    tasks = {entry.task.key: entry.task for entry in found.view.entries}
    changed = in_words(differences(before, found.entry.task, tasks, tasks))
    return f"bought because of an earlier image ({before.id}): {changed or 'its place in the matrix changed'}"


def _predecessor(found: Found) -> Task | None:
    """The image that was bought before for this place, or for the value that was edited since."""
    me = found.entry
    earlier = [entry for entry in found.view.entries if entry.task.key != me.task.key and _before(entry, me)]
    earlier.sort(key=lambda entry: entry.purchase.times.intent or 0.0)
    here = [entry.task for entry in earlier if place_of(entry.task) == place_of(me.task)]
    if here:
        return here[-1]
    retired = [entry.task for entry in earlier if not entry.wanted]
    present = [entry.task for entry in found.view.entries if entry.wanted]
    return Nearest(retired, retired, present)(me.task) if retired and me.wanted else None


def _before(entry: Entry, me: Entry) -> bool:
    first, second = entry.purchase.times.intent, me.purchase.times.intent
    return first is not None and second is not None and first < second and not entry.wanted
