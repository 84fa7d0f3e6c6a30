"""Learning, while a run goes on, how long images take, model by model: pure but for its memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Final

from flux_batch.run.pace.schedule import Making, Polls, Span, deviation, fit, plan_polls
from flux_batch.run.protocol.events import Accepted, Event, Seen
from flux_batch.run.protocol.steps import Moment, State, since
from flux_batch.run.records import Phase

ENOUGH: Final = 8
"""Images that say how long the next ones take; with fewer the fixed schedule holds."""

KEPT: Final = 256
"""Of the latest; older ones say nothing that these do not."""

_LATEST: Final = 16
"""Images that show that times have changed, when together they are _ODD deviations off; then only they count."""

_ODD: Final = 3.5
_OFTEN: Final = 4
"""Images between two looks for a change."""

_SHORTEST: Final = 1e-3


class Learner:
    """Polls for every model, better with each image; ``first`` and ``every`` are their lower bounds, in seconds.

    ``news`` says whether anything was learned beyond what was ``known``.
    """

    def __init__(self, first: float, every: float, known: Mapping[str, Sequence[Span]] | None = None) -> None:
        self._first = first
        self._every = every
        self._spans: dict[str, list[Span]] = {}
        self._making: dict[str, Making] = {}
        self._polls: dict[str, Polls] = {}
        self._due: dict[str, int] = {}
        self.news = False
        for model, spans in (known or {}).items():
            self._spans[model] = list(spans)[-KEPT:]
            self._plan(model)

    def polls(self, model: str) -> Polls:
        """When to ask about an image of this model."""
        return self._polls.get(model) or Polls(first=self._first, every=self._every)

    def add(self, model: str, span: Span) -> None:
        """One more image is ready; plans anew now and then."""
        if span.high < _SHORTEST:
            return
        self.news = True
        spans = self._spans.setdefault(model, [])
        spans.append(span)
        del spans[:-KEPT]
        self._due[model] = self._due.get(model, 0) + 1
        if self._due[model] % _OFTEN == 0 and model in self._making and _changed(self._making[model], spans[-_LATEST:]):
            del spans[:-_LATEST]
            self._plan(model)
        elif self._due[model] >= max(ENOUGH, len(spans) // 2):
            self._plan(model)

    def spans(self) -> dict[str, list[Span]]:
        """What later runs should know."""
        return {model: list(spans) for model, spans in self._spans.items() if spans}

    def _plan(self, model: str) -> None:
        self._due[model] = 0
        if len(self._spans[model]) >= ENOUGH:
            self._making[model] = fit(self._spans[model])
            self._polls[model] = plan_polls(self._making[model], self._first, self._every)


class Attempt:
    """One image on its way, watched from its acceptance on: what was not sent by this process teaches nothing."""

    def __init__(self, learner: Learner, model: str) -> None:
        self._learner = learner
        self._model = model
        self._low: float | None = None

    @property
    def poll_times(self) -> tuple[float, ...]:
        """When to ask, as far as is known now."""
        return self._learner.polls(self._model).times

    def saw(self, before: State, event: Event, after: State, now: Moment) -> None:
        """Something happened: the request was taken, or it was asked about."""
        elapsed = since(after.waiting_since, now)
        if isinstance(event, Accepted) and after.phase is Phase.SUBMITTED:
            self._low = 0.0
        elif self._low is None or not isinstance(event, Seen) or before.phase is not Phase.SUBMITTED:
            return
        elif after.phase is Phase.SUBMITTED:
            self._low = elapsed
        elif after.phase is Phase.READY:
            self._learner.add(self._model, Span(low=self._low, high=elapsed))


def _changed(making: Making, latest: Sequence[Span]) -> bool:
    """Whether these images would be too odd a coincidence."""
    if len(latest) < _LATEST:
        return False
    return abs(sum(deviation(making, span) for span in latest)) / sqrt(len(latest)) > _ODD
