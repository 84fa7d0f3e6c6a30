"""Plan ``spec.yaml`` and write all of it into the state file of ``run/``, as a run does before it sends anything.

With ``stored``, every image is said to be bought then, so that a later plan finds a finished run.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from flux_batch import load_spec, make_plan
from flux_batch.run.folder.prepare import prepare_folder
from flux_batch.run.store.registry import register
from flux_batch.run.store.state import FILE, StateFile

STORED = "UPDATE purchase SET phase = 'stored', price = 40000, sends = 1, file = ?, times = ?"
PICTURE = {"path": "images/x.png", "sha256": "ab" * 32, "bytes": 3, "width": 4, "height": 5, "mime": "image/png"}
TIMES = {"intent": 1.0, "submitted": 2.0, "ready": 9.5, "stored": 10.0}


def main() -> None:
    """In the current folder."""
    spec = load_spec(Path("spec.yaml"))
    prepare_folder(Path("run"))
    with StateFile(Path("run") / FILE) as state:
        register(state, make_plan(spec), spec, now=1.0)
        if sys.argv[1:] == ["stored"]:
            state.db.execute(STORED, (json.dumps(PICTURE), json.dumps(TIMES)))
            state.db.execute("UPDATE ledger SET spent = 40000 * (SELECT count(*) FROM purchase)")


if __name__ == "__main__":
    main()
