"""Where benchmarks run: a stack of their own with a log of events, and each part in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import mix
from msgspec.structs import replace
from rich.console import Console

from newsroom_consumers.log.cut import Cut
from newsroom_consumers.log.kafka import KafkaLog
from newsroom_infra import stack
from newsroom_infra.app.transport import transport
from newsroom_infra.settings import Settings, load
from newsroom_schemas.events import AnyEvent


@contextmanager
def filled(events: int, databases: Sequence[str], console: Console, **settings: Any) -> Iterator[Settings]:
    """Start a stack without workers, send so many events, and take it down at the end."""
    with started(databases, console, **settings) as made:
        fill(made, mix.events(events), console)
        yield made


@contextmanager
def started(databases: Sequence[str], console: Console, **settings: Any) -> Iterator[Settings]:
    """Start a stack without workers, and take it down at the end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the stack goes down then, too
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as home:
        server = "postgres" if "postgres" in databases else None
        jars = load().jars_folder
        made = Settings(home=Path(home), jars=jars, kafka=None, database=server, **_free_ports(), **settings)
        stack.up(made, console, worker=False)
        try:
            yield made
        finally:
            stack.down(made)
            stack.reset(made)


def fill(settings: Settings, events: Iterable[AnyEvent], console: Console) -> None:
    """Send events as fast as they can be sent."""
    started = time.perf_counter()
    with transport(settings) as opened:
        sent = sum(1 for _ in opened.send_all(events))
    seconds = time.perf_counter() - started
    console.print(f"sent {sent:,} events in {seconds:.1f} s ({sent / seconds:,.0f} per second)")


@contextmanager
def placed(settings: Settings, *, sqlite: bool) -> Iterator[Settings]:
    """Return settings whose database is the stack's own server, or a new folder of SQLite files."""
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as folder:
        yield replace(settings, database=folder) if sqlite else settings


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables of another process: the settings, and where this one has its modules from."""
    return settings.variables() | {"PYTHONPATH": os.pathsep.join(sys.path)}


def run(
    script: str, part: str, generation: str, settings: Settings, *, sqlite: bool, more: Sequence[str] = ()
) -> dict[str, Any]:
    """Run one part of a script in a process of its own, into a schema, or a file in a folder of its own."""
    command = [sys.executable, script, "--part", part, "--generation", generation, *more]
    with placed(settings, sqlite=sqlite) as own:
        done = subprocess.run(command, env=environment(own), check=True, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def poll(log: KafkaLog, ends: Cut) -> dict[str, Any]:
    """Poll the bare client and do nothing with what it gives."""
    for at in ends:
        log.seek(at, 0)
    consumer = log._consumer  # noqa: SLF001 - the bare client is what is measured
    total, seen, started = sum(ends.values()), 0, time.perf_counter()
    while seen < total:
        seen += sum(len(records) for records in (consumer.poll(0) or consumer.poll(500)).values())
    return {"events": seen, "seconds": time.perf_counter() - started}


def _free_ports() -> dict[str, Any]:
    """Find ports of the loopback interface that nobody listens on."""
    with ExitStack() as held:
        names = ("kafka_port", "controller_port", "postgres_port")
        return {name: held.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for name in names}
