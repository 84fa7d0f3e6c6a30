"""A short soak with kills, and a longer list without, under every fault at once. The long ones: `scripts/soak`."""

from __future__ import annotations

from pathlib import Path

from .soaking import soak


def test_random_kills_under_every_fault_at_once(tmp_path: Path) -> None:
    """Whoever does what the output says has every image in the end, and has paid for each once.

    How many kills it takes until all is done depends on the machine; at least the first comes long before.
    """
    (tally,) = soak(tmp_path, rounds=1, images=16, seed=3, kills=6)
    assert tally.violations == []
    assert tally.kills >= 1
    assert (tally.ends["stored"], tally.bills) == (16, {1: 16})


def test_sixty_images_under_every_fault_at_once(tmp_path: Path) -> None:
    """Without a kill, with a key that is not known for a while and an account that is empty until it is topped up."""
    (tally,) = soak(tmp_path, rounds=1, images=60, seed=5, kills=0)
    assert tally.violations == []
    assert (tally.ends["stored"], tally.bills) == (60, {1: 60})
    assert (tally.faults["api wrong_key"], tally.faults["submit empty_balance"]) == (30, 25)
