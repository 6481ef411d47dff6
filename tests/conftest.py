"""Settings of all tests, and what the run says at its end of those that could not run."""

import gc

import pytest
from hypothesis import settings
from needed import reasons_of, summary

# The same examples in every run: a failure is a change of the code, never of the draw.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")

# Libraries bring hundreds of thousands of objects that live to the end; see `cli.program`.
gc.set_threshold(100_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, those of the workflow: short ones fill the gaps at the end.

    `make test` sends whole files to a process (`--dist loadfile`), so that a finished run serves
    all its tests. Groups (`loadgroup`) have no effect with pytest 9.2: see findings/.
    """
    items.sort(key=lambda item: "workflow" not in item.path.parts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line which tests did not run for want of what."""
    if line := summary(reasons_of(terminalreporter.stats.get("skipped", []))):
        terminalreporter.write_line(line)
