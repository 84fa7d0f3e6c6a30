"""``flux-batch init``: a commented starter project with editor hints."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

import click

from flux_batch.cli.command import Command
from flux_batch.cli.options import json_option
from flux_batch.cli.output import clean, print_json, say
from flux_batch.errors import UsageError

EXAMPLE = """
    flux-batch init my-campaign
"""

SPEC: Final = "first.yaml"

_EXTENSIONS: Final = '{\n  "recommendations": ["redhat.vscode-yaml"]\n}\n'
_IGNORED: Final = "runs/\n.env\n"


@click.command(cls=Command, example=EXAMPLE)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@json_option
def init(folder: Path, as_json: bool) -> None:
    """Write a commented starter project: a spec, its schema for the editor, and recommended settings.

    Files that are there already are never changed.
    """
    files = starter()
    taken = [name for name in files if (folder / name).exists()]
    if SPEC in taken:
        raise UsageError(f"{folder / SPEC} is there already; choose another folder: flux-batch init DIR")
    written = [name for name in files if name not in taken]
    try:
        for name in written:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(files[name])
    except OSError as error:
        raise UsageError(f"{error.filename or folder}: {error.strerror}") from None
    if as_json:
        print_json({"folder": str(folder), "written": written, "kept": taken})
        return
    for name in written:
        click.echo(clean(f"wrote {folder / name}"))
    say(f"\nNext: flux-batch rehearse {folder / SPEC}   (free, needs no key)")


def starter() -> dict[str, str]:
    """File name → text of the starter project."""
    from flux_batch.spec.schema import schema_text

    spec = resources.files("flux_batch.cli").joinpath("starter", SPEC).read_text(encoding="utf-8")
    return {
        SPEC: spec,
        ".flux-batch/spec.schema.json": schema_text("spec"),
        ".vscode/extensions.json": _EXTENSIONS,
        ".gitignore": _IGNORED,
    }
