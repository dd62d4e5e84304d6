"""One simulated hour, made once: without incidents, and with the five of the demonstration."""

import pytest

from simulators.community import Community, build
from simulators.scenario import demo
from simulators.timeline import Message
from tests.unit.simulators.hour import Life, lives, messages


@pytest.fixture(scope="session")
def community() -> Community:
    return build(300, 1)


@pytest.fixture(scope="session")
def quiet_hour(community: Community) -> list[Message]:
    return messages(community, [])


@pytest.fixture(scope="session")
def quiet(quiet_hour: list[Message]) -> dict[str, Life]:
    return lives(quiet_hour)


@pytest.fixture(scope="session")
def demo_hour(community: Community) -> list[Message]:
    return messages(community, demo(community))


@pytest.fixture(scope="session")
def shown(demo_hour: list[Message]) -> dict[str, Life]:
    return lives(demo_hour)
