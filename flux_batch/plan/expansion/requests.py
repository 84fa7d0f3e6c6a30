"""What one combination asks the provider for: its prompt, its options, the picture it starts from, and their key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from flux_batch.errors import Problem
from flux_batch.plan.expansion.identity import Frame, as_json, frame
from flux_batch.plan.expansion.naming import describe
from flux_batch.plan.expansion.options import BadOption, read_option
from flux_batch.plan.expansion.table import ASKED, Row, Table
from flux_batch.plan.records import Reference
from flux_batch.plan.templates.fill import Fill
from flux_batch.plan.templates.lint import lint_problem
from flux_batch.plan.templates.pieces import TemplateProblem
from flux_batch.plan.templates.template import compile_template, leftover, squeeze
from flux_batch.spec.beside.files import ReferenceProblem
from flux_batch.spec.building.fields import Record, text_of
from flux_batch.spec.records import FilePath, Job, ReferenceFile, Spec, Value
from flux_batch.spec.words import quoted

Inspect = Callable[[str], ReferenceFile]
"""Opens a reference image by its path relative to the spec; raises ReferenceProblem."""

Option = str | int | bool


class Found(Exception):
    """A problem with one combination; ``of_all``: the same template fails alike for the rest of the job."""

    def __init__(self, problem: Problem, *, of_all: bool = True) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.of_all = of_all


@dataclass(slots=True)
class Pictures:
    """Reference images by their path, each looked at once."""

    inspect: Inspect
    found: dict[str, ReferenceFile | ReferenceProblem] = field(default_factory=dict)

    def __getitem__(self, path: str) -> ReferenceFile | ReferenceProblem:
        """The file, or what is wrong with it."""
        if path not in self.found:
            try:
                self.found[path] = self.inspect(path)
            except ReferenceProblem as error:
                self.found[path] = error
        return self.found[path]

    def files(self) -> tuple[ReferenceFile, ...]:
        """Those that are there, once per content."""
        files = [file for file in self.found.values() if isinstance(file, ReferenceFile)]
        return tuple({file.sha256: file for file in files}.values())

    def hashes(self) -> dict[str, str]:
        """Of every path that was looked at, as it is written: two may have the same content, for now."""
        return {path: file.sha256 for path, file in self.found.items() if isinstance(file, ReferenceFile)}


class Requests:
    """The requests of the combinations of a job that have the same axes.

    ``names`` are what its templates may use, ``parent`` gives the key of the parent's image by its row from 1. Every
    method raises Found.
    """

    def __init__(
        self,
        spec: Spec,
        job: Job,
        table: Table,
        axes: tuple[str, ...],
        *,
        names: frozenset[str],
        pictures: Pictures,
        parent: Callable[[int], str],
    ) -> None:
        self._spec, self._job, self._table, self._axes = spec, job, table, axes
        self._names, self._pictures, self._parent = names, pictures, parent
        self._fills: dict[str, Fill] = {}
        self._last: tuple[str, str, str] = ("", "", "")
        self._written = {name: value for name, value in job.options.items() if isinstance(value, str | int)}
        self._varying = {name for name, value in self._written.items() if isinstance(value, str) and "{{" in value}
        self._is_alike = job.reference is None and job.edit is None and not self._varying
        self._lints = bool(spec.lint.banned or spec.lint.required)
        self._frames: dict[Row, Frame] = {}

    def digest(self, row: Row) -> bytes:
        """The content key of a row, as bytes."""
        prompt = self._prompt(row)[2]
        asked = row[-ASKED:-1]
        said = self._frames.get(asked)
        if said is None:
            said = self._frame(row)
            if self._is_alike:
                self._frames[asked] = said
        return said.digest(prompt)

    def prompt(self, row: Row) -> str:
        """The prompt, as it is sent."""
        return self._prompt(row)[1]

    def options(self, row: Row) -> dict[str, Option]:
        """The options, those with variables filled in."""
        return {
            name: self._option(row, name, str(value)) if name in self._varying else value
            for name, value in self._written.items()
        }

    def reference(self, row: Row) -> Reference | None:
        """The picture to start from, None for none."""
        if row[-1]:
            return Reference(kind="parent", source=self._parent(row[-1]))
        job = self._job
        if job.reference is None:
            return None
        source = self._render(row, job.reference, job.reference_at).strip()
        if "://" in source:
            if reason := _url_problem(source):
                raise self._reference_problem(row, f"the reference {quoted(source)} {reason}")
            return Reference(kind="url", source=source)
        file = self._pictures[source]
        if isinstance(file, ReferenceProblem):
            raise self._reference_problem(row, str(file), file.hint)
        return Reference(kind="file", source=file.path, sha256=file.sha256)

    def _prompt(self, row: Row) -> tuple[str, str, str]:
        """The prompt as it is filled in, as it is sent, and as JSON: made once for rows that follow each other."""
        text = self._render(row, self._job.prompt, self._job.prompt_at)
        if text is not self._last[0]:
            prompt = squeeze(text)
            self._check(row, prompt)
            self._last = (text, prompt, as_json(prompt))
        return self._last

    def _check(self, row: Row, prompt: str) -> None:
        if not prompt:
            raise Found(self._spec.source.problem(self._job.prompt_at, f"the prompt of {self._where(row)} is empty"))
        if brace := leftover(prompt, self._names):
            name = brace.strip("{}% ") or "name"
            message = f"`{brace}` is left in the prompt of {self._where(row)}"
            mark = self._spec.source.find(_written_in(self._values(row), brace) or self._job.prompt_at, brace)
            raise Found(self._spec.source.problem_at(mark, message, f"a variable is written {{{{ {name} }}}}"))
        if self._lints and (broken := lint_problem(self._spec, self._job, prompt, self._values(row))):
            raise Found(broken[0], of_all=broken[1])

    def _frame(self, row: Row) -> Frame:
        combo = self._table.combo(self._axes, row)
        options, reference = self.options(row), self.reference(row)
        return frame(model=combo.model, size=combo.size, options=options, reference=reference, n=combo.n)

    def _option(self, row: Row, name: str, template: str) -> Option:
        at = self._job.options_at[name]
        try:
            return read_option(name, self._render(row, template, at))
        except BadOption as error:
            message = f"for {named_by(self._values(row), template)}: {error}"
            raise Found(self._spec.source.problem(at, message, error.hint), of_all=False) from None

    def _render(self, row: Row, text: str, at: FilePath) -> str:
        fill = self._fills.get(text)
        if fill is None:
            fill = self._fills[text] = Fill(text, self._axes, self._table.values.plain)
        try:
            return fill(row)
        except TemplateProblem as error:
            read = named_by(self._values(row), text)
            message = f"in job `{self._job.name}`{f', for {read}' if read else ''}: {error.message}"
            mark = self._spec.source.find(at, error.needle)
            raise Found(self._spec.source.problem_at(mark, message, error.hint)) from None

    def _reference_problem(self, row: Row, message: str, hint: str = "") -> Found:
        template = self._job.reference or ""
        said = f"for {named_by(self._values(row), template)}: " if "{{" in template else ""
        return Found(self._spec.source.problem(self._job.reference_at, f"{said}{message}", hint), of_all=False)

    def _values(self, row: Row) -> Mapping[str, Value]:
        return self._table.combo(self._axes, row).values

    def _where(self, row: Row) -> str:
        labels = {axis: value.label for axis, value in self._values(row).items()}
        return describe({axis: label for axis, label in labels.items() if axis != "job"})


def _url_problem(url: str) -> str | None:
    if not url.startswith("https://"):
        return "is not fetched: an address begins with https://, or is a path beside the spec"
    if not url.removeprefix("https://").partition("/")[0]:
        return "names no host"
    return "has a space in it" if " " in url else None


def _written_in(values: Mapping[str, Value], text: str) -> FilePath:
    """Where the value stands that brought ``text``; ``()`` when none did."""
    texts = ((value, value.value) for value in values.values() if not isinstance(value.value, Record))
    return next((value.at for value, found in texts if text in text_of(found)), ())


def named_by(values: Mapping[str, Value], template: str) -> str:
    """An image by what a template reads of it, with the rows of tables that this is from."""
    read = [(name, values[name]) for name in compile_template(template).names if name in values]
    return ", ".join(f"{name}={value.label}" + (f" ({value.place})" if value.place else "") for name, value in read)
