"""Open a generation to ask it something, by default the live one; wait until one has folded the log far enough.

Example::

    with reader_queries(control, site) as readers:
        readers.article("storm", "uk")
    with editor_queries(control) as editors:
        editors.outcomes("storm")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import ClassVar

from sqlalchemy import Connection

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError, NoGenerationError
from newsroom_consumers.log.cut import Cut, distance
from newsroom_consumers.log.record import Partition
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.queries.readers import ReaderQueries, Site
from newsroom_consumers.store import cursors
from newsroom_consumers.waiting import attempts
from newsroom_schemas.errors import Kind, NewsroomError


class NotReachedError(NewsroomError):
    """A generation did not reach a cut in time."""

    kind: ClassVar[Kind] = Kind.TIMED_OUT

    def __init__(self, seconds: float, behind: int) -> None:
        """``seconds`` is the time waited, ``behind`` the number of records that are still missing."""
        super().__init__(
            f"the live generation is still {behind:,} records behind after {seconds:g} s: is the worker running?"
        )
        self.seconds = seconds
        self.behind = behind


@contextmanager
def reader_queries(control: Control, site: Site, name: str | None = None) -> Iterator[ReaderQueries]:
    """Open a read transaction for the questions of readers, by default on the live generation.

    It sees public tables only. Raises ``NoGenerationError`` if there is no generation yet.
    """
    with _opened(control, name, control.database.public) as connection:
        yield ReaderQueries(connection, site)


@contextmanager
def editor_queries(control: Control, name: str | None = None) -> Iterator[EditorQueries]:
    """Open a read transaction for the questions of editors and engineers, by default on the live generation.

    Raises ``NoGenerationError`` if there is no generation yet.
    """
    with _opened(control, name, control.database.reading) as connection:
        yield EditorQueries(connection)


@contextmanager
def _opened(
    control: Control, name: str | None, open_: Callable[[str], AbstractContextManager[Connection]]
) -> Iterator[Connection]:
    """Open a generation, the live one if none is named.

    The live one is checked again once its transaction has begun: a replaced generation may be dropped, and may lag.
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


def folded_cut(control: Control, name: str | None = None) -> dict[Partition, int]:
    """Return how far a generation, the live one by default, has folded each partition. Raises ``NoGenerationError``."""
    with _opened(control, name, control.database.reading) as connection:
        return cursors.cut(connection)


def wait_until_reached(cut: Cut, reached: Callable[[], Cut], seconds: float) -> None:
    """Wait until a generation is at the cut or past it. Raises ``NotReachedError`` after ``seconds``."""
    for _ in attempts(seconds):
        if not (behind := distance(cut, reached())):
            return
    raise NotReachedError(seconds, behind)
