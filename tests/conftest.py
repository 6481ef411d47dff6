"""Settings of all tests, and what the run says at its end of those that could not run."""

import pytest
from hypothesis import settings
from needed import reasons_of, summary

# The same examples in every run: a failure is a change of the code, never of the draw.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line which tests did not run for want of what."""
    if line := summary(reasons_of(terminalreporter.stats.get("skipped", []))):
        terminalreporter.write_line(line)
