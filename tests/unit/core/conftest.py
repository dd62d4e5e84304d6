"""Waits short enough for tests."""

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from gateway import evaluate
from gateway.alerts import people
from gateway.ingest import intake
from gateway.site import Site
from tests.unit.core.world import site_in


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "RETRY_S", 0.02)
    monkeypatch.setattr(intake, "RETRY_S", 0.02)
    monkeypatch.setattr(people, "PasswordHasher", lambda: PasswordHasher(1, 8, 1))  # slow by design; nobody logs in


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)
