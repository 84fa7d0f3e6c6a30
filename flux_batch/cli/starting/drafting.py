"""A wish → the text of a commented spec. Whatever was typed is quoted where YAML would read it in another way."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Final

from flux_batch.cli.starting.answers import SUBJECT, Wish
from flux_batch.plan.totals.money import decimal_text
from flux_batch.spec.reading.quoting import yaml_text

STARTER: Final = "first.yaml"
WIDTH: Final = 80
"""Columns that a line has, where a text's length allows it."""
_NOTE_AT: Final = 34

EXPLAINED: Final = "# Every {{ name }} is filled in from `variables`; every combination becomes one image."


_UNBROKEN: Final = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|\S)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What a draft says about a table: its ``variable``, its path from the spec's folder, and how it is used.

    ``prompt`` is the part of the prompt that its columns make; ``reference`` and ``ratio`` are templates, empty for
    none. ``remarks`` are lines of comment that describe it.
    """

    variable: str
    path: str
    label: str
    prompt: str
    reference: str = ""
    ratio: str = ""
    remarks: tuple[str, ...] = ()


def starter() -> str:
    """The text of the starter, with every key explained."""
    return resources.files("flux_batch.cli.starting").joinpath("starter", STARTER).read_text(encoding="utf-8")


def draft(wish: Wish, sheet: Sheet | None = None, *, advice: Sequence[str] = (), max_tasks: int | None = None) -> str:
    """The spec; ``advice`` are lines of comment about its price, ``max_tasks`` a limit to raise."""
    blocks = [
        [*_editor_lines(), "#", *_head(wish, sheet, advice)],
        [
            "# Every {{ name }} is filled in from `variables`; every combination becomes one image.",
            *_prompt(wish, sheet),
        ],
        _variables(wish, sheet),
        _settings(wish, sheet, max_tasks),
        _more(wish, sheet),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def _editor_lines() -> list[str]:
    """What leads an editor to the schema, as the starter has it."""
    return [line for line in starter().splitlines() if line.startswith("#") and "$schema" in line]


def _head(wish: Wish, sheet: Sheet | None, advice: Sequence[str]) -> list[str]:
    file = f"{wish.name}.yaml"
    width = len(f"rehearse {file}") + 2
    commands = {
        f"plan {file}": "what it would make and cost (sends nothing)",
        f"rehearse {file}": "try it all on the built-in simulator (free)",
        f"run {file}": "buy it; stop and repeat as often as you like",
    }
    return [
        "# Written by `flux-batch init`. Edit it, then:",
        *(f"#   flux-batch {command:<{width}}{does}" for command, does in commands.items()),
        *(
            f"# {line}".rstrip()
            for line in (*(("", *sheet.remarks) if sheet else ()), *(("", *advice) if advice else ()))
        ),
        "version: 1",
        _noted(f"name: {yaml_text(wish.name)}", f"the run folder will be runs/{wish.name}"),
    ]


def _comment(lines: Sequence[str]) -> list[str]:
    return [f"# {line}".rstrip() for line in ("", *lines)] if lines else []


def _prompt(wish: Wish, sheet: Sheet | None) -> list[str]:
    subject = sheet.prompt if sheet else f"{{{{ {SUBJECT} }}}}"
    parts = ", ".join([subject, *(f"{{{{ {name} }}}}" for name in wish.variables)])
    if sheet and sheet.reference:
        written = f"Product photo of {parts}. Keep the product exactly as it is in the picture"
    else:
        written = f"Studio photo of {parts}"
    return ["prompt: >-", *_folded(written)]


def _folded(text: str) -> list[str]:
    """Lines of a block, broken between words and never within braces: one text again once it is read."""
    lines = [""]
    for word in _UNBROKEN.findall(text):
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > WIDTH - 2 and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return [f"  {line}" for line in lines]


def _variables(wish: Wish, sheet: Sheet | None) -> list[str]:
    lines = ["variables:"]
    if sheet:
        table = f"{{from: {yaml_text(sheet.path)}, label: {yaml_text(sheet.label)}}}"
        lines.append(_noted(f"  {sheet.variable}: {table}", "one row, one value"))
    else:
        lines.append(_noted(f"  {SUBJECT}: {yaml_text(wish.subject)}", "a list, [mug, teapot], makes each"))
    for name, values in wish.variables.items():
        lines += _variable(name, values)
    return lines


def _variable(name: str, values: Sequence[str]) -> list[str]:
    written = [yaml_text(value) for value in values]
    line = f"  {name}: [{', '.join(written)}]"
    return [line] if len(line) <= WIDTH else [f"  {name}:", *(f"    - {text}" for text in written)]


def _settings(wish: Wish, sheet: Sheet | None, max_tasks: int | None) -> list[str]:
    ratios = [sheet.ratio] if sheet and sheet.ratio else list(wish.ratios)
    budget = f"budget: {{max: {decimal_text(wish.budget)}}}" if wish.budget is not None else "# budget: {max: 5.00}"
    lines = [*([f"reference: {json.dumps(sheet.reference, ensure_ascii=False)}"] if sheet and sheet.reference else [])]
    lines += [
        _noted("models: [flux-kontext-pro]", "or flux-kontext-max, for the finals"),
        _noted(_ratio_line(ratios), "in quotes: some tools read 16:9 as a number"),
        _noted("# repeat: 2" if wish.repeat == 1 else f"repeat: {wish.repeat}", "variations of every image"),
        _noted(budget, "US dollars; never passed"),
    ]
    return [*lines, _noted(f"limits: {{max_tasks: {max_tasks}}}", "more images are refused")] if max_tasks else lines


def _ratio_line(ratios: Sequence[str]) -> str:
    return "ratios: [" + ", ".join(f'"{ratio}"' for ratio in ratios) + "]"


def _more(wish: Wish, sheet: Sheet | None) -> list[str]:
    axes = [*([sheet.variable] if sheet else []), *wish.variables, "ratio", "model"]
    return [
        "# options: {response_format: png, safety_tolerance: 2}",
        f"# report: {{rows: {axes[0]}, columns: {axes[1]}, title: A first look}}",
    ]


def _noted(line: str, note: str) -> str:
    """A line with a remark behind it, where both fit."""
    column = max(_NOTE_AT, len(line) + 2)
    return f"{line:<{column}}# {note}" if column + len(note) + 2 <= WIDTH else line
