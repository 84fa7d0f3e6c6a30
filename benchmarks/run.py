"""The whole run against a bare loop that does the same network work and keeps nothing.

The simulator runs in this process; the two that are measured run in processes of their own.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import Figures, measure, pair

from flux_batch.simulator import SimulatorOptions, simulator_thread

SPEC = """
version: 1
name: bench
prompt: "a {{{{ number }}}}"
variables: {{number: [{numbers}]}}
ratios: ["1:1"]
limits: {{max_tasks: 1000000}}
execution: {{concurrency: 64, submit_rate: 0, poll: {{first: 1, every: 0.2}}}}
"""


def main() -> None:
    """Pair them; the first argument is the number of images, 200 by default."""
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    options = SimulatorOptions(tier="unlimited", latency=(0.9, 1.0), balance=None, pixels=10_000)
    with simulator_thread(options) as simulator, tempfile.TemporaryDirectory() as home:
        (Path(home) / "spec.yaml").write_text(SPEC.format(numbers=", ".join(f"n{n}" for n in range(images))))
        environment = {"TOAPIS_BASE_URL": simulator.base_url, "TOAPIS_API_KEY": "sk-bench"}
        folders = iter(range(1000))

        def ours() -> Figures:
            command = ["-m", "flux_batch", "run", "spec.yaml", "--yes", "--out", f"run{next(folders)}"]
            return measure([sys.executable, *command], environment, home)

        def floor() -> Figures:
            script = Path(__file__).with_name("floor_run.py")
            return measure([sys.executable, str(script), str(images)], environment, home)

        print(f"{images} images, 64 in flight, about 1 s each at the provider; report and thumbnails included in ours")
        pair(ours, floor)


if __name__ == "__main__":
    main()
