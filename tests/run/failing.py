"""The command line with failpoints: processes that end themselves with SIGKILL at a named moment. Not for the product.

With arguments it is the command line itself, only hurried. Without, it reads one order a line (JSON: ``arguments``,
``cwd``, ``environment``, ``output``), forks a process for it that runs ``flux_batch.cli.main`` as ``python -m
flux_batch`` does, and prints how that ended. It imports everything once, so that a process costs a fork and not a
second of imports. It must have no threads.

A point is ``before submit`` or ``within planned>intent``; ``#2`` at its end means the second time. FAILPOINT names the
one to die at, FAILPOINT_LOG a file that collects all that were passed.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import os
import pkgutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import PIL.Image

import flux_batch
import flux_batch.cli.running.carry_out as cli_running
import flux_batch.run.asked as asking
import flux_batch.run.plane.download as downloading
import flux_batch.run.plane.shelf as shelving
import flux_batch.run.protocol.paid as paid
import flux_batch.run.session as session
from flux_batch.api.client import ApiClient, Timeouts
from flux_batch.cli.main import main
from flux_batch.run.protocol.machine import Rules
from flux_batch.run.store.journal import Journal
from flux_batch.run.store.state import StateFile

_passed: Final[Counter[str]] = Counter()


def meet(name: str) -> None:
    """Pass a point, or die at it."""
    _passed[name] += 1
    point = name if _passed[name] == 1 else f"{name}#{_passed[name]}"
    if log := os.environ.get("FAILPOINT_LOG"):
        handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, f"{point}\n".encode())
        os.close(handle)
    if point == os.environ.get("FAILPOINT"):
        os.kill(os.getpid(), signal.SIGKILL)


def hurry() -> None:
    """Let questions follow each other quickly, and answers be waited for briefly."""
    rules: Any = Rules.__init__
    rules.__kwdefaults__.update(lookup_delays=(0.05, 0.1, 0.1))
    timeouts: Any = Timeouts.__init__
    timeouts.__kwdefaults__.update(submit=2.0, query=2.0, upload=2.0)


def install() -> None:
    """Put points around every commit and every effect."""
    _around_commits()
    for name in ("submit", "status", "upload", "balance"):
        _around_call(ApiClient, name, name)
    for name in ("_take", "_settle", "check_content"):
        _around_call(downloading, name, f"download {name.strip('_')}")
    _around_call(downloading._Inflow, "_append", "download append")
    for name in ("_free_name", "open_new", "write_past_cache", "share_and_sync", "sync_folder"):
        _around_call(shelving, name, f"download {name.strip('_')}")
    _around_call(shelving.FolderShelf, "keep", "download keep")
    _around_call(asking, "register", "register")
    _around_call(session, "claim_identity", "identity")
    _around_call(StateFile, "claim", "claim")
    _around_call(StateFile, "remember_upload", "remember_upload")
    _around_call(Journal, "__aexit__", "close")
    _around_call(cli_running, "write_report", "report")
    _around_call(Path, "replace", "rename", told=lambda arguments: Path(arguments[1]).suffix)


def _around_commits() -> None:
    """Before, within and after the transaction that takes a purchase from one phase to another."""
    plain_save, plain_write = StateFile.save, StateFile._write

    def change(state: StateFile, purchase: Any) -> str:
        return f"{state.purchase(purchase.key).phase}>{purchase.phase}"

    def save(state: StateFile, purchases: Any, cap: Any, odd: Any = None) -> list[bool]:
        changes = [change(state, purchase) for purchase in purchases]
        for name in changes:
            meet(f"before {name}")
        answers = plain_save(state, purchases, cap, odd)
        for name, answer in zip(changes, answers, strict=True):
            if answer:
                meet(f"after {name}")
        return answers

    def write(state: StateFile, purchases: Any, account: Any) -> None:
        changes = [change(state, purchase) for purchase in purchases]
        plain_write(state, purchases, account)
        for name in changes:
            meet(f"within {name}")

    state_file: Any = StateFile
    state_file.save, state_file._write = save, write


def _around_call(home: Any, attribute: str, name: str, told: Callable[[Any], str] = lambda _: "") -> None:
    """Before and after one function, plain or ``async``."""
    plain = getattr(home, attribute)

    async def waited(*arguments: Any, **options: Any) -> Any:
        meet(f"before {name}")
        answer = await plain(*arguments, **options)
        meet(f"after {name}")
        return answer

    def called(*arguments: Any, **options: Any) -> Any:
        full = f"{name}{told(arguments)}"
        meet(f"before {full}")
        answer = plain(*arguments, **options)
        meet(f"after {full}")
        return answer

    setattr(home, attribute, waited if inspect.iscoroutinefunction(plain) else called)


def serve() -> None:
    """One order after the other, one process for each."""
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _become(order: dict[str, Any]) -> None:
    os.chdir(order["cwd"])
    os.environ.update(order["environment"])
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    paid.FETCH_TRIES = 2  # type: ignore[misc]
    hurry()
    install()
    main(order["arguments"])


def import_all() -> None:
    """What the command line imports late, so that no process has to."""
    for _, name, _ in pkgutil.walk_packages(flux_batch.__path__, "flux_batch."):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    for name in ("aiohttp", "jsonschema", "jinja2", "filelock", "yaml", "yamlcore"):
        importlib.import_module(name)
    PIL.Image.init()
    gc.freeze()


if __name__ == "__main__":
    if sys.argv[1:]:
        hurry()
        main(sys.argv[1:])
    import_all()
    serve()
