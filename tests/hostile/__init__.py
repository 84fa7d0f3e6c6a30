"""Everything hostile that the suite knows, in one place; ``python -m tests.hostile`` tries it all and counts."""
