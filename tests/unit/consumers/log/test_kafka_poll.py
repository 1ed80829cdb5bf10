"""A look at Kafka's client does not sleep through records that the client has in hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from newsroom_consumers.log.kafka_poll import poll_soon

RECORDS = {"articles-0": ["record"]}


class DrowsyClient:
    """Gets records while it begins its second poll, and has them at the next one only."""

    def __init__(self, *, at: int) -> None:
        self._at = at
        self.waits: list[int] = []

    def poll(self, timeout_ms: int) -> Mapping[str, Sequence[str]]:
        self.waits.append(timeout_ms)
        return RECORDS if len(self.waits) > self._at else {}


def test_records_that_are_there_are_given_without_a_wait() -> None:
    client = DrowsyClient(at=0)
    assert poll_soon(client, 500) == RECORDS
    assert client.waits == [0]


def test_records_that_came_as_the_wait_began_are_late_by_a_short_look() -> None:
    client = DrowsyClient(at=2)
    assert poll_soon(client, 500) == RECORDS
    assert sum(client.waits) < 50


def test_looks_without_records_take_the_time_given_and_are_few() -> None:
    client = DrowsyClient(at=1000)
    assert poll_soon(client, 500) == {}
    assert sum(client.waits) == 500
    assert len(client.waits) < 12


def test_a_look_that_may_not_wait_is_one_poll() -> None:
    client = DrowsyClient(at=1000)
    assert poll_soon(client, 0) == {}
    assert client.waits == [0]
