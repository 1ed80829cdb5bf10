"""The wiring of the read side: how its parts are built from the settings. Nothing else builds a client."""

from __future__ import annotations

import gc
import threading
from contextlib import AbstractContextManager, closing
from zoneinfo import ZoneInfo

import tenacity

from newsroom_consumers import generations
from newsroom_consumers.ledger import Ledger
from newsroom_consumers.log import LogAwayError
from newsroom_consumers.loop import say_why
from newsroom_consumers.queries import Queries, Site
from newsroom_consumers.reads import RecordReader
from newsroom_consumers.store import open_database
from newsroom_consumers.store.control import FIRST, Control
from newsroom_consumers.store.database import NoGenerationError
from newsroom_consumers.transport import KafkaLog, placement
from newsroom_infra.settings import Settings
from newsroom_schemas.codec import Codec
from newsroom_schemas.registry import Registry


def codec() -> Codec:
    """Build the codec from the schemas of this release."""
    return Codec(Registry.load())


def log_of(settings: Settings, group: str | None = None) -> KafkaLog:
    """Open the log for reading; ``group`` is where progress is reported. Raises ``LogAwayError``."""
    topics = (settings.articles_topic, settings.tags_topic)
    return KafkaLog(settings.bootstrap, topics, group=group, batch=settings.batch)


def calm_collector() -> None:
    """Make Python look for reference cycles seldom: a batch makes a million objects and no cycle (a fifth of its time).

    What exists by now stays out of every later search.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def run_worker(settings: Settings, name: str | None, stopping: threading.Event) -> None:
    """Move a generation, the live one by default, along the log until told to stop; wait where Kafka is away.

    Raises ``SecondWorkerError``, ``MissingTopicError``, and what ``generations.follow`` raises.
    """
    generations_of = control(settings)
    name = name or generations_of.live_or(FIRST)
    patient = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(LogAwayError),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=15),
        sleep=tenacity.sleep_using_event(stopping),
        stop=tenacity.stop_when_event_set(stopping),
        before_sleep=say_why,
        retry_error_callback=lambda _: None,
    )
    with generations_of.database.alone(name):
        opened: KafkaLog | None = patient(log_of, settings, f"newsroom.{name}")
        if opened is None:
            return
        with closing(opened) as log:
            calm_collector()
            reader = RecordReader(codec(), tags_topic=settings.tags_topic, place=placement(log.partitions))
            generations.follow(generations_of, name, log, reader, stopping)


def control(settings: Settings) -> Control:
    """Open the control database."""
    return Control(open_database(settings.database_folder))


def queries(settings: Settings) -> AbstractContextManager[Queries]:
    """Open what readers can ask of the live generation. Raises ``NoGenerationError``."""
    site = Site(settings.languages, ZoneInfo(settings.timezone), codec().blocks)
    return generations.queries(control(settings), site)


def ledger(settings: Settings) -> AbstractContextManager[Ledger]:
    """Open what editors and engineers can ask of the live generation. Raises ``NoGenerationError``."""
    return generations.ledger(control(settings))


def wait(settings: Settings, seconds: float) -> None:
    """Wait until the live generation, there yet or not, holds all that the log has now. Raises ``NotReachedError``."""
    with closing(log_of(settings)) as log:
        ends = {at: bounds.end for at, bounds in log.bounds(log.assigned()).items()}

    def positions() -> generations.Positions:
        try:
            with ledger(settings) as editors:
                return editors.positions()
        except NoGenerationError:
            return {}

    generations.wait_for(ends, positions, seconds)
