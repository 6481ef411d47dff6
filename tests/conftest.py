"""Settings of all tests."""

from hypothesis import settings

# The same examples in every run: a failure is a change of the code, never of the draw.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")
