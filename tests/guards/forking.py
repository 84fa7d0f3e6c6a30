"""Forks a process for each order, so that a guard's tests cost no second of imports. It must have no threads.

An order is a line of JSON: ``folder`` to run in and import from, ``arguments`` for pytest, ``output``, ``seconds``.
The answer is a line with the exit code, negative for a signal. It is started as a script, away from any copy of the
project: what it imports here are libraries only.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from typing import Any, Final

LIBRARIES: Final = (
    "aiohttp.web", "click", "filelock", "hypothesis.stateful", "jinja2", "jsonschema",
    "PIL.Image", "pytest", "ruamel.yaml", "sqlite3", "yaml", "yamlcore",
)  # fmt: skip
OURS: Final = ("flux_batch", "tests")


def serve() -> None:
    """One order after the other."""
    for name in LIBRARIES:
        importlib.import_module(name)
    assert not [name for name in OURS if name in sys.modules]
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _become(order: dict[str, Any]) -> None:
    """Run pytest in the folder and end; the alarm ends what takes too long."""
    signal.alarm(order["seconds"])
    os.chdir(order["folder"])
    sys.path.insert(0, order["folder"])
    os.environ["PYTHONPATH"] = order["folder"]
    sys.dont_write_bytecode = True
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = 70
    try:
        code = int(importlib.import_module("pytest").main(order["arguments"]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
