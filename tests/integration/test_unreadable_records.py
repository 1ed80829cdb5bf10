"""Records that a client of Kafka may write and ours can hardly read hold up no other partition."""

from __future__ import annotations

import signal
from contextlib import closing
from pathlib import Path

import pytest
from kafka import KafkaProducer
from support.kit import Newsroom
from support.raw import place_of
from support.workers import folded, until, worker

BROKEN, WHOLE = "storm", next(id_ for id_ in map(str, range(100)) if place_of(id_) != place_of("storm"))
"""Ids of two articles in two partitions."""


class NoText(str):
    """A header's name that is not on the wire as UTF-8, which the protocol asks for."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        """Return bytes that are no UTF-8."""
        return b"\xff\xfe"


@pytest.mark.parametrize("compression", ["gzip", "lz4", "snappy", "zstd"])
def test_a_batch_in_any_compression_is_read(newsroom: Newsroom, compression: str) -> None:
    with closing(KafkaProducer(bootstrap_servers=newsroom.bootstrap, compression_type=compression)) as other:
        other.send(newsroom.topics.articles, key=b"storm", value=b"no event" * 100).get(10)
    newsroom.work()
    assert [each.article_id for each in newsroom.look(lambda seen: seen.ledger.parked())] == ["storm"]


def test_a_record_that_no_client_can_read_stops_its_partition_only(newsroom: Newsroom, tmp_path: Path) -> None:
    with closing(KafkaProducer(bootstrap_servers=newsroom.bootstrap)) as other:
        other.send(newsroom.topics.articles, key=BROKEN.encode(), value=b"x", headers=[(NoText("q"), b"1")]).get(10)
    newsroom.desk().create(WHOLE, "uk", headline="Буря")
    with worker(newsroom, tmp_path / "worker.log") as started:
        until(lambda: folded(newsroom) == 1)
        assert f"{newsroom.topics.articles}/{place_of(BROKEN)} at 0" in started.said
        newsroom.desk().publish(WHOLE, "uk", expected_version=1)
        until(lambda: folded(newsroom) == 2)
        assert started.end(signal.SIGTERM, 8) == 0
