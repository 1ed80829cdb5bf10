"""Generations as they are used: one moved along the log by a worker, the live one read by everybody else.

Example::

    with queries(control, site) as readers:
        readers.article("storm", "uk")
    with ledger(control) as editors:
        editors.outcomes("storm")
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import ClassVar

from sqlalchemy import Connection

from newsroom_consumers.failpoints import Reach, nothing
from newsroom_consumers.folding import Folding
from newsroom_consumers.ledger import Ledger
from newsroom_consumers.log import CountedLog
from newsroom_consumers.loop import CACHED, Loop, Stop
from newsroom_consumers.parking import Seldom
from newsroom_consumers.projections import PROJECTIONS
from newsroom_consumers.queries import Queries, Site
from newsroom_consumers.reads import RecordReader
from newsroom_consumers.records import Partition
from newsroom_consumers.store.control import Build, Control
from newsroom_consumers.store.database import DatabaseAwayError, NoGenerationError
from newsroom_consumers.store.generation import Generation
from newsroom_schemas.article import FOLD_VERSION
from newsroom_schemas.errors import NewsroomError

_LOOK_SECONDS = 0.05
"""How often to look whether a generation has come far enough."""
_CONTROL_SECONDS = 0.25
"""How often a worker looks which generation is live at most: what it folds into another meanwhile does no harm."""


class NotReachedError(NewsroomError):
    """A generation did not come as far as was waited for."""

    exit_code: ClassVar[int] = 5

    def __init__(self, seconds: float, behind: int) -> None:
        """Take how long it was waited, and how many records are missing still."""
        super().__init__(
            f"the live generation is still {behind:,} records behind after {seconds:g} s: is the worker running?"
        )
        self.seconds = seconds
        self.behind = behind


Positions = Mapping[Partition, int]
"""The next offset of each partition."""


def build(partitions: Mapping[str, int]) -> Build:
    """Say what decides the content of a generation that this program makes from topics of so many partitions."""
    return Build(FOLD_VERSION, {name: each.VERSION for name, each in PROJECTIONS.items()}, partitions)


@contextmanager
def queries(control: Control, site: Site, name: str | None = None) -> Iterator[Queries]:
    """Open a read transaction for what readers can ask of a generation, the live one by default; it sees public tables.

    Raises ``NoGenerationError`` where there is no generation yet.
    """
    with _opened(control, name, control.database.public) as connection:
        yield Queries(connection, site)


@contextmanager
def ledger(control: Control, name: str | None = None) -> Iterator[Ledger]:
    """Open a read transaction for what editors and engineers can ask of a generation, the live one by default.

    Raises ``NoGenerationError`` where there is no generation yet.
    """
    with _opened(control, name, control.database.reading) as connection:
        yield Ledger(connection)


@contextmanager
def _opened(
    control: Control, name: str | None, open_: Callable[[str], AbstractContextManager[Connection]]
) -> Iterator[Connection]:
    """Open a generation, the live one where none is named.

    It is still live when its transaction has begun: one that has been replaced may be dropped, or be moved on alone.
    """
    with ExitStack() as opened:
        wanted = name or control.live()
        while True:
            try:
                connection = opened.enter_context(open_(wanted))
            except (NoGenerationError, DatabaseAwayError):
                if name is not None or control.live() == wanted:
                    raise
            else:
                if name is not None or control.live() == wanted:
                    break
            opened.close()
            wanted = control.live()
        yield connection


class WhileLive:
    """Tells a worker to stop when it is told to, or soon after its generation is no longer the live one."""

    def __init__(self, stopping: threading.Event, control: Control, name: str) -> None:
        """Take what tells the worker to stop, and the generation that is live now."""
        self._stopping = stopping
        self._control = control
        self._name = name
        self._next = 0.0
        self.replaced = False
        """Whether another generation is live."""

    def is_set(self) -> bool:
        """Say whether to stop; a control database that is away says nothing."""
        if not self._stopping.is_set() and time.monotonic() >= self._next:
            self._next = time.monotonic() + _CONTROL_SECONDS
            with suppress(DatabaseAwayError):
                self.replaced = self._control.live_or(self._name) != self._name
        return self.replaced or self._stopping.is_set()

    def wait(self, timeout: float) -> bool:
        """Wait some seconds, or until told to stop."""
        return self._stopping.wait(timeout)


def follow(
    control: Control,
    name: str,
    log: CountedLog,
    reader: RecordReader,
    stopping: Stop,
    *,
    cached: int = CACHED,
    reach: Reach = nothing,
) -> None:
    """Move a generation along the log until told to stop, with so many articles in memory between batches.

    ``reach`` is told every failpoint.

    Raises ``OtherBuildError`` when another build has made the generation, and what ``Loop.run`` raises.
    """
    control.register(name, build(log.partitions), now=time.time_ns() // 1000)
    with moving(control, name, reach=reach) as generation, control.retries(name) as requests:
        waiting = Seldom(requests)
        loop = Loop(log, generation, reader, Folding(), owner=owner(), cached=cached, requests=waiting, reach=reach)
        loop.run(stopping)


@contextmanager
def moving(control: Control, name: str, *, reach: Reach = nothing) -> Iterator[Generation]:
    """Open a generation for writing, over a connection that is closed at the end."""
    engine = control.database.writer(name)
    try:
        yield Generation(engine, name, reach=reach)
    finally:
        engine.dispose()


def owner() -> str:
    """Name this process in the cursors that it takes."""
    return f"{socket.gethostname()}:{os.getpid()}"


def positions_of(control: Control, name: str) -> dict[Partition, int]:
    """Say how far a generation has folded each partition. Raises ``NoGenerationError``."""
    with ledger(control, name) as editors:
        return editors.positions()


def wait_for(ends: Positions, positions: Callable[[], Positions], seconds: float) -> None:
    """Wait until a generation is at or past every end. Raises ``NotReachedError`` after some seconds."""
    until = time.monotonic() + seconds
    while behind := _behind(ends, positions()):
        if time.monotonic() >= until:
            raise NotReachedError(seconds, behind)
        time.sleep(_LOOK_SECONDS)


def _behind(ends: Positions, reached: Positions) -> int:
    return sum(max(0, end - reached.get(at, 0)) for at, end in ends.items())
