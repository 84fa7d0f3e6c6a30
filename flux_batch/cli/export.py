"""``flux-batch export``: delivery copies with captions, alt texts and a disclosure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option, out_option, picks_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, plural, print_json
from flux_batch.errors import UsageError

if TYPE_CHECKING:
    from flux_batch.report.delivery.deliver import Delivery, Order
    from flux_batch.report.picking.agreement import Verdict

EXAMPLE = """
    flux-batch export spring --picked --picks picks.json --to spring-finals.zip
    flux-batch export spring --by channel,ratio
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@click.option("--picked", is_flag=True, help="Only what was picked. [default: everything stored]")
@picks_option
@click.option("--to", type=click.Path(path_type=Path), metavar="DIR|FILE.zip", help="[default: <name>-delivery]")
@click.option("--by", metavar="AXIS,AXIS", help="In folders by these axes, like channel,ratio. [default: side by side]")
@click.option("--prompts", is_flag=True, help="Write the prompts into the copies and the captions, too.")
@out_option
@json_option
def export(
    run_or_spec: Path,
    picked: bool,
    picks: tuple[Path, ...],
    to: Path | None,
    by: str | None,
    prompts: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Copy images for delivery, into a folder or a zip; the originals stay as they are.

    Beside them lie captions.csv (alt texts) and disclosure.txt. The copies say in their metadata that they were made by
    a model, and how they were rated. No file is ever written over; doing it again goes on where it stopped.
    """
    from flux_batch.report.delivery.deliver import deliver

    axes = tuple(dict.fromkeys(axis.strip() for axis in (by or "").split(",") if axis.strip()))
    order = replace(_order(run_folder(run_or_spec, out), picked, picks, prompts), by=axes)
    delivery = deliver(order, to or Path(f"{order.view.name}-delivery"))
    if as_json:
        print_json(_as_json(delivery))
        return
    for line in _lines(delivery):
        click.echo(clean(line))


def _order(folder: Path, picked: bool, picks: tuple[Path, ...], prompts: bool) -> Order:
    from flux_batch.cli.picking.marks import marked, read_view
    from flux_batch.report.delivery.deliver import Order

    if not picked and not picks:
        view = read_view(folder)
        entries, ratings = [entry for entry in view.entries if entry.wanted], dict[str, int]()
    else:
        found = marked(folder, picks)
        view = found.view
        entries = [entry for entry, _ in found.picked()] if picked else [each for each in view.entries if each.wanted]
        ratings = {
            verdict.image.sha256: rating for _, verdict in found.known if (rating := _rating(verdict)) is not None
        }
    order = Order(view=view, folder=folder, entries=tuple(entries), ratings=ratings, prompts=prompts)
    if not any(entry.purchase.file for entry in order.entries):
        raise UsageError(f"{folder} holds no stored image yet. Look at: flux-batch status")
    return order


def _rating(verdict: Verdict) -> int | None:
    """As XMP has it: -1 for what was rejected."""
    return -1 if verdict.flag == "reject" else verdict.rating


def _lines(delivery: Delivery) -> list[str]:
    there = sum(not copy.written for copy in delivery.copies)
    lines = [
        f"{plural(len(delivery.copies), 'image')} in {delivery.target}"
        + (f", {there:,} there already" if there else "")
    ]
    plain: dict[str, int] = {}
    for copy in delivery.copies:
        plain[copy.caption.metadata] = plain.get(copy.caption.metadata, 0) + 1
    lines += [f"  metadata {reason}: {count:,}" for reason, count in plain.items()]
    return [*lines, "  captions.csv, disclosure.txt"]


def _as_json(delivery: Delivery) -> dict[str, Any]:
    return {
        "to": str(delivery.target),
        "images": len(delivery.copies),
        "written": sum(copy.written for copy in delivery.copies),
        "already_there": sum(not copy.written for copy in delivery.copies),
        "captions": "captions.csv",
        "disclosure": "disclosure.txt",
        "files": [
            {
                "file": copy.caption.file,
                "sha256": copy.sha256,
                "bytes": copy.bytes,
                "written": copy.written,
                "original": copy.caption.original,
                "original_sha256": copy.caption.original_sha256,
                "alt_text": copy.caption.alt_text,
                "rating": copy.caption.rating,
                "digital_source_type": copy.caption.source_type or None,
                "metadata": copy.caption.metadata,
            }
            for copy in delivery.copies
        ],
    }
