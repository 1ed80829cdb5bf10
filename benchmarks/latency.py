"""How long it takes from a publication to the moment at which readers see it, at several rates of events.

Run it as ``make bench-latency``. Three processes besides the servers: a `newsroom worker`, a producer, and a watcher.

The producer is an open loop: the instant of every event is fixed before the first is sent, and latency counts from that
instant, also where the producer itself is late. The watcher asks the live generation for the newest entries of the
timeline by the statement that readers' pages use, every few milliseconds, over one connection that sees public tables
only. A publication is visible at the end of the first such question that has it, so that a figure is too large by one
look at most, never too small. All clocks are the machine's one CLOCK_MONOTONIC.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mix
import psycopg
import report
import stage
from kafka import KafkaProducer
from psycopg.sql import SQL, Identifier
from rich.console import Console
from sqlalchemy import select

from newsroom_consumers.control.control import FIRST, Control
from newsroom_consumers.database.database import NoGenerationError
from newsroom_consumers.database.postgres import schema_of
from newsroom_consumers.database.postgres_role import READERS
from newsroom_consumers.store.tables import CURSOR
from newsroom_infra.app import build
from newsroom_infra.app.codec import codec
from newsroom_infra.settings import Settings, load
from newsroom_schemas.events import ArticlePublished, key_of

DATABASES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
RATES = (200, 1_000, 2_000)
LANGUAGES = ("uk", "en")
LOOK_SECONDS = 0.002
"""How often the watcher looks."""
PAGE = 50
"""Entries of each language that it asks for at first; more when it had none of the last one before."""
HEAD = (
    "SELECT first_event_id FROM timeline WHERE language = {mark} "
    "ORDER BY first_published_at DESC, first_event_id DESC, article_id DESC LIMIT {mark}"
)
"""The statement of the newest entries."""
WARM_SECONDS = 5.0
"""Seconds at the start of which nothing is counted."""
LATE_SECONDS = 30.0
"""How long to wait for the last publications."""


def main() -> None:
    """Parse the command line, and run the whole benchmark or its producer."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, action="append", help=f"events per second (default: {RATES})")
    parser.add_argument("--seconds", type=int, default=30, help="for each rate (default: %(default)s)")
    parser.add_argument("--database", choices=DATABASES, action="append", help="one of them only (default: both)")
    parser.add_argument("--report", type=Path, help="also write the figures into this page")
    parser.add_argument("--produce", nargs=3, metavar=("RATE", "SECONDS", "PREFIX"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.produce:
        rate, seconds, prefix = options.produce
        _produce(load(), int(rate), int(seconds), prefix)
    else:
        _measure(options.rate or RATES, options.seconds, options.database or list(DATABASES), options.report)


def _measure(rates: Sequence[int], seconds: int, databases: Sequence[str], page: Path | None) -> None:
    console, rows = Console(), []
    for database in databases:
        with stage.started([database], console) as settings:
            machine = report.Machine(settings)
            with working(settings):
                for rate in rates:
                    console.print(f"{DATABASES[database]}: {rate:,} events/s for {seconds} s")
                    rows.append([DATABASES[database], *_row(settings, rate, seconds)])
    head = ["", "events/s", "publications", "p50, ms", "p95, ms", "p99, ms", "most, ms"]
    of_these = ["acknowledged p50, ms", "p99, ms", "between two looks p50, ms"]
    words = f"{seconds} s for each rate, the first {WARM_SECONDS:g} s not counted. {machine.words()}"
    report.give(console, "bench-latency", f"{report.table([*head, *of_these], rows)}\n\n{words}", page)


@contextmanager
def working(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """Run a `newsroom worker`, and wait until there is a generation to read."""
    command = [sys.executable, "-m", "newsroom_infra", "worker"]
    environment = stage.environment(settings) | {"NEWSROOM_LOG_LEVEL": "error"}
    with subprocess.Popen(command, env=environment) as worker:  # noqa: S603 - ourselves
        try:
            control = build.control(settings)
            while not _takes(control):
                if worker.poll() is not None:
                    raise SystemExit("the worker has ended")
                time.sleep(0.1)
            yield worker
        finally:
            worker.terminate()


def _takes(control: Control) -> bool:
    """Return whether a worker has taken partitions."""
    try:
        with control.database.reading(FIRST) as connection:
            return connection.scalar(select(CURSOR.c.epoch).limit(1)) is not None
    except NoGenerationError:
        return False


def _row(settings: Settings, rate: int, seconds: int) -> list[str]:
    """Measure one rate, and write what was found."""
    watcher = _Watcher(settings)
    sent = _watched(settings, watcher, [str(rate), str(seconds), f"at-{rate}"])
    watcher.close()
    counted = {id_: times for id_, times in sent.items() if times["due"] >= min(_dues(sent)) + WARM_SECONDS}
    visible = [(watcher.seen[id_] - times["due"]) * 1000 for id_, times in counted.items()]
    acknowledged = [(times["acknowledged"] - times["due"]) * 1000 for times in counted.values()]
    looks = statistics.median(watcher.pauses) * 1000
    figures = [*_quantiles(visible), max(visible), *_quantiles(acknowledged)[::2], looks]
    return [f"{rate:,}", f"{len(counted):,}", *(f"{figure:,.1f}" for figure in figures)]


def _watched(settings: Settings, watcher: _Watcher, orders: list[str]) -> dict[str, dict[str, float]]:
    """Run the producer, watch until all publications are seen, and return what the producer printed about them."""
    command = [sys.executable, __file__, "--produce", *orders]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, env=stage.environment(settings), stdout=said) as producer:  # noqa: S603 - ourselves
            while producer.poll() is None:
                watcher.look()
        said.seek(0)
        sent: dict[str, dict[str, float]] = json.load(said)
    until = time.monotonic() + LATE_SECONDS
    while sent.keys() - watcher.seen.keys() and time.monotonic() < until:
        watcher.look()
    if missing := sent.keys() - watcher.seen.keys():
        raise SystemExit(f"{len(missing):,} of {len(sent):,} publications were not seen within {LATE_SECONDS:g} s")
    return sent


def _dues(sent: dict[str, dict[str, float]]) -> list[float]:
    return [times["due"] for times in sent.values()]


def _quantiles(values: list[float]) -> list[float]:
    """Return p50, p95 and p99."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return [cuts[49], cuts[94], cuts[98]]


class _Watcher:
    """Reads the head of the timeline again and again, and notes when it has seen each entry first."""

    def __init__(self, settings: Settings) -> None:
        self.seen: dict[str, float] = {}
        """When each publication was seen, by its event id."""
        self.pauses: list[float] = []
        """Seconds between the ends of two looks."""
        self._connection, mark = _reader(settings)
        self._statement = HEAD.format(mark=mark)
        self._last = time.monotonic()

    def look(self) -> None:
        """Ask once, no sooner than ``LOOK_SECONDS`` after the last time."""
        time.sleep(max(0.0, self._last + LOOK_SECONDS - time.monotonic()))
        found = {id_ for language in LANGUAGES for id_ in self._head(language)}
        now = time.monotonic()
        self.seen |= dict.fromkeys(found - self.seen.keys(), now)
        self.pauses.append(now - self._last)
        self._last = now

    def close(self) -> None:
        """Let the database go."""
        self._connection.close()

    def _head(self, language: str) -> list[str]:
        """Return the newest entries, so many that one seen before is among their last half."""
        limit = PAGE
        while True:
            ids = [id_ for (id_,) in self._connection.execute(self._statement, (language, limit))]
            if len(ids) < limit or any(id_ in self.seen for id_ in ids[limit // 2 :]):
                return ids
            limit *= 4


def _reader(settings: Settings) -> tuple[Any, str]:
    """Connect to the public tables; also give how statements mark a value there."""
    if not settings.many_workers:
        return sqlite3.connect(f"file:{settings.database_folder / FIRST}.sqlite?mode=ro", uri=True), "?"
    connection = psycopg.connect(settings.database_place, autocommit=True)
    connection.execute(SQL("SET search_path = {}").format(Identifier(schema_of(FIRST))))
    connection.execute(SQL("SET ROLE {}").format(Identifier(READERS)))
    return connection, "%s"


def _produce(settings: Settings, rate: int, seconds: int, prefix: str) -> None:
    """Send events at instants that are fixed in advance; print when each publication was due and acknowledged.

    Events are encoded before: the tools that send them have machines of their own. One client without linger stands
    for all of them.
    """
    encode = codec().encode
    events = list(mix.events(rate * seconds, prefix=prefix, seed=rate))
    records = [(key_of(event).encode(), encode(event)) for event in events]
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap, acks="all", enable_idempotence=True, linger_ms=0, metrics_enabled=False
    )
    producer.partitions_for(settings.topics.articles)
    sent: dict[str, dict[str, float]] = defaultdict(dict)
    start = time.monotonic() + 0.5
    for number, (event, (key, encoded)) in enumerate(zip(events, records, strict=True)):
        due = start + number / rate
        if (early := due - time.monotonic()) > 0:
            time.sleep(early)
        future = producer.send(settings.topics.articles, key=key, value=encoded.value, headers=encoded.headers)
        if isinstance(event, ArticlePublished):
            times = sent[event.event_id]
            times["due"] = due
            future.add_callback(_acknowledged, times)
    producer.close()
    print(json.dumps(sent))


def _acknowledged(times: dict[str, float], _: object) -> None:
    times["acknowledged"] = time.monotonic()


if __name__ == "__main__":
    main()
