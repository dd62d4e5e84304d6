"""Fixtures: a cabinet of cases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cases.making import Cabinet, cabinet


@pytest.fixture
def cases(tmp_path: Path) -> Iterator[Cabinet]:
    with cabinet(tmp_path) as made:
        yield made
