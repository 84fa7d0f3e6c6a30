"""A short soak: ten kills under every fault at once; and a long list under the same. The long ones: `scripts/soak`."""

from __future__ import annotations

from pathlib import Path

from .soaking import soak


def test_ten_random_kills_under_every_fault_at_once(tmp_path: Path) -> None:
    """Nothing is billed twice, nothing billed is forgotten, no budget is passed, the key is nowhere."""
    (tally,) = soak(tmp_path, rounds=1, images=24, seed=3, kills=10, pause=(0.7, 1.1))
    assert tally.violations == []
    assert tally.kills >= 5
    assert tally.ends["stored"] >= 20


def test_a_hundred_and_twenty_images_under_every_fault_at_once(tmp_path: Path) -> None:
    """Without a kill: each stored with one bill, or named with what to do and not billed."""
    (tally,) = soak(tmp_path, rounds=1, images=120, seed=5, kills=0)
    assert tally.violations == []
    assert tally.ends["stored"] >= 100
    assert set(tally.bills) <= {0, 1}
