"""The wiring of the read side: how its parts are built from the settings. Nothing else builds a client."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import structlog

from newsroom_consumers.archive.log import ArchiveLog
from newsroom_consumers.control.control import FIRST, Control, check_name
from newsroom_consumers.database import open_database
from newsroom_consumers.database.database import DatabaseAwayError, NoGenerationError, SecondWorkerError
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.generations import unpark
from newsroom_consumers.generations.open import editor_queries, reader_queries, wait_until_reached
from newsroom_consumers.log.cut import Cut, end_of
from newsroom_consumers.log.kafka import KafkaLog, SharedKafkaLog, placement
from newsroom_consumers.log.log import LogAwayError, LogExtent
from newsroom_consumers.log.record import Address
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.queries.readers import Answer, ReaderQueries, Site
from newsroom_consumers.store.steps import StepObserver, failpoint
from newsroom_consumers.worker.backoff import retrying
from newsroom_consumers.worker.follow import StopWhenReplaced, follow
from newsroom_infra import topics
from newsroom_infra.settings import TAGS, Settings
from newsroom_schemas.wire.codec import Codec
from newsroom_schemas.wire.released import ReleasedSchemas

_logger = structlog.get_logger(__name__)


def codec() -> Codec:
    """Build the codec from the schemas of this release."""
    return Codec(ReleasedSchemas.load())


def log_of(settings: Settings, group: str | None = None, kind: type[KafkaLog] = KafkaLog) -> KafkaLog:
    """Open the log for reading; ``group`` is where progress is reported. Raises ``LogAwayError``."""
    names = (settings.articles_topic, settings.tags_topic)
    return kind(settings.bootstrap, names, group=group, batch=settings.batch)


def archive_of(settings: Settings, folder: Path) -> ArchiveLog:
    """Open an export of the log for reading. Raises ``NoArchiveError`` and ``ManifestError``."""
    return ArchiveLog(folder, batch=settings.batch)


def reader_of(log: LogExtent) -> RecordReader:
    """Build what reads the records of a log, whatever its topics' prefix."""
    (tags_topic,) = (topic for topic in log.partitions if topic.endswith(TAGS))
    return RecordReader(codec(), tags_topic=tags_topic, place=placement(log.partitions))


def site_of(settings: Settings) -> Site:
    """Say what readers' answers need besides the database."""
    return Site(settings.languages, ZoneInfo(settings.timezone), codec().blocks)


def tune_collector() -> None:
    """Make Python look for reference cycles seldom: a batch makes a million objects and no cycle (a fifth of its time).

    What exists by now stays out of every later search.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def run_worker(settings: Settings, name: str | None, stopping: threading.Event) -> None:
    """Move a generation along the log until told to stop; wait for Kafka and the database.

    Without a name it is the live one, and the next one once another is promoted.

    Raises ``SecondWorkerError``, ``MissingTopicError``, ``TopicsError``, and what ``generations.follow`` raises.
    """
    tune_collector()
    work = partial(_work, settings, control(settings), name, stopping, failpoint(settings.failpoint))
    retrying(stopping, LogAwayError, DatabaseAwayError)(work)
    while not stopping.is_set():
        retrying(stopping, LogAwayError, DatabaseAwayError, SecondWorkerError)(work)


def _work(
    settings: Settings, generations_of: Control, name: str | None, stopping: threading.Event, observer: StepObserver
) -> None:
    """Open the log, alone or as a member of a group, and follow it; return when another generation is live."""
    followed = name or generations_of.live_or(FIRST)
    check_name(followed)
    kind = SharedKafkaLog if generations_of.database.many_workers else KafkaLog
    with (
        generations_of.database.worker_lock(followed),
        closing(log_of(settings, f"{settings.topic_prefix}.{followed}", kind)) as log,
    ):
        require_topics(settings)
        stop = stopping if name else StopWhenReplaced(stopping, generations_of, followed)
        _logger.info("following", generation=followed)
        cached = settings.cached_articles
        follow(generations_of, followed, log, reader_of(log), stop, cached=cached, observer=observer)


def require_topics(settings: Settings) -> None:
    """Raise ``TopicsError`` for a cluster of one's own whose topics would not keep the log.

    A cluster that does not let itself be asked is not refused.
    """
    if settings.kafka is None:
        return
    try:
        found = topics.require(settings)
    except topics.ClusterError as error:
        _logger.warning("topics not checked", problem=error.problem)
        return
    for each in found:
        _logger.warning("topics differ", **msgspec.structs.asdict(each))


def control(settings: Settings) -> Control:
    """Open the control database."""
    return Control(open_database(settings.database_place))


def queries(settings: Settings) -> AbstractContextManager[ReaderQueries]:
    """Open what readers can ask of the live generation. Raises ``NoGenerationError``."""
    return reader_queries(control(settings), site_of(settings))


def ledger(settings: Settings) -> AbstractContextManager[EditorQueries]:
    """Open what editors and engineers can ask of the live generation. Raises ``NoGenerationError``."""
    return editor_queries(control(settings))


def retry(settings: Settings, ids: Sequence[str] | None, seconds: float) -> list[Answer]:
    """Have a worker fold parked records again, all where no article is named. See ``unparking.retry``."""
    return unpark.retry(control(settings), ids, seconds)


def waiting(settings: Settings, id_: str) -> unpark.ParkedQueue:
    """Give what waits of an article. Raises ``NothingParkedError``."""
    return unpark.waiting(control(settings), id_)


def skipped(settings: Settings, before: unpark.ParkedQueue, skip: Address, seconds: float) -> Answer:
    """Wait for an event that skips a record, and say what came of it. Raises ``NotReachedError``."""
    return unpark.skipped(control(settings), before, skip, seconds)


def ends(settings: Settings) -> Cut:
    """Say where the log ends now. Raises ``LogError``."""
    with closing(log_of(settings)) as log:
        return end_of(log)


def wait(settings: Settings, seconds: float) -> None:
    """Wait until the live generation, there yet or not, holds all that the log has now. Raises ``NotReachedError``."""
    wanted = ends(settings)

    def reached() -> Cut:
        try:
            with ledger(settings) as editors:
                return editors.positions()
        except NoGenerationError:
            return {}

    wait_until_reached(wanted, reached, seconds)
