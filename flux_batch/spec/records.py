"""The spec as frozen records: what the user wrote, resolved but not yet multiplied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from flux_batch.spec.beside.reads import Reads
from flux_batch.spec.building.fields import Field
from flux_batch.spec.building.fields import Scalar as Scalar
from flux_batch.spec.reading.source import FilePath as FilePath
from flux_batch.spec.reading.source import Source
from flux_batch.spec.tables import InputFile as InputFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value of a variable; ``label`` names files and axes, on one line and never empty.

    ``place`` says where a row of a table stands, empty for what the spec itself says.
    """

    label: str
    value: Field
    at: FilePath = field(default=(), compare=False)
    place: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A named axis; with one value it is a constant. ``columns`` are those of the table that its values are from."""

    name: str
    values: tuple[Value, ...]
    at: FilePath
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """Combinations to leave out: each axis must have one of its labels for the rule to match."""

    axes: Mapping[str, tuple[str, ...]]
    at: FilePath


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """Combinations to add: these values, times everything else that the job multiplies over.

    ``shared`` is a rule from the top of the file, which is about the jobs that have all of its axes.
    """

    axes: Mapping[str, tuple[Value, ...]]
    at: FilePath
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A condition over the axes that every image of a job must meet.

    ``shared`` is one from the top of the file, which is about the jobs that have all of its axes.
    """

    text: str
    at: FilePath
    shared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One prompt and what it is multiplied by.

    ``models`` and ``ratios`` are empty when nobody named any: a generating job then uses the cheapest model
    and the API's default size, an edit follows its parent. ``ratios`` and text in ``options`` may be templates.
    ``pairs`` are names of variables that go in step. ``reference`` is a template for a path or an https URL; ``edit``
    names the parent job. ``at`` is the job's place in the file, ``()`` for a spec without jobs; ``prompt_at`` and so on
    are where these were really written, in the job or at the top of the file.
    """

    name: str
    prompt: str
    variables: tuple[Variable, ...]
    models: tuple[str, ...] = ()
    ratios: tuple[str, ...] = ()
    options: Mapping[str, Scalar] = field(default_factory=dict)
    reference: str | None = None
    edit: str | None = None
    repeat: int = 1
    pairs: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[Exclude, ...] = ()
    include: tuple[Include, ...] = ()
    where: tuple[Where, ...] = ()
    at: FilePath = ()
    prompt_at: FilePath = ("prompt",)
    reference_at: FilePath = ("reference",)
    ratios_at: FilePath = ("ratios",)
    options_at: Mapping[str, FilePath] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """USD; ``max`` is never passed, ``warn`` only speaks."""

    max: Decimal | None = None
    warn: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Seconds before the first status question and between later ones."""

    first: float = 5.0
    every: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How fast to go, and what to do when nobody knows whether a request arrived.

    ``concurrency`` tasks are in flight at most; ``submit_rate`` is submits per second, 0 for no limit of ours;
    ``settle_seconds`` is how long a request may stay unseen before it counts as lost; ``reference_metadata`` says
    whether a picture's EXIF and the like are uploaded with it.
    """

    concurrency: int = 16
    submit_rate: float = 5.0
    poll: Poll = field(default_factory=Poll)
    when_uncertain: str = "resend"
    settle_seconds: float = 120.0
    reference_metadata: str = "strip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """How the contact sheet is laid out; axes not named are chosen from what varies.

    ``logo`` is a picture's path from the spec's folder, ``accent`` a colour, ``#rrggbb``.
    """

    title: str | None = None
    rows: str | None = None
    columns: str | None = None
    tabs: tuple[str, ...] = ()
    logo: str | None = None
    accent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftImage:
    """A picked image: its ``id`` in the draft's manifest, its content, and its ``file`` in the draft's run folder."""

    id: str
    sha256: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The run that a spec was promoted from. ``folder`` is its run folder, from the spec's own.

    ``images`` are the picked ones by label of the variable ``axis``.
    """

    run: str
    folder: str
    axis: str
    images: Mapping[str, tuple[DraftImage, ...]]

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """From plain values, as the schema has them."""
        images = {label: tuple(DraftImage(**image) for image in found) for label, found in value["images"].items()}
        return cls(run=value["run"], folder=value["folder"], axis=value["axis"], images=images)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Guards against a product that nobody meant."""

    max_tasks: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lint:
    """Words and phrases that no prompt may have, and that every prompt must have; case does not count."""

    banned: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    at: FilePath = ("lint",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A whole spec file, valid by its schema; prompts are still templates.

    ``naming`` is the user's file-name template, None for ours. ``source`` is the text it came from, which
    turns a place in the file into a line and a column. ``inputs`` are the other files it was made from: tables, and the
    specs it extends. ``settings`` are the ``path=value`` that were put over it, ``profiles`` the names of
    its profiles. ``draft`` is what it was promoted from. ``reads`` has the hash of everything that was looked at for
    it: where all of that is unmoved, the same text is the same spec.
    """

    name: str
    jobs: tuple[Job, ...]
    variables: tuple[Variable, ...]
    budget: Budget
    execution: Execution
    report: ReportOptions
    limits: Limits
    naming: str | None
    source: Source
    lint: Lint = field(default_factory=Lint)
    inputs: tuple[InputFile, ...] = ()
    settings: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    draft: Draft | None = None
    reads: Reads = field(default_factory=Reads)

    @property
    def folder(self) -> Path:
        """The folder that reference paths are relative to, and must stay in."""
        return self.source.path.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFile:
    """A local image as found on disk; ``path`` is relative to the spec's folder, ``bytes`` its size."""

    path: str
    sha256: str
    bytes: int
    mime: str
    width: int
    height: int
