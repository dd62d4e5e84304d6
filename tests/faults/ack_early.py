"""A gateway with the one mistake this harness exists to find: it acknowledges before it commits, and commits late.

``python -m tests.faults.ack_early run --site ...`` takes the place of ``gateway.cli``.
"""

import time
from collections.abc import Sequence
from typing import Any

import mqtt5

from gateway.cli import app
from gateway.ingest.intake import Acknowledger, Intake
from gateway.journal.journal import Batch, Journal

COMMIT_LATE_S = 0.3


class Deaf:
    """A connection on which everything is acknowledged already."""

    def __init__(self, connection: Acknowledger) -> None:
        self.pause = connection.pause
        self.resume = connection.resume

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Done long ago."""


take = Intake.take
append = Journal.append


def take_early(intake: Intake, connection: Acknowledger, packets: list[mqtt5.PublishPacket]) -> None:
    connection.acknowledge([packet.packet_id for packet in packets if packet.packet_id is not None])
    take(intake, Deaf(connection), packets)


def append_late(journal: Journal, *batch: Any) -> Batch:
    time.sleep(COMMIT_LATE_S)
    return append(journal, *batch)


if __name__ == "__main__":
    Intake.take = take_early  # type: ignore[assignment,method-assign]
    Journal.append = append_late  # type: ignore[assignment,method-assign]
    app()
