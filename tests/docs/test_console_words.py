"""The console has a word for every name the gateway may show, in both languages."""

import re
from pathlib import Path

import pytest

from devices.model import RejectReason
from devices.names import QUANTITIES, STATES

WORDS = Path(__file__).parents[2] / "gateway" / "console" / "src" / "i18n"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("page", "names"),
    [("value", [*QUANTITIES, *STATES]), ("health", [reason.value for reason in RejectReason])],
    ids=["names", "reasons"],
)
def test_every_name_has_a_word(language: str, page: str, names: list[str]) -> None:
    said = set(re.findall(r"^\s+(\w+): ", (WORDS / language / f"{page}.ts").read_text(), re.MULTILINE))
    assert not set(names) - said
