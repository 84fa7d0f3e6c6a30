"""Specs of any size, for the benchmarks: products on scenes, in two ratios."""

from __future__ import annotations

from pathlib import Path

_TEXT = """\
version: 1
name: bench
prompt: "Studio photo of {{{{ product }}}} on {{{{ scene }}}}, soft light"
variables:
  product: [{products}]
  scene: [{scenes}]
ratios: ["1:1", "16:9"]
limits: {{max_tasks: 1000000}}
"""


def write_spec(path: Path, tasks: int, changed: str = "p0") -> int:
    """Write a spec of about as many images, and say how many; ``changed`` is how its first product is called."""
    side = max(1, int((tasks / 2) ** 0.5))
    products = [changed, *(f"p{number}" for number in range(1, side))]
    scenes = (f"s{number}" for number in range(side))
    path.write_text(_TEXT.format(products=", ".join(products), scenes=", ".join(scenes)))
    return 2 * side * side
