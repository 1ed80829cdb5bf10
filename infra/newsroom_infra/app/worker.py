"""Runs a worker, which moves a generation along the log, and waits while Kafka or the database is away."""

from __future__ import annotations

import gc
import threading
from contextlib import closing
from functools import partial

import msgspec
import structlog

from newsroom_consumers.control.control import FIRST, Control, check_name
from newsroom_consumers.database.database import DatabaseAwayError, NoGenerationError, SecondWorkerError
from newsroom_consumers.generations.open import folded_cut, wait_until_reached
from newsroom_consumers.log.cut import Cut, end_of
from newsroom_consumers.log.kafka import KafkaLog, SharedKafkaLog
from newsroom_consumers.log.log import LogAwayError
from newsroom_consumers.store.steps import StepObserver, failpoint
from newsroom_consumers.worker.backoff import retrying
from newsroom_consumers.worker.follow import StopWhenReplaced, follow
from newsroom_infra import topics
from newsroom_infra.app import build
from newsroom_infra.app.log import kafka_log, record_reader
from newsroom_infra.settings import Settings

_logger = structlog.get_logger(__name__)


def tune_collector() -> None:
    """Make Python's garbage collector run seldom, which saves a fifth of a batch's time.

    A batch makes a million objects and no cycle. Objects that exist already are ignored from now on.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def run(settings: Settings, name: str | None, stopping: threading.Event) -> None:
    """Move a generation along the log until told to stop, and wait for Kafka and the database where necessary.

    Without a name, move the live generation, and switch when another one is promoted.

    Raises ``SecondWorkerError``, ``MissingTopicError``, ``TopicsError``, and what ``follow`` raises.
    """
    tune_collector()
    work = partial(_work, settings, build.control(settings), name, stopping, failpoint(settings.failpoint))
    retrying(stopping, LogAwayError, DatabaseAwayError)(work)
    while not stopping.is_set():
        retrying(stopping, LogAwayError, DatabaseAwayError, SecondWorkerError)(work)


def _work(
    settings: Settings, control: Control, name: str | None, stopping: threading.Event, observer: StepObserver
) -> None:
    """Open the log, alone or as a member of a group, and follow it until another generation is live."""
    followed = name or control.live_or(FIRST)
    check_name(followed)
    kind = SharedKafkaLog if control.database.many_workers else KafkaLog
    with (
        control.database.worker_lock(followed),
        closing(kafka_log(settings, f"{settings.topic_prefix}.{followed}", kind)) as log,
    ):
        _require_topics(settings)
        stop = stopping if name else StopWhenReplaced(stopping, control, followed)
        _logger.info("following", generation=followed)
        cached = settings.cached_articles
        follow(control, followed, log, record_reader(log), stop, cached=cached, observer=observer)


def _require_topics(settings: Settings) -> None:
    """Raise ``TopicsError`` if the topics of a cluster of one's own would not keep the log.

    A cluster that does not answer the question is accepted, with a warning.
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


def wait(settings: Settings, seconds: float) -> None:
    """Wait until the live generation, which need not exist yet, holds everything that the log holds now.

    Raises ``NotReachedError`` after ``seconds``.
    """
    with closing(kafka_log(settings)) as log:
        wanted = end_of(log)

    def reached() -> Cut:
        try:
            return folded_cut(build.control(settings))
        except NoGenerationError:
            return {}

    wait_until_reached(wanted, reached, seconds)
