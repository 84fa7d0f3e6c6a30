"""``flux-batch schema``: the JSON Schemas, for editors and checks, and the page of reference made of the spec's."""

from __future__ import annotations

import json
from typing import Final

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option
from flux_batch.errors import UsageError

EXAMPLE = """
    flux-batch schema > spec.schema.json
    flux-batch schema --markdown
    flux-batch schema manifest
"""

HEAD: Final = """\
# The spec: every key

<!-- Made by `flux-batch schema --markdown` from schemas/spec.schema.json: change the text there. -->

What each key means, and nothing more: [the guide](guide.md) explains them one after the other, with examples, and
[the cookbook](cookbook.md) has whole files to start from. Every table has all keys that may stand in one group.
"""


@click.command(cls=Command, example=EXAMPLE)
@click.argument("name", type=click.Choice(["spec", "manifest", "picks"]), default="spec")
@click.option("--markdown", is_flag=True, help="Print the spec's keys as a page to read.")
@json_option
def schema(name: str, markdown: bool, as_json: bool) -> None:
    """Print a JSON Schema (draft 2020-12): of the spec, of manifest.json, or of a picks file."""
    from flux_batch.spec.schema.published import schema_text

    text = schema_text(name)
    if markdown:
        text = _page(name, text, as_json)
    click.echo(json.dumps(json.loads(text), ensure_ascii=False) if as_json else text.rstrip("\n"))


def _page(name: str, text: str, as_json: bool) -> str:
    from flux_batch.spec.schema.reference import reference

    if name != "spec":
        raise UsageError("--markdown is about the spec only: flux-batch schema --markdown")
    if as_json:
        raise UsageError("--json and --markdown are two ways to print it: take one of them")
    return reference(json.loads(text), HEAD)
