"""``flux-batch report``: the contact sheet and the manifest, written again from the state file."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import json_option, out_option, picks_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, one_line, print_json, say
from flux_batch.errors import RunLocked, UsageError

if TYPE_CHECKING:
    from flux_batch.run.records import RunView

EXAMPLE = """
    flux-batch report quickstart-rehearsal --open
    flux-batch report spring --single-file --picked --picks picks.json --to spring.html
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@click.option("--open", "open_page", is_flag=True, help="Open the contact sheet in the browser.")
@click.option("--title", metavar="TEXT", help="Another heading, this time. [default: title in the spec's report]")
@click.option("--single-file", is_flag=True, help="One file for an e-mail, small pictures in it: up to 200 images.")
@click.option("--to", type=click.Path(path_type=Path), metavar="FILE.html", help="Its name. [default: <name>.html]")
@click.option("--picked", is_flag=True, help="With --single-file: only what was picked.")
@picks_option
@out_option
@json_option
def report(
    run_or_spec: Path,
    open_page: bool,
    title: str | None,
    single_file: bool,
    to: Path | None,
    picked: bool,
    picks: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Write the contact sheet and the manifest again, from the state file alone.

    While a run goes on its sheet fills by itself; --open then opens it as it is.
    """
    folder = run_folder(run_or_spec, out)
    if not single_file and (to or picked or picks):
        raise UsageError("--to, --picked and --picks are for --single-file; the sheet of a run shows all of it")
    if single_file:
        page = _single(folder, title, to, picks if picked else None)
        lines, told = [f"contact sheet  {page}  ({_size(page)})"], {"report": str(page), "bytes": page.stat().st_size}
    else:
        page, lines, told = _whole(folder, title, open_page=open_page)
    if as_json:
        print_json(told)
    else:
        click.echo(clean("\n".join(lines)))
    if open_page:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())


def _whole(folder: Path, title: str | None, *, open_page: bool) -> tuple[Path, list[str], dict[str, Any]]:
    from flux_batch.plan.totals.money import decimal_text
    from flux_batch.report.page.render import PAGE
    from flux_batch.report.summary import totals
    from flux_batch.report.write import write_report
    from flux_batch.run.folder.lock import run_lock
    from flux_batch.run.store.state import FILE, StateFile

    try:
        with _uncollected(), run_lock(folder), StateFile(folder / FILE, read_only=True) as state:
            view = _titled(state.view(), title)
            paths = write_report(view, folder)
    except RunLocked:
        page = folder / PAGE
        if not (open_page and page.is_file()):
            raise
        say("The run goes on; its contact sheet fills by itself.")
        return page, [f"contact sheet  {page}"], {"report": str(page)}
    counted = totals(view)
    return (
        paths.page,
        [f"contact sheet  {paths.page}", f"manifest       {paths.manifest}"],
        {
            "report": str(paths.page),
            "manifest": str(paths.manifest),
            "tasks": counted.tasks,
            "stored": counted.stored,
            "spent": decimal_text(counted.spent),
        },
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing of a report holds itself, and of a large run it is much that would be looked through again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _single(folder: Path, title: str | None, to: Path | None, picks: tuple[Path, ...] | None) -> Path:
    """The page in one file; of the picked images alone where ``picks`` is not None."""
    from flux_batch.cli.picking.marks import marked, read_view
    from flux_batch.report.page.single import write_single

    if picks is None:
        view = read_view(folder)
    else:
        found = marked(folder, picks)
        view = replace(found.view, entries=tuple(entry for entry, _ in found.picked()))
    return write_single(_titled(view, title), folder, to or Path(f"{view.name}.html"))


def _titled(view: RunView, title: str | None) -> RunView:
    if title is None:
        return view
    if not title.strip():
        raise UsageError("--title: write at least a letter")
    return replace(view, report=replace(view.report, title=one_line(title)))


def _size(page: Path) -> str:
    from flux_batch.report.words import file_size

    return file_size(page.stat().st_size)
