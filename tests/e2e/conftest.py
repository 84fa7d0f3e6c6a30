"""End to end, with the canary watching."""

from tests.canary import no_key_is_written, pytest_runtest_makereport  # noqa: F401
