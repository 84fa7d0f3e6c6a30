"""``flux-batch schema``: the JSON Schemas, for editors and checks."""

from __future__ import annotations

import json

import click

from flux_batch.cli.command import Command
from flux_batch.cli.options import json_option

EXAMPLE = """
    flux-batch schema > spec.schema.json
    flux-batch schema manifest
"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("name", type=click.Choice(["spec", "manifest", "picks"]), default="spec")
@json_option
def schema(name: str, as_json: bool) -> None:
    """Print a JSON Schema (draft 2020-12): of the spec, of manifest.json, or of a picks file."""
    from flux_batch.spec.schema import schema_text

    text = schema_text(name)
    click.echo(json.dumps(json.loads(text), ensure_ascii=False) if as_json else text.rstrip("\n"))
