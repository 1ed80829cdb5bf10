"""Builds what reads the log: Kafka's, or an export of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec.structs import replace

from newsroom_consumers.archive.log import ArchiveLog
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.kafka import KafkaLog, placement
from newsroom_consumers.log.log import Log, LogExtent
from newsroom_infra.app.codec import codec
from newsroom_infra.settings import Settings
from newsroom_schemas.topics import TAGS


def kafka_log(settings: Settings, group: str | None = None, kind: type[KafkaLog] = KafkaLog) -> KafkaLog:
    """Open Kafka's log for reading; ``group`` is the consumer group that reports progress. Raises ``LogAwayError``."""
    return kind(settings.bootstrap, settings.topics, group=group, batch=settings.batch)


@contextmanager
def log_or_archive(settings: Settings, archive: Path | None) -> Iterator[Log]:
    """Open Kafka's log, or an export of it, with batches for a replay. Raises ``LogError``."""
    if archive is None:
        opened: KafkaLog | ArchiveLog = kafka_log(replace(settings, batch=settings.replay_batch))
    else:
        opened = ArchiveLog(archive, batch=settings.replay_batch)
    with closing(opened) as log:
        yield log


def record_reader(log: LogExtent) -> RecordReader:
    """Build the reader of a log's records; the prefix of its topics does not matter."""
    (tags_topic,) = (topic for topic in log.partitions if topic.rpartition(".")[2] == TAGS)
    return RecordReader(codec(), tags_topic=tags_topic, place=placement(log.partitions))
