"""Waits short enough for tests."""

from tests.unit.core.conftest import hasty

__all__ = ["hasty"]
