"""The difference of a plan to what is done, one line for every purchase: a place and a number each, made when asked."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from typing import overload

from flux_batch.plan.records import Action, Change
from flux_batch.plan.totals.columns import Columns

Said = tuple[Action, str]
"""What would be done, and why."""


class Later(Sequence[Change]):
    """Changes that are worked out when somebody looks at them."""

    def __init__(self, changes: Callable[[], Sequence[Change]]) -> None:
        self._make = changes

    @cached_property
    def _changes(self) -> Sequence[Change]:
        return self._make()

    def __len__(self) -> int:
        """How many."""
        return len(self._changes)

    @overload
    def __getitem__(self, number: int) -> Change: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[Change]: ...
    def __getitem__(self, number: int | slice) -> Change | Sequence[Change]:
        """A change by its number, or several."""
        return self._changes[number]


class Changes(Sequence[Change]):
    """``places`` are those of the purchases in the plan, in order; behind them stands what is ``removed``."""

    def __init__(self, tasks: Columns, places: array[int]) -> None:
        self.places = places
        self.removed: tuple[Change, ...] = ()
        self._tasks = tasks
        self._said = array("I")
        self._words: list[Said] = []
        self._numbers: dict[Said, int] = {}

    def say(self, action: Action, reason: str) -> None:
        """What is to be said of the next purchase."""
        self._said.append(self._number((action, reason)))

    def say_all(self, action: Action, reason: str) -> None:
        """The same for all that are left."""
        self._said.extend(array("I", [self._number((action, reason))]) * (len(self.places) - len(self._said)))

    def counts(self) -> Counter[Said]:
        """How often each thing is said, what is removed included."""
        counted = Counter({self._words[number]: times for number, times in Counter(self._said).items()})
        counted.update((change.action, change.reason) for change in self.removed)
        return counted

    def places_of(self, *actions: Action) -> array[int]:
        """The places of the purchases of which one of these is said."""
        wanted = [action in actions for action, _ in self._words]
        return array("I", (place for place, said in zip(self.places, self._said, strict=True) if wanted[said]))

    def __len__(self) -> int:
        """How many purchases, and how many images no longer wanted."""
        return len(self.places) + len(self.removed)

    def __iter__(self) -> Iterator[Change]:
        """Every change, made anew."""
        return chain(map(self._change, self.places, self._said), self.removed)

    @overload
    def __getitem__(self, number: int) -> Change: ...
    @overload
    def __getitem__(self, number: slice) -> tuple[Change, ...]: ...
    def __getitem__(self, number: int | slice) -> Change | tuple[Change, ...]:
        """A change by its number, or several."""
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        number = range(len(self))[number]
        if number >= len(self.places):
            return self.removed[number - len(self.places)]
        return self._change(self.places[number], self._said[number])

    def _change(self, place: int, said: int) -> Change:
        action, reason = self._words[said]
        key = self._tasks.key_at(place)
        return Change(id=self._tasks.id_of(place, key), key=key, action=action, reason=reason)

    def _number(self, said: Said) -> int:
        found = self._numbers.get(said)
        if found is None:
            found = self._numbers[said] = len(self._words)
            self._words.append(said)
        return found
