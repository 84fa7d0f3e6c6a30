"""Planning against a bare loop that renders and hashes as many prompts."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import Figures, measure, pair

SPEC = """
version: 1
name: bench
prompt: "Studio photo of {{{{ product }}}} on {{{{ scene }}}}, soft light"
variables:
  product: [{products}]
  scene: [{scenes}]
ratios: ["1:1", "16:9"]
limits: {{max_tasks: 1000000}}
"""

FLOOR = """
import hashlib, sys
from jinja2 import Environment
template = Environment().from_string("Studio photo of {{ product }} on {{ scene }}, soft light")
for number in range(int(sys.argv[1])):
    text = template.render(product=f"p{number}", scene=f"s{number}", ratio="1:1", model="flux-kontext-pro")
    hashlib.sha256(text.encode()).hexdigest()
"""


def main() -> None:
    """Pair them; the first argument is the number of tasks, 20,000 by default."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    side = max(1, round((tasks / 2) ** 0.5))
    with tempfile.TemporaryDirectory() as home:
        text = SPEC.format(
            products=", ".join(f"p{n}" for n in range(side)), scenes=", ".join(f"s{n}" for n in range(side))
        )
        (Path(home) / "spec.yaml").write_text(text)

        def ours() -> Figures:
            return measure([sys.executable, "-m", "flux_batch", "plan", "spec.yaml", "--json"], cwd=home)

        def floor() -> Figures:
            return measure([sys.executable, "-c", FLOOR, str(2 * side * side)])

        print(f"{2 * side * side:,} tasks")
        pair(ours, floor)


if __name__ == "__main__":
    main()
