"""Options and arguments that several commands share."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flux_batch.errors import StateUnusable, UsageError
from flux_batch.run.store.name import FILE
from flux_batch.spec.words import closest

if TYPE_CHECKING:
    from flux_batch.plan.choosing.select import Selection
    from flux_batch.run.records import RunView

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout and nothing else.")
out_option = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Run folder. [default: runs/<name>]"
)
picks_option = click.option(
    "--picks",
    "picks",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A picks file; several are merged. [default: picks.json in the run folder]",
)
spec_argument = click.argument("spec", type=click.Path(path_type=Path))
run_argument = click.argument("run_or_spec", metavar="RUN_OR_SPEC", type=click.Path(path_type=Path))


def _with_profile(ctx: click.Context, _: click.Parameter, settings: tuple[str, ...]) -> tuple[str, ...]:
    """``--profile draft`` is short for ``--set profile=draft``, so that it is saved and typed again like any other."""
    profile = ctx.params.pop("profile", None)
    return settings if profile is None else (f"profile={profile}", *settings)


def setting_options(command: F) -> F:
    """``--profile`` and ``--set``: what is said on top of the spec."""
    for option in (
        click.option(
            "--set", "settings", multiple=True, metavar="PATH=VALUE", callback=_with_profile,
            help="Override a value of the spec.",
        ),
        click.option("--profile", is_eager=True, metavar="NAME", help="One of the spec's `profiles`."),
    ):  # fmt: skip
        command = option(command)
    return command


def selection_options(command: F) -> F:
    """``--only``, ``--limit``, ``--sample``, ``--profile`` and ``--set``: which images a run is about."""
    command = setting_options(command)
    for option in (
        click.option("--sample", type=click.IntRange(1), metavar="N", help="N images, balanced over the axes."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="The first N images."),
        click.option("--only", metavar="EXPR", help="Images for which it holds: \"ratio == '1:1'\"."),
    ):
        command = option(command)
    return command


def selection_from(only: str | None, limit: int | None, sample: int | None) -> Selection:
    """The selection that the options make."""
    from flux_batch.plan.choosing.select import Selection

    return Selection(only=only, limit=limit, sample=sample)


def retyped(
    spec: Path, only: str | None, limit: int | None, sample: int | None, settings: tuple[str, ...], out: Path | None
) -> str:
    """The arguments of a command as they can be typed again: whoever copies them gets the same images."""
    named = {"--only": only, "--limit": limit, "--sample": sample, "--out": out}
    words = [str(spec), *(word for name, value in named.items() if value is not None for word in (name, str(value)))]
    return shlex.join([*words, *(word for setting in settings for word in _setting(setting))])


def _setting(setting: str) -> tuple[str, str]:
    path, _, value = setting.partition("=")
    return ("--profile", value) if path == "profile" else ("--set", setting)


class Usd(click.ParamType[Decimal]):
    """An amount of money: decimal, not negative."""

    name = "usd"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """``2.40`` or ``$2.40``."""
        try:
            amount = Decimal(str(value).removeprefix("$"))
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount like 2.40", param, ctx)
        if not amount.is_finite() or amount < 0:
            self.fail(f"{value!r} is not an amount like 2.40", param, ctx)
        return amount


def command_again(view: RunView, folder: Path) -> str:
    """What to type to go on with a run, from where it was begun."""
    word = "rehearse" if view.rehearsal else "run"
    out = [] if folder == Path("runs") / view.called else ["--out", str(folder)]
    return shlex.join(["flux-batch", word, view.spec_file, *out])


def run_folder(run_or_spec: Path, out: Path | None = None) -> Path:
    """The run folder that an argument means: a folder, a run's name, or the spec it came from."""
    if out is not None:
        return out
    folders = (run_or_spec, Path("runs") / run_or_spec)
    for folder in folders:
        if (folder / FILE).is_file():
            return folder
    _refuse_lost(*folders)
    if run_or_spec.suffix in (".yaml", ".yml", ".json") or run_or_spec.is_file():
        return _folder_of_spec(run_or_spec)
    names = [path.parent.name for path in Path("runs").glob(f"*/{FILE}")]
    near = closest(run_or_spec.name, names)
    meant = f"; did you mean {near}?" if near else "."
    raise UsageError(
        f"{run_or_spec}: no such run{meant} Give a run folder, its name below runs/, or the spec it came from"
    )


def _refuse_lost(*folders: Path) -> None:
    """Say the same as a run does, where the state file is gone that all is read from."""
    from flux_batch.run.folder.prepare import state_lost

    for folder in folders:
        if folder.is_dir() and (lost := state_lost(folder, folder / FILE)):
            raise StateUnusable(f"{lost}. Put {FILE} back")


def _folder_of_spec(path: Path) -> Path:
    from flux_batch.spec.load import load_spec

    folder = Path("runs") / load_spec(path).name
    if (folder / FILE).is_file():
        return folder
    if (rehearsal := folder.with_name(f"{folder.name}-rehearsal")).joinpath(FILE).is_file():
        return rehearsal
    _refuse_lost(folder, rehearsal)
    raise UsageError(f"{path} has not been run here: there is no {folder}. Begin with: flux-batch plan {path}")
