"""The bench of back-tests: every message is replayed."""

from tests.bench import backtest


def test_every_message_is_replayed() -> None:
    said: list[str] = []
    found = backtest.run(40, 0.1, said.append)
    assert found["messages"] == 40 * 6
    assert found["times_real_time"] > 0
    assert len(said) == 2
