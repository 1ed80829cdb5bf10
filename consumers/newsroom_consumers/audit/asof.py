"""What readers saw at an instant: the log folded up to a cut, and asked as the live generation is.

Example::

    article_as_of(control, log, reader, site, instant=instant, article_id="storm", language="uk")
    with as_of(control, log, reader, instant, onlooker) as name:    # folds the log, or reuses what it has folded
        ...

Of an article only its own records are folded, and those of the tag catalogue, into a generation that is thrown away. A
list needs the whole log up to the cut; a few such generations are kept, and the one used longest ago makes room.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from newsroom_consumers.control import snapshots
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control, LiveGenerationError, UnknownGenerationError
from newsroom_consumers.database.database import GenerationInUseError
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import CATALOGUE, JudgedRecord, RecordReader
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.generations.open import cut_of, wait_until_reached
from newsroom_consumers.log.cut import Cut, cut_at
from newsroom_consumers.log.log import CountedLog, Log
from newsroom_consumers.progress import Progress
from newsroom_consumers.projections.columns import canonical
from newsroom_consumers.queries.readers import Answer, NotFoundError, ReaderQueries, Site
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.reread import before, places_of, read_again
from newsroom_consumers.worker.replay import begin, replay
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.instants import to_rfc3339

KEPT = 3
"""Cuts that are kept."""
INDEX_SECONDS = 10.0
"""How long to wait until the live generation has found the records before a cut."""
_TURN_SECONDS = 0.1
"""How often to look whether a cut that somebody else folds or asks is free."""
_THROWN_AWAY = "as-of"


class FoldStoppedError(NewsroomError):
    """A fold was stopped before it came to its cut."""

    kind: ClassVar[Kind] = Kind.FAILED

    def __init__(self, name: str) -> None:
        """Name the generation."""
        super().__init__(f"stopped; what was folded into {name} is kept, and the same command goes on from there")
        self.name = name


class NotThenError(NotFoundError):
    """There was nothing of that name for readers at an instant."""

    def __init__(self, what: str, instant: int) -> None:
        """Say what was asked for, and of which instant (microseconds)."""
        super().__init__(what)
        self.instant = instant

    def __str__(self) -> str:
        """Say it in the past tense."""
        return f"readers had no {self.what} at {to_rfc3339(self.instant)}"


@contextmanager
def then(instant: int) -> Iterator[None]:
    """Ask of an instant: what is not found was not there then. Raises ``NotThenError``."""
    try:
        yield
    except NotFoundError as error:
        raise NotThenError(error.what, instant) from error


Looking = Callable[[Cut], object]
"""Is told the cut that an answer is about."""


class AsOfProgress(NamedTuple):
    """Who asks, and is told what a fold of the log does."""

    say: Callable[[str], None]
    """Is told each thing that is done."""
    counting: Callable[[int], AbstractContextManager[Progress]]
    """Shows the progress of so many records."""
    stopping: threading.Event
    now: Callable[[], int] = lambda: time.time_ns() // 1000
    """Gives the present instant, microseconds."""
    looking: Looking = lambda _: None


def article_as_of(
    control: Control,
    log: Log,
    reader: RecordReader,
    site: Site,
    *,
    instant: int,
    article_id: str,
    language: str,
    seconds: float = INDEX_SECONDS,
    looking: Looking = lambda _: None,
) -> Answer:
    """Give the page of an edition as it was at an instant (microseconds); ``related`` is null, it is others' affair.

    The event index of the live generation says where the records lie. Raises ``NotThenError``, ``NotReachedError``
    when that index does not come up to the cut within some seconds, ``LogMismatchError``, ``LogError`` and
    ``NoGenerationError``.
    """
    cut, name = cut_at(log, instant), control.live()
    looking(cut)

    wait_until_reached(cut, partial(cut_of, control, name), seconds)
    with control.database.reading(name) as connection:
        places = places_of(connection, CATALOGUE) | places_of(connection, article_id)
    reads = read_again(log, reader, before(places, cut))
    with _thrown_away(_fold(reads, article_id), site) as readers, then(instant):
        answer = readers.article(article_id, language)
    return answer | {"related": None} if "related" in answer else answer


def _fold(reads: Sequence[JudgedRecord], article_id: str) -> FoldResult:
    """Fold the records of one article and of the catalogue from the first one on."""
    return BatchFold().fold(reads, {id_: Aggregate(id=id_) for id_ in (CATALOGUE, article_id)})


@contextmanager
def _thrown_away(folded: FoldResult, site: Site) -> Iterator[ReaderQueries]:
    """Store what was folded in a generation of its own for as long as it is asked."""
    with tempfile.TemporaryDirectory(prefix="newsroom-as-of-") as folder:
        database = SqliteDatabase(Path(folder))
        engine = database.writer(_THROWN_AWAY)
        try:
            Generation(engine, _THROWN_AWAY).commit([], folded)
        finally:
            engine.dispose()
        with database.public(_THROWN_AWAY) as connection:
            yield ReaderQueries(connection, site)


@contextmanager
def as_of(
    control: Control, log: CountedLog, reader: RecordReader, instant: int, onlooker: AsOfProgress
) -> Iterator[str]:
    """Give the name of a generation that holds the log up to an instant, folded now or before, and hold it meanwhile.

    Who wants the same cut at the same time waits. Raises ``FoldStoppedError``, and what ``replay`` raises.
    """
    cut = cut_at(log, instant)
    onlooker.looking(cut)
    name = name_of(log, cut)
    with _turn(control, name, onlooker):
        with control.writing() as connection:
            snapshots.use(connection, name, _written(cut), onlooker.now())
            folded_at = snapshots.folded_at(connection, name)
        left = begin(control, name, log, cut)
        if left or folded_at is None:
            onlooker.say(f"folding the log up to {to_rfc3339(instant)} ({name}): {left:,} records")
        else:
            onlooker.say(f"reusing {name}, folded {to_rfc3339(folded_at)}")
        with onlooker.counting(left) as progress:  # with none left, the last records folded are compared with the log's
            if not replay(control, name, log, cut, reader, stopping=onlooker.stopping, progress=progress):
                raise FoldStoppedError(name)
        if left or folded_at is None:
            with control.writing() as connection:
                snapshots.folded(connection, name, onlooker.now())
        _make_room(control, onlooker)
        yield name


def name_of(log: CountedLog, cut: Cut) -> str:
    """Name the generation of a cut: two instants between the same records are one cut, another build is another."""
    made = this_build(log.partitions)
    identity = canonical([_written(cut), made.fold_version, dict(made.projection_versions), dict(made.partitions)])
    return f"cut-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def _written(cut: Cut) -> str:
    return canonical([[*at, cut[at]] for at in sorted(cut)])


@contextmanager
def _turn(control: Control, name: str, onlooker: AsOfProgress) -> Iterator[None]:
    """Hold a generation exclusively, as soon as nobody else does. Raises ``FoldStoppedError``."""
    with ExitStack() as held:
        waiting = False
        while True:
            try:
                held.enter_context(control.database.exclusively(name))
                break
            except GenerationInUseError:
                if not waiting:
                    onlooker.say(f"waiting for {name}: somebody else folds it, or asks it")
                waiting = True
            if onlooker.stopping.wait(_TURN_SECONDS):
                raise FoldStoppedError(name)
        yield


def _make_room(control: Control, onlooker: AsOfProgress) -> None:
    """Drop the cuts used longest ago; one that somebody asks just now stays until the next time."""
    with control.writing() as connection:
        names = snapshots.oldest(connection, KEPT)
    for name in names:
        try:
            with suppress(UnknownGenerationError):
                control.drop(name)
                onlooker.say(f"dropped {name}: the {KEPT} cuts used last are kept")
        except (GenerationInUseError, LiveGenerationError):
            continue
        with control.writing() as connection:
            snapshots.forget(connection, name)
