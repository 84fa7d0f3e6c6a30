"""A few short questions on a terminal; each has a default, and a wrong answer is asked again."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from typing import Final, TypeVar

from flux_batch.cli.starting.answers import (
    PURPOSES,
    SCENE,
    SUBJECT,
    Wish,
    budget_in,
    ratios_in,
    repeat_in,
    text_in,
    values_in,
    variable_in,
)
from flux_batch.cli.terminal.output import plural, say
from flux_batch.errors import UsageError
from flux_batch.plan.totals.money import usd

T = TypeVar("T")

DEFAULT_SUBJECT: Final = "a sage green mug"
DEFAULT_SCENES: Final = ("on a linen tablecloth", "on a marble counter")
DEFAULT_RATIOS: Final = ("1:1", "16:9")
NONE: Final = "-"
WIDTH: Final = 80

Preview = Callable[[Wish], tuple[int, Decimal]]
"""How many images a wish makes, and what they cost in USD; UsageError when it makes no spec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line says already, each None where it does not; ``reserved`` names cannot be variables."""

    subject: str | None = None
    variables: Mapping[str, tuple[str, ...]] | None = None
    ratios: tuple[str, ...] | None = None
    repeat: int | None = None
    budget: Decimal | None = None
    name: str | None = None
    reserved: tuple[str, ...] = field(default=(SUBJECT,))

    def anything(self) -> bool:
        """Whether a flag says what the spec is about."""
        asked = (self.subject, self.variables, self.ratios, self.repeat, self.budget, self.name)
        return any(each is not None for each in asked)


def converse(wish: Wish, given: Given, preview: Preview, *, subject: bool, ratios: bool) -> Wish:
    """Ask for what is not given; ``subject`` and ``ratios`` are False where a table says them.

    EOFError when the answers end, KeyboardInterrupt when the person has enough.
    """
    open_ = [subject and given.subject is None, given.variables is None, ratios and given.ratios is None]
    if not any((*open_, given.repeat is None, given.budget is None)):
        return wish
    say("A few questions. Enter takes what is in [brackets]; Ctrl-C: nothing is written.")
    if subject and given.subject is None:
        wish = replace(wish, subject=ask("What is in the picture?", DEFAULT_SUBJECT, text_in))
    if given.variables is None:
        wish = replace(wish, variables=_variables(given.reserved))
    if ratios and given.ratios is None:
        wish = replace(wish, ratios=ask(_ratio_question(), ", ".join(DEFAULT_RATIOS), ratios_in))
    if given.repeat is None:
        wish = _repeat(wish, preview)
    return _budget(wish, preview) if given.budget is None else wish


def ask(question: str, default: str, read: Callable[[str], T]) -> T:
    """One question, until its answer can be read; an empty answer is the default."""
    say(f"\n{question}\n[{default}]" if default else f"\n{question}")
    while True:
        try:
            return read(_line().strip() or default)
        except UnicodeDecodeError:
            say("  That was not UTF-8 text; type it again.")
        except UsageError as error:
            say("\n".join(_indented(line) for line in _sentence(str(error)).splitlines()))


def _line() -> str:
    """What is typed up to Enter; EOFError when nothing more can come."""
    try:
        return _typed()
    except EOFError:
        say("")  # the cursor stands behind the question
        raise


def _typed() -> str:
    if sys.stdout.isatty():
        with suppress(ImportError):
            import readline  # noqa: F401 - input() knows the arrow keys once it is there
        return input("> ")
    sys.stderr.write("> ")  # stdout goes elsewhere, and no question belongs there
    sys.stderr.flush()
    if line := sys.stdin.readline():
        return line
    raise EOFError


def _indented(line: str) -> str:
    return textwrap.fill(line.strip(), WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('?', '.', '!')) else '.'}"


def _variables(reserved: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    question = f'In which scenes? Commas between them, "{NONE}" for none; commas in "quotes" stay.'
    scenes = ask(question, ", ".join(DEFAULT_SCENES), lambda answer: () if answer == NONE else values_in(answer))
    found = {SCENE: scenes} if scenes else {}
    question = "What else should vary? Like  light: dawn, blue dusk   (Enter: nothing)"
    while more := ask(question, "", lambda answer: variable_in(answer, (*reserved, *found)) if answer else None):
        found[more[0]] = more[1]
        question = "And what else?   (Enter: nothing)"
    return found


def _ratio_question() -> str:
    """The ratios by what they are for, in three columns."""
    cells = [f"{n}  {ratio:<5} {', '.join(uses)}" for n, (ratio, uses) in enumerate(PURPOSES.items(), start=1)]
    height = -(-len(cells) // 3)
    rows = ["".join(f"{cell:<26}" for cell in cells[row::height]).rstrip() for row in range(height)]
    return "\n".join(["Which ratios? Numbers or ratios, commas between them.", *(f"  {row}" for row in rows)])


def _repeat(wish: Wish, preview: Preview) -> Wish:
    """The number of variations, once it is known that they can be made; what cannot be made once ends it."""
    preview(wish)

    def read(answer: str) -> Wish:
        wanted = replace(wish, repeat=repeat_in(answer))
        preview(wanted)
        return wanted

    return ask("How many variations of each?", "1", read)


def _budget(wish: Wish, preview: Preview) -> Wish:
    images, cost = preview(wish)
    default = max(Decimal(1), (cost * 2).to_integral_value(ROUND_CEILING))
    question = f'{plural(images, "image")}, about {usd(cost)}. Spend how many dollars at most? "{NONE}" for no limit.'
    budget = ask(question, f"{default:.2f}", lambda answer: None if answer == NONE else budget_in(answer))
    if budget is not None and budget < cost:
        say(f"  That is less than the {usd(cost)} they cost: `run` will refuse until one of them changes.")
    return replace(wish, budget=budget)
