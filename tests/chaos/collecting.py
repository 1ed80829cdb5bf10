"""Collects what a run has left: the records of the log, by a plain consumer, and every generation."""

from __future__ import annotations

from contextlib import closing

from chaos import trails
from chaos.evidence import Held
from kafka import KafkaConsumer, TopicPartition
from support.kit import Newsroom, scan

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import Database
from newsroom_consumers.log.record import Record
from newsroom_consumers.store.generation import Generation


def make(newsroom: Newsroom, name: str) -> None:
    """Make the tables of a generation before anybody folds into it, and begin its trail."""
    session = newsroom.database.session(name)
    try:
        Generation(session)
        trails.lay(session)
    finally:
        session.close()


def log_of(newsroom: Newsroom) -> list[Record]:
    """Read the whole log, each partition in order."""
    found: list[Record] = []
    with closing(KafkaConsumer(bootstrap_servers=newsroom.bootstrap, enable_auto_commit=False)) as consumer:
        partitions = [
            TopicPartition(topic, number)
            for topic in newsroom.topics
            for number in sorted(consumer.partitions_for_topic(topic))
        ]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        while any(consumer.position(at) < end for at, end in ends.items()):
            for records in consumer.poll(500).values():
                found += [_record(each) for each in records]
    return found


def generations_of(newsroom: Newsroom) -> list[Held]:
    """Scan every generation, and read its trail."""
    database = newsroom.database
    return [held_of(database, known.name, live=known.live) for known in Control(database).all()]


def held_of(database: Database, name: str, *, live: bool) -> Held:
    """Scan a generation, and read its trail, as they are at one moment.

    Raises ``DatabaseAwayError`` and ``NoGenerationError``.
    """
    with database.auditing(name) as connection:
        return Held(name=name, live=live, tables=scan(connection), trail=trails.read(connection))


def _record(found: object) -> Record:
    names = ("topic", "partition", "offset", "timestamp", "key", "value", "headers")
    topic, partition, offset, timestamp, key, value, headers = (getattr(found, name) for name in names)
    return Record(topic, partition, offset, timestamp * 1000, key, value, tuple(headers))
