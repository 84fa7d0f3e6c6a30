"""``flux-batch verify``: are the images on disk the ones that were bought?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flux_batch.cli.running.asking import Answers, ask_again
from flux_batch.cli.terminal.command import Command
from flux_batch.cli.terminal.options import command_again, json_option, out_option, run_argument, run_folder
from flux_batch.cli.terminal.output import clean, plural, print_json, say

if TYPE_CHECKING:
    from flux_batch.run.after.verify import Checked
    from flux_batch.run.records import Entry, RunView

EXAMPLE = """
    flux-batch verify quickstart-rehearsal
"""


@click.command(cls=Command, example=EXAMPLE)
@run_argument
@out_option
@json_option
@click.pass_context
def verify(ctx: click.Context, run_or_spec: Path, out: Path | None, as_json: bool) -> None:
    """Read every stored image again and compare it with the state file. Changes nothing but what may be a placeholder.

    A placeholder is fetched once more where TOAPIS_API_KEY is set; nothing is bought. Exits 0 when all are fine, 1 when
    some are missing, changed or suspect.
    """
    from flux_batch.run.after.verify import Condition, left_over
    from flux_batch.run.after.verify import verify as look
    from flux_batch.run.store.state import FILE, StateFile

    folder = run_folder(run_or_spec, out)
    with StateFile(folder / FILE, read_only=True) as state:
        view = state.view()
    checked, wrong = 0, []
    for image in look(view, folder):
        checked += 1
        if image.condition is not Condition.FINE:
            wrong.append(image)
            if not as_json:
                click.echo(clean(_line(image)))
    suspect = [image.entry for image in wrong if image.condition is Condition.SUSPECT]
    answers = ask_again(view, folder, suspect) if suspect else Answers(asked={})
    wrong = [image for image in wrong if not _fresh(image, answers)]
    parts = left_over(folder)
    if as_json:
        print_json(_json(folder, checked, wrong, parts, suspect, answers))
    else:
        for line in (*_heard(suspect, answers), _sum(checked, wrong, parts)):
            click.echo(clean(line))
        for line in (*_advice(view, folder, wrong), *_about_suspects(wrong, answers)):
            say(line)
    ctx.exit(1 if wrong else 0)


def _fresh(image: Checked, answers: Answers) -> bool:
    asked = answers.asked.get(image.entry.task.key)
    return asked is not None and asked.fresh


def _heard(suspect: list[Entry], answers: Answers) -> list[str]:
    """What the provider had for those that were asked for."""
    answered = [(entry.task.id, answers.asked.get(entry.task.key)) for entry in suspect]
    return [f"  {name}  asked again: {asked.said}" for name, asked in answered if asked]


def _line(image: Checked) -> str:
    return f"! {image.entry.task.id}  {image.path}: {image.condition} ({image.detail})"


def _sum(checked: int, wrong: list[Checked], parts: tuple[str, ...]) -> str:
    words = [f"{checked - len(wrong)} of {plural(checked, 'stored image')} fine"]
    counts = {str(image.condition): 0 for image in wrong}
    for image in wrong:
        counts[str(image.condition)] += 1
    words += [f"{count} {word}" for word, count in counts.items()]
    words += [f"{plural(len(parts), 'unfinished download')} left over"] if parts else []
    return ", ".join(words)


def _advice(view: RunView, folder: Path, wrong: list[Checked]) -> list[str]:
    """What `run` will do about it."""
    lines, wrong = [], [image for image in wrong if image.condition != "suspect"]
    if any(not image.seen_by_run for image in wrong):
        lines.append("A run looks at sizes only: move a changed image of the same length away first.")
    if wrong and view.rehearsal:
        lines.append(f"To have them drawn again: {command_again(view, folder)}")
    elif wrong:
        lines.append(f"To have them fetched again: {command_again(view, folder)}")
        lines.append("That works while the provider keeps them, and takes back a copy of yours. It buys nothing again.")
    if any(not image.entry.wanted for image in wrong):
        lines.append("Images that the spec no longer asks for are not fetched again.")
    return lines


def _about_suspects(wrong: list[Checked], answers: Answers) -> list[str]:
    """Nobody can know, so it is for a person to look."""
    if not any(image.condition == "suspect" for image in wrong):
        return []
    lines = [f"Suspect images were not asked for again: {answers.why_not}"] if answers.why_not else []
    return [*lines, "Look at what is suspect: it may be a placeholder. It stays stored and paid; none is bought again."]


def _json(
    folder: Path,
    checked: int,
    wrong: list[Checked],
    parts: tuple[str, ...],
    suspect: list[Entry],
    answers: Answers,
) -> dict[str, Any]:
    def having(condition: str) -> list[dict[str, str]]:
        return [
            {"id": image.entry.task.id, "path": image.path, "detail": image.detail}
            for image in wrong
            if image.condition == condition
        ]

    return {
        "run_folder": str(folder),
        "checked": checked,
        "fine": checked - len(wrong),
        "missing": having("missing"),
        "changed": having("changed"),
        "suspect": having("suspect"),
        "asked": [
            {"id": entry.task.id, "fresh": asked.fresh, "message": asked.said}
            for entry in suspect
            if (asked := answers.asked.get(entry.task.key))
        ],
        "parts": list(parts),
        "exit_code": 1 if wrong else 0,
    }
