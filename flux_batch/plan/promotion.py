"""From picked images to the text of the next spec: readable, and every prompt in it taken over to the letter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from flux_batch.plan.records import Task
from flux_batch.spec.reading.quoting import yaml_text
from flux_batch.spec.records import DraftImage, Limits
from flux_batch.spec.vocabulary import MATCH_INPUT
from flux_batch.spec.words import JOINER, harmless

WIDTH: Final = 96
"""Columns of a prompt's lines, without their indent."""
LABEL_MAX: Final = 100
"""Characters; a label names files, and YAML's keys may not be endless."""
_NAMES: Final = ("image", "picture", "motif", "take")
_NO_LABELS: Final = frozenset({"from", "<<"})
"""Keys that mean something else where labels stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A picked image: its ``task``, the ``image`` file it is in (for people), and what reviewers noted.

    ``reference`` is what the next spec starts from, a path beside it or an address; empty for nothing. ``draft`` is the
    image as the next spec remembers it.
    """

    task: Task
    image: str
    draft: DraftImage | None = None
    notes: tuple[str, ...] = ()
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to make of the picks: on which ``model``, in which ``ratios`` (none: each its own), under which ``name``.

    ``prompt`` is a template that all share, empty for each image's own; ``head`` are lines of comment, ``budget`` is a
    line for itself. ``draft`` is the run they were picked from, and its folder from the next spec's.
    """

    name: str
    title: str
    model: str
    ratios: tuple[str, ...] = ()
    prompt: str = ""
    follow_reference: bool = False
    head: tuple[str, ...] = ()
    budget: str = ""
    draft: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One value of the next spec, and the picks that it stands for: several may have asked for the same image."""

    label: str
    picks: tuple[Pick, ...]
    ratio: str

    @property
    def first(self) -> Pick:
        """The one whose prompt, options and reference it has."""
        return self.picks[0]


def items(picks: Sequence[Pick], wish: Wish) -> tuple[Item, ...]:
    """The different images that the picks ask for, labelled by what tells them apart."""
    groups: dict[object, list[Pick]] = {}
    for pick in picks:
        groups.setdefault(_request(pick, wish), []).append(pick)
    varying = _varying([pick.task for pick in picks], wish)
    taken: set[str] = set()
    found = []
    for group in groups.values():
        label = _free(_label(group[0].task, varying), taken)
        taken.add(label)
        found.append(Item(label=label, picks=tuple(group), ratio=_ratio(group[0], wish)))
    return tuple(found)


def _request(pick: Pick, wish: Wish) -> object:
    prompt = wish.prompt or pick.task.prompt
    return prompt, tuple(sorted(pick.task.options.items())), pick.reference, _ratio(pick, wish)


def _ratio(pick: Pick, wish: Wish) -> str:
    """An image's own ratio, empty where the spec says one for all or none at all."""
    if wish.ratios or wish.follow_reference:
        return ""
    return pick.task.size


def _varying(tasks: Sequence[Task], wish: Wish) -> list[str]:
    """The axes that tell the images apart; what the next spec decides anew tells nothing."""
    anew = () if wish.follow_reference else ("model", "n", "ratio") if wish.ratios else ("model", "n")
    labels: dict[str, set[str]] = {}
    for task in tasks:
        for axis, label in _axes(task).items():
            labels.setdefault(axis, set()).add(label)
    return [axis for axis, found in labels.items() if len(found) > 1 and axis not in anew]


def _axes(task: Task) -> dict[str, str]:
    return {"job": task.job} | dict(task.axes)


def _label(task: Task, varying: Iterable[str]) -> str:
    label = " · ".join(_axes(task)[axis] for axis in varying if axis in _axes(task)) or task.job
    label = f"{label[: LABEL_MAX - 1]}…" if len(label) > LABEL_MAX else label
    return f"image {label}" if label in _NO_LABELS else label


def _free(label: str, taken: set[str]) -> str:
    number, found = 1, label
    while found in taken:
        number += 1
        found = f"{label} ({number})"
    return found


def next_spec(found: Sequence[Item], wish: Wish) -> str:
    """The whole text; one job, or as many as there are kinds of options, with and without a reference."""
    name = _variable([*(item.first.task.prompt for item in found), wish.prompt])
    jobs: dict[object, list[Item]] = {}
    for item in found:
        kind = (bool(item.first.reference), tuple(sorted(item.first.task.options.items())))
        jobs.setdefault(kind, []).append(item)
    groups = list(jobs.values())
    many = max(1, len(wish.ratios)) * len(found)
    blocks = [
        [*(f"# {_comment(line)}" for line in wish.head)],
        ["version: 1", f"name: {_yaml(wish.name)}"],
        [f"models: [{_yaml(wish.model)}]"],
        _jobs(groups, wish, name),
        [f"limits: {{max_tasks: {many}}}"] if many > Limits().max_tasks else [],
        [wish.budget] if wish.budget else [],
        ["report:", f"  title: {_yaml(wish.title)}", *_side_by_side(wish)],
        _draft(found, wish, name),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _side_by_side(wish: Wish) -> list[str]:
    """Where each image has its own ratio, a table with the ratios as columns would be empty but for a diagonal."""
    return [] if wish.ratios else ["  tabs: [ratio]"]


def _draft(found: Sequence[Item], wish: Wish, name: str) -> list[str]:
    """Where the images came from, for the next sheet."""
    if wish.draft is None:
        return []
    run, folder = wish.draft
    lines = ["# The sheet of this spec links back to these; they change no image.", "draft:"]
    lines += [f"  run: {_yaml(run)}", f"  folder: {_quoted(folder)}", f"  axis: {name}", "  images:"]
    for item in found:
        lines += [f"    {_yaml(item.label)}:"]
        lines += [f"      - {_draft_image(pick.draft)}" for pick in item.picks if pick.draft]
    return lines


def _draft_image(image: DraftImage) -> str:
    return f"{{id: {_quoted(image.id)}, sha256: {_quoted(image.sha256)}, file: {_quoted(image.file)}}}"


def _variable(prompts: Iterable[str]) -> str:
    """A name that no prompt has in braces, where it would look like a slip of the pen."""
    text = "\n".join(prompts)
    free = (name for name in _NAMES if f"{{{name}}}" not in text.replace(" ", ""))
    return next(free, "promoted_image")


def _jobs(groups: Sequence[Sequence[Item]], wish: Wish, name: str) -> list[str]:
    names = ["final", *(f"final-{number}" for number in range(2, len(groups) + 1))]
    lines = ["jobs:"]
    for job, group in zip(names, groups, strict=False):
        lines += [f"  {job}:", *(f"    {line}" if line else "" for line in _job(group, wish, name))]
    return lines


def _job(group: Sequence[Item], wish: Wish, name: str) -> list[str]:
    referenced = bool(group[0].first.reference)
    ratios = list(dict.fromkeys(item.ratio for item in group))
    fields = ["prompt"] if not wish.prompt else []
    fields += ["reference"] if referenced else []
    fields += ["ratio"] if len(ratios) > 1 else []
    alone = len(fields) == 1
    prompt = wish.prompt or _tag(name, "prompt", alone)
    lines = [f"prompt: {_quoted(prompt)}"]
    lines += [f"reference: {_quoted(_tag(name, 'reference', alone))}"] if referenced else []
    lines += _ratios_line(ratios, wish, name)
    options = group[0].first.task.options
    lines += [f"options: {{{', '.join(f'{key}: {_option(value)}' for key, value in options.items())}}}"] * bool(options)
    lines += ["variables:", f"  {name}:"]
    for item in group:
        lines += [f"    {line}" for line in _item(item, fields)]
    return lines


def _tag(name: str, field: str, alone: bool) -> str:
    """How a template takes a field of the value, or the value itself where it has only this one."""
    return f"{{{{ {name} }}}}" if alone else f"{{{{ {name}.{field} }}}}"


def _ratios_line(ratios: Sequence[str], wish: Wish, name: str) -> list[str]:
    if wish.ratios:
        return [f"ratios: [{', '.join(_quoted(ratio) for ratio in wish.ratios)}]"]
    if len(ratios) > 1:
        return [f'ratios: ["{{{{ {name}.ratio }}}}"]']
    return [f"ratios: [{_quoted(ratios[0] or MATCH_INPUT)}]"]


def _item(item: Item, fields: Sequence[str]) -> list[str]:
    """A label with its value; above it, in comments, the images that it comes from and what was said of them."""
    lines = [f"# {_comment(line)}" for pick in item.picks for line in _origin(pick)]
    values = {"prompt": item.first.task.prompt, "reference": item.first.reference, "ratio": item.ratio}
    key = _yaml(item.label)
    if len(fields) == 1:
        return [*lines, *_text(key, values[fields[0]])]
    inner = [line for field in fields for line in _field(field, values[field])]
    return [*lines, f"{key}:", *(f"  {line}" for line in inner)]


def _origin(pick: Pick) -> list[str]:
    return [f"from {pick.image} ({pick.task.id})", *(f"note: {note}" for note in pick.notes if note.strip())]


def _field(name: str, text: str) -> list[str]:
    return _text(name, text) if name == "prompt" else [f"{name}: {_quoted(text)}"]


def _text(key: str, text: str) -> list[str]:
    """A text in a block, where nothing needs quotes; in quotes where it is short, or a character cannot be seen."""
    if (
        " " not in text
        or not all(char.isprintable() or char == JOINER for char in text)
        or text != " ".join(text.split())
    ):
        return [f"{key}: {_quoted(text)}"]
    return [f"{key}: >-", *(f"  {line}" for line in _lines(text))]


def _lines(text: str) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        if lines and len(lines[-1]) + 1 + len(word) <= WIDTH:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _option(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int) else _yaml(value)


def _yaml(text: str) -> str:
    return text if yaml_text(text) == text else _quoted(text)


def _quoted(text: str) -> str:
    """In double quotes, and what cannot be seen by its number: a file with it raw would be refused."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() or char == JOINER else f"\\U{ord(char):08x}" for char in quoted)


def _comment(text: str) -> str:
    return harmless(" ".join(text.split()))
