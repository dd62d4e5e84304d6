"""Shared by all tests."""

from hypothesis import settings

# Slow machines are no reason to fail: what must be fast has a benchmark.
settings.register_profile("product", deadline=None)
settings.load_profile("product")
