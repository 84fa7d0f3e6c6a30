"""A template filled in for many combinations: each value is made a text once, and rows that read the same share one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter

from flux_batch.plan.expansion.table import Row
from flux_batch.plan.templates.pieces import MAX_OUTPUT, Piece, TemplateProblem
from flux_batch.plan.templates.template import Compiled, compile_template
from flux_batch.spec.building.fields import Field

View = Callable[[int], Field]
"""What a template sees of the value with a number."""


class Fill:
    """One template for rows that have ``axes``; ``constants`` are what else it may name."""

    def __init__(
        self, text: str, axes: tuple[str, ...], view: View, constants: Mapping[str, Field] | None = None
    ) -> None:
        self.compiled = compile_template(text)
        self._axes, self._view = axes, view
        self._constants = {name: value for name, value in (constants or {}).items() if name not in axes}
        places = tuple(axes.index(name) for name in self.compiled.names if name in axes)
        self._read: Callable[[Row], object] = itemgetter(*places) if places else _nothing
        self._written = _Written.of(self.compiled, axes, view, self._constants)
        self._last: object = None
        self._text = ""

    def __call__(self, row: Row) -> str:
        """The text of a row, the very same one as long as what it reads stays the same; raises TemplateProblem."""
        read = self._read(row)
        if read != self._last:
            self._text, self._last = self._filled(row), read
        return self._text

    def _filled(self, row: Row) -> str:
        if self._written is not None:
            try:
                text = self._written(row)
            except (TemplateProblem, TypeError):
                pass  # the other way says what is wrong, and in the order in which the template reads
            else:
                if len(text) <= MAX_OUTPUT:
                    return text
        values = {axis: self._view(number) for axis, number in zip(self._axes, row, strict=False)}
        return self.compiled.render({**self._constants, **values})


class _Written:
    """A template without conditions: a form whose gaps are filled with texts that are made once for each value."""

    def __init__(self, form: str, gaps: list[tuple[int, _Texts]]) -> None:
        self._form, self._gaps = form, gaps

    @classmethod
    def of(
        cls, compiled: Compiled, axes: tuple[str, ...], view: View, constants: Mapping[str, Field]
    ) -> _Written | None:
        """None where it is not that simple, or where something has no value."""
        form, gaps = "", list[tuple[int, _Texts]]()
        for piece in compiled.pieces or ():
            if isinstance(piece, str):
                form += piece.replace("%", "%%")
                continue
            form += "%s"
            name = piece.way[0]
            if name in axes:
                gaps.append((axes.index(name), _Texts(piece, view)))
            elif name in constants:
                gaps.append((0, _Texts(piece, partial(_always, constants[name]))))
            else:
                return None
        return None if compiled.pieces is None else cls(form, gaps)

    def __call__(self, row: Row) -> str:
        return self._form % tuple([texts[row[place]] for place, texts in self._gaps])


class _Texts(dict[int, str]):
    """Number of a value → its text in a gap."""

    def __init__(self, piece: Piece, view: View) -> None:
        super().__init__()
        self._piece, self._view = piece, view

    def __missing__(self, number: int) -> str:
        text = self[number] = self._piece.text(self._view(number))
        return text


def _always(value: Field, _: int) -> Field:
    return value


def _nothing(_: Row) -> object:
    return ()
