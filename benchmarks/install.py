"""What an installation weighs: this project's wheel with everything that it needs, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Install both with pip, and print every package with its size."""
    with tempfile.TemporaryDirectory() as home:
        ours = _installed(str(ROOT), Path(home) / "ours")
        floor = _installed("httpx", Path(home) / "httpx")
        whole = _weight(Path(home) / "ours")
    print(f"{'package':<28}{'MB':>8}")
    for name, megabytes in sorted(ours.items(), key=lambda each: -each[1]):
        print(f"{name:<28}{megabytes:>8.2f}{'   of httpx' if name in floor else ''}")
    beyond = ours.keys() - floor.keys() - {"flux-batch"}
    print(f"{whole:.1f} MB in all, bytecode left out; {len(beyond)} packages beyond httpx's own {len(floor)}")


def _installed(what: str, folder: Path) -> dict[str, float]:
    """Name → MB of every package that pip puts into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([*pip, "--target", str(folder), what], check=True)
    return {each.metadata["Name"].lower(): _size(each) for each in distributions(path=[str(folder)])}


def _size(package: Distribution) -> float:
    files = (Path(str(package.locate_file(file))) for file in package.files or ())
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def _weight(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


if __name__ == "__main__":
    main()
