"""Fixtures: a populated gateway behind the API."""

import pytest

from tests.unit.api.world import World


@pytest.fixture
def world() -> World:
    made = World()
    made.populate()
    return made
