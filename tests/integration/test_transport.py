"""The transport against a real broker that refuses, freezes or is not there."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from support.logged import CODEC, Logged, logged
from support.workers import until

from newsroom_producers.desk import Desk, new_event_id
from newsroom_producers.kafka.transport import KafkaTransport
from newsroom_producers.receipts import Receipt, Refusal, Sendable, SendResult
from newsroom_schemas.errors import (
    BrokerAwayError,
    EventTooLargeError,
    InvalidEventError,
    RecordRefusedError,
    UnknownTopicError,
)
from newsroom_schemas.events import ArticleCreated
from newsroom_schemas.topics import Topics
from newsroom_schemas.values import Block

LIMIT = 50_000
"""Bytes of a batch that the broker takes in the tests of refusals."""


@pytest.fixture
def topics(topic_prefix: str) -> Topics:
    return Topics.of(topic_prefix)


@pytest.fixture
def transport(broker: str, topics: Topics) -> Iterator[KafkaTransport]:
    with KafkaTransport(broker, topics, CODEC) as open_transport:
        yield open_transport


@pytest.fixture
def narrow(broker: str, topics: Topics) -> None:
    """Have the broker refuse batches above the limit, and wait until it knows: a busy one takes a while."""
    setting = {"max.message.bytes": str(LIMIT)}
    resource = ConfigResource(ConfigResourceType.TOPIC, topics.articles, setting)
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.alter_configs([resource])
        until(lambda: _setting(admin, resource) == setting)


def _setting(admin: KafkaAdminClient, resource: ConfigResource) -> dict[str, str]:
    """Return what the broker now has for the settings of a resource."""
    answer = admin.describe_configs([resource], config_filter="all")["topic"][resource.name]
    return {name: str(answer[name]["value"]) for name in resource.configs}


def created(number: int, size: int = 100) -> ArticleCreated:
    """Make an event; every hundredth is of the same article."""
    return ArticleCreated(
        event_id=new_event_id(),
        article_id=f"article-{number % 100}",
        occurred_at=number,
        actor="a",
        source="s",
        language="uk",
        slug="s",
        headline="h",
        blocks=(Block(kind="paragraph", text="x" * size),),
    )


def firsts(records: list[Logged], article_id: str) -> list[str]:
    """Return the event ids of an article in the order of their first records, which are the ones that count."""
    return list(dict.fromkeys(record.event.event_id for record in records if record.key == article_id))


def places(results: list[SendResult]) -> set[tuple[str, int, int]]:
    """Return where the receipts say that the events are."""
    return {(r.event_id, r.partition, r.offset) for r in results if isinstance(r, Receipt)}


def places_in(records: list[Logged]) -> set[tuple[str, int, int]]:
    """Return where the events are."""
    return {(record.event.event_id, record.partition, record.offset) for record in records}


def refused(results: list[SendResult]) -> dict[int, type[Exception]]:
    """Return the errors by place."""
    return {place: type(r.error) for place, r in enumerate(results) if isinstance(r, Refusal)}


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("culprits", [{500}, {0, 1, 500, 999}])
def test_a_record_that_the_broker_refuses_is_the_only_error_of_1000_in_flight(
    broker: str, topics: Topics, transport: KafkaTransport, culprits: set[int]
) -> None:
    """All others are in the log, each article's in order, and the next send works."""
    events = [created(number, size=LIMIT if number in culprits else 100) for number in range(1000)]
    results = list(transport.send_all(events))
    assert refused(results) == dict.fromkeys(sorted(culprits), RecordRefusedError)
    assert [result.event_id for result in results] == [event.event_id for event in events]
    records = logged(broker, topics.articles)
    assert places(results) <= places_in(records)
    sound = [event for number, event in enumerate(events) if number not in culprits]
    for article_id in {event.article_id for event in events}:
        assert firsts(records, article_id) == [event.event_id for event in sound if event.article_id == article_id]
    assert places([transport.send(created(7))]) <= places_in(logged(broker, topics.articles))


@pytest.mark.usefixtures("narrow")
def test_a_refused_single_send_is_an_error_and_the_next_one_works(transport: KafkaTransport, topics: Topics) -> None:
    with pytest.raises(RecordRefusedError, match=f"refuses the record of article-1 in topic {topics.articles}"):
        transport.send(created(1, size=LIMIT))
    assert transport.send(created(1)).topic == topics.articles


def test_receipts_say_where_the_records_are(broker: str, topics: Topics, transport: KafkaTransport) -> None:
    results = list(transport.send_all(created(number) for number in range(5000)))
    assert len(places(results)) == 5000
    assert places(results) == places_in(logged(broker, topics.articles))


def test_events_of_tags_go_to_their_topic(transport: KafkaTransport, topics: Topics) -> None:
    desk = Desk(transport, source="s", actor="a")
    assert desk.define_tag("t", labels={"uk": "Т"}).topic == topics.tags
    assert desk.create("a", "uk", headline="h").topic == topics.articles


def test_an_event_that_breaks_the_contract_is_not_sent(broker: str, topics: Topics, transport: KafkaTransport) -> None:
    bad = ArticleCreated(
        event_id="?", article_id="a", occurred_at=0, actor="a", source="s", language="uk", slug="s", headline="h"
    )
    results = list(transport.send_all([created(0), bad, created(1, size=1_000_000), created(2)]))
    assert refused(results) == {1: InvalidEventError, 2: EventTooLargeError}
    assert len(logged(broker, topics.articles)) == 2


@pytest.mark.usefixtures("swept")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_broker_that_is_not_there_is_an_error_within_the_delivery_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with KafkaTransport(address, Topics("a", "t"), CODEC, delivery_timeout=1) as transport:
        started = time.monotonic()
        results = list(transport.send_all(created(number) for number in range(100)))
        assert time.monotonic() - started < 3
    assert refused(results) == dict.fromkeys(range(100), BrokerAwayError)
    assert isinstance(results[0], Refusal)
    assert f"no acknowledgement from the broker at {address} within 1 s; the event was not sent" in str(
        results[0].error
    )


def test_a_topic_that_is_not_there_is_named(broker: str) -> None:
    with (
        KafkaTransport(broker, Topics("no-such-topic", "t"), CODEC, delivery_timeout=1) as transport,
        pytest.raises(UnknownTopicError, match="shows no topic no-such-topic: check the prefix"),
    ):
        transport.send(created(0))


@contextmanager
def frozen(broker: str) -> Iterator[None]:
    """Stop the broker's process for a while, as a machine that hangs does."""
    port = int(broker.rpartition(":")[2])
    listening = (c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN and c.laddr.port == port)
    process = next(listening).pid
    assert process
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_broker_that_freezes_halfway_acknowledges_nothing_more(broker: str, topics: Topics) -> None:
    """What has a receipt is in the log at its place; all else is an error in time; afterwards sends work again."""
    events = [created(number) for number in range(400)]
    with KafkaTransport(broker, topics, CODEC, delivery_timeout=2) as transport:
        results: list[SendResult] = []

        def source() -> Iterator[Sendable]:
            yield from events[:200]
            yield None
            with frozen(broker):
                yield from events[200:]
                yield None

        for result in transport.send_all(source()):
            results.append(result)  # noqa: PERF402 - what came before an exception is wanted too
        assert refused(results) == dict.fromkeys(range(200, 400), BrokerAwayError)
        assert transport.send(created(1)).topic == topics.articles
    records = logged(broker, topics.articles)
    assert places(results) <= places_in(records)
    numbers = {event.event_id: number for number, event in enumerate(events)}
    for article_id in {event.article_id for event in events}:
        order = [numbers[event_id] for event_id in firsts(records, article_id) if event_id in numbers]
        assert order == sorted(order)


def test_no_thread_is_left_behind(broker: str, topics: Topics) -> None:
    before = threading.active_count()
    with KafkaTransport(broker, topics, CODEC) as transport:
        transport.send(created(0))
    assert threading.active_count() == before
