"""Commands whose help begins with an example, for that is what people look for."""

from __future__ import annotations

from typing import Any

import click


class Command(click.Command):
    """A command with example lines, shown before everything else."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Example, usage, text, options."""
        write_example(formatter, self.example)
        super().format_help(ctx, formatter)


def write_example(formatter: click.HelpFormatter, example: str) -> None:
    """The example as it is typed, unwrapped."""
    formatter.write("Example:\n")
    for line in example.strip().splitlines():
        formatter.write(f"  {line.strip()}\n")
    formatter.write("\n")
