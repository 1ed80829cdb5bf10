"""Readers that share topics as members of one group: what they are given, and what they never read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata
from support.kit import Newsroom
from support.stories import Story, send_stories
from support.workers import until

from newsroom_consumers.log import kafka_group
from newsroom_consumers.log.kafka import SharedKafkaLog
from newsroom_consumers.log.log import LogAwayError
from newsroom_consumers.log.record import Partition

SOON = 6.0
"""Seconds within which members hear of each other: less than a session, more than a heartbeat on a busy machine."""
PARTITIONS = 7

Member = Callable[[], SharedKafkaLog]


@pytest.fixture
def member(newsroom: Newsroom, topic_prefix: str) -> Iterator[Member]:
    """Let members join the newsroom's group."""
    with ExitStack() as joined:

        def join() -> SharedKafkaLog:
            log = SharedKafkaLog(
                newsroom.bootstrap, newsroom.topics, batch=newsroom.batch, group=f"{topic_prefix}.main"
            )
            joined.callback(log.close)
            return log

        yield join


def test_a_member_that_rests_remains_one_and_reads_nothing(newsroom: Newsroom, member: Member) -> None:
    send_stories(newsroom, [Story(id=f"story-{number}") for number in range(20)])
    resting, joining = member(), member()
    with turning(resting.poll):
        until(lambda: len(resting.assigned()) == PARTITIONS)
    for at in resting.assigned():
        resting.seek(at, 0)
    with turning(resting.heartbeat), turning(joining.poll):
        until(lambda: {len(resting.assigned()), len(joining.assigned())} == {3, 4}, SOON)
    assert resting.assigned().keys() | joining.assigned().keys() == set(resting.bounds(all_of(newsroom)))
    assert resting.poll(0.2) == ([], {})


def test_a_partition_that_was_taken_away_and_given_back_begins_a_new_term(newsroom: Newsroom, member: Member) -> None:
    staying, passing = member(), member()
    with turning(staying.poll):
        until(lambda: len(staying.assigned()) == PARTITIONS)
        before = dict(staying.assigned())
        with turning(passing.poll):
            until(lambda: len(passing.assigned()) in {3, 4}, SOON)
        passing.close()
        until(lambda: len(staying.assigned()) == PARTITIONS, SOON)
        after = dict(staying.assigned())
    assert after.keys() == before.keys()
    assert all(after[at] > before[at] for at in after)


def test_the_offsets_that_kafka_keeps_for_the_group_are_never_read_from(
    newsroom: Newsroom, topic_prefix: str, member: Member
) -> None:
    """They may be missing, behind or ahead: somebody else may have set them."""
    send_stories(newsroom, [Story(id=f"story-{number}") for number in range(20)])
    partitions = all_of(newsroom)
    with_offsets = {TopicPartition(*at): OffsetAndMetadata(10_000, "", -1) for at in partitions[:3]}
    other = KafkaConsumer(bootstrap_servers=newsroom.bootstrap, group_id=f"{topic_prefix}.main")
    other.assign(list(with_offsets))
    other.commit(with_offsets)
    other.close(autocommit=False)
    log = member()
    found: set[tuple[int, int]] = set()
    sought: dict[Partition, int] = {}
    while len(found) < 40:
        found |= {(each.partition, each.offset) for each in log.poll(0.2).records}
        for at in log.assigned().items() - sought.items():
            log.seek(at[0], 0)
        sought = dict(log.assigned())


@pytest.mark.parametrize("turn", ["poll", "heartbeat"])
def test_a_rebalance_that_ends_between_two_polls_is_not_forgotten(
    newsroom: Newsroom, member: Member, turn: str
) -> None:
    """Topics that change make the client join again; it forgets that if the answer comes while it does not poll."""
    send_stories(newsroom, [Story(id="story-0")])
    log = member()
    until(lambda: log.poll(0.2) is not None and len(log.assigned()) == PARTITIONS)
    before, coordinator = dict(log.assigned()), log._consumer._coordinator
    coordinator._assignment_snapshot = {}
    until(lambda: log._consumer.poll(0) is not None and coordinator.rejoining)
    until(lambda: coordinator._join_task.is_done)
    until(lambda: getattr(log, turn)(0.2) or len(log.assigned()) == PARTITIONS)
    assert all(log.assigned()[at] > before[at] for at in before)


def test_a_member_whose_client_has_silently_lost_its_group_says_that_the_log_is_away(
    newsroom: Newsroom, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop then connects anew; otherwise it would wait without partitions for ever."""
    send_stories(newsroom, [Story(id="story-0")])
    log = member()
    until(lambda: log.poll(0.2) is not None and len(log.assigned()) == PARTITIONS)
    monkeypatch.setattr(kafka_group, "SILENT_SECONDS", 1.0)
    log._consumer._coordinator._disable_heartbeat()
    with pytest.raises(LogAwayError, match="the consumer group has not answered for 1 s"):
        until(lambda: log.poll(0.2) is None)


def all_of(newsroom: Newsroom) -> list[Partition]:
    """Return the newsroom's partitions."""
    return sorted(newsroom.ends())


@contextmanager
def turning(turn: Callable[[float], object]) -> Iterator[None]:
    """Let a member poll, or rest, over and over, as its worker does."""
    ended = threading.Event()

    def turn_on() -> None:
        while not ended.is_set():
            turn(0.2)

    with ThreadPoolExecutor(1) as background:
        done = background.submit(turn_on)
        try:
            yield
        finally:
            ended.set()
            done.result()
