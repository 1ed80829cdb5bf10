"""What readers saw at an instant: folds the log up to a cut, and answers the queries of readers from the result.

Example::

    article_as_of(control, log, reader, site, instant=instant, article_id="storm", language="uk")
    with (
        as_of(control, log, reader, instant, report) as name,    # folds the log, or reuses an earlier fold
        reader_queries(control, site, name) as readers,
    ):
        readers.timeline("uk", limit=20)

For one article, only its own records and those of the tag catalogue are folded, into a temporary generation. A list
needs the whole log up to the cut. The ``KEPT`` generations of that kind that were used last are kept for reuse.
"""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ClassVar, NamedTuple

from msgspec import structs

from newsroom_consumers.control import snapshots
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control, LiveGenerationError, UnknownGenerationError
from newsroom_consumers.database.database import GenerationInUseError
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.generations.open import folded_cut, wait_until_reached
from newsroom_consumers.log.cut import Cut, cut_at
from newsroom_consumers.log.log import Log, LogExtent
from newsroom_consumers.progress import ShowProgress
from newsroom_consumers.projections.columns import canonical
from newsroom_consumers.queries.answers import GoneArticle, LiveArticle, NotFoundError
from newsroom_consumers.queries.readers import ReaderQueries, Site
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.reread import before, places_of, read_again
from newsroom_consumers.worker.replay import begin, replay
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.instants import to_rfc3339

KEPT = 3
"""Number of folded cuts that are kept for reuse."""
INDEX_SECONDS = 10.0
"""Maximum wait until the live generation has folded the log up to the cut."""
_TURN_SECONDS = 0.1
"""Seconds between two attempts to lock a cut that another process folds or reads."""
_TEMPORARY = "as-of"
"""Name of the temporary generation of one article."""


class FoldStoppedError(NewsroomError):
    """A fold was stopped before it reached its cut."""

    kind: ClassVar[Kind] = Kind.FAILED

    def __init__(self, name: str) -> None:
        """``name`` is the generation's."""
        super().__init__(f"stopped; what was folded into {name} is kept: run the same command again to continue")
        self.name = name


class NotThenError(NotFoundError):
    """Readers had nothing of that name at an instant."""

    def __init__(self, what: str, instant: int) -> None:
        """``instant`` is in microseconds; ``what`` describes the thing that was asked for."""
        super().__init__(what)
        self.instant = instant

    def __str__(self) -> str:
        """Return the message in the past tense."""
        return f"readers had no {self.what} at {to_rfc3339(self.instant)}"


@contextmanager
def then(instant: int) -> Iterator[None]:
    """Turn ``NotFoundError`` inside the block into ``NotThenError``, which names the instant."""
    try:
        yield
    except NotFoundError as error:
        raise NotThenError(error.what, instant) from error


CutObserver = Callable[[Cut], object]
"""Called with the cut that an answer is for."""


class AsOfProgress(NamedTuple):
    """How a fold of the log reports to its caller, and how the caller stops it."""

    say: Callable[[str], None]
    """Called with a sentence for each step."""
    show: ShowProgress
    stopping: threading.Event
    now: Callable[[], int] = lambda: time.time_ns() // 1000
    """Returns the current instant, microseconds."""
    observer: CutObserver = lambda _: None


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
    observer: CutObserver = lambda _: None,
) -> LiveArticle | GoneArticle:
    """Return the page of an edition as it was at an instant (microseconds).

    ``related`` is always ``None``, because it depends on other articles. The event index of the live generation tells
    where the article's records are. Raises ``NotThenError``, ``NotReachedError`` if that index does not reach the cut
    within ``seconds``, ``LogMismatchError``, ``LogError`` and ``NoGenerationError``.
    """
    cut, name = cut_at(log, instant), control.live()
    observer(cut)

    wait_until_reached(cut, partial(folded_cut, control, name), seconds)
    with control.database.reading(name) as connection:
        places = places_of(connection, CATALOGUE) | places_of(connection, article_id)
    judged = read_again(log, reader, before(places, cut))
    with _temporary(_fold(judged, article_id), site) as readers, then(instant):
        answer = readers.article(article_id, language)
    return structs.replace(answer, related=None) if isinstance(answer, LiveArticle) else answer


def _fold(judged: Sequence[JudgedRecord], article_id: str) -> FoldResult:
    """Fold all records of one article and of the tag catalogue."""
    return BatchFold().fold(judged, {id_: Aggregate(id=id_) for id_ in (CATALOGUE, article_id)})


@contextmanager
def _temporary(folded: FoldResult, site: Site) -> Iterator[ReaderQueries]:
    """Store the result of a fold in a temporary generation, and yield its queries."""
    with tempfile.TemporaryDirectory(prefix="newsroom-as-of-") as folder:
        database = SqliteDatabase(Path(folder))
        with database.session(_TEMPORARY) as session:
            Generation(session).commit([], folded)
        with database.public(_TEMPORARY) as connection:
            yield ReaderQueries(connection, site)


@contextmanager
def as_of(control: Control, log: Log, reader: RecordReader, instant: int, report: AsOfProgress) -> Iterator[str]:
    """Yield the name of a generation with the log folded up to an instant (microseconds), and lock it meanwhile.

    Folds the log, or reuses an earlier fold of the same cut. Waits if another process uses it. Raises
    ``FoldStoppedError``, and what ``replay`` raises.
    """
    cut = cut_at(log, instant)
    report.observer(cut)
    name = name_of(log, cut)
    with _turn(control, name, report):
        with control.writing() as connection:
            snapshots.use(connection, name, _written(cut), report.now())
            folded_at = snapshots.folded_at(connection, name)
        left = begin(control, name, log, cut)
        if left or folded_at is None:
            report.say(f"folding the log up to {to_rfc3339(instant)} ({name}): {left:,} records")
        else:
            report.say(f"reusing {name}, folded {to_rfc3339(folded_at)}")
        # With none left, the last records folded are compared with the log's.
        with report.show(left, "records") as progress:
            if not replay(control, name, log, cut, reader, stopping=report.stopping, progress=progress):
                raise FoldStoppedError(name)
        if left or folded_at is None:
            with control.writing() as connection:
                snapshots.folded(connection, name, report.now())
        _make_room(control, report)
        yield name


def name_of(log: LogExtent, cut: Cut) -> str:
    """Return the name of a cut's generation. It depends on the cut and the build, not on the instant."""
    made = this_build(log.partitions)
    identity = canonical([_written(cut), made.fold_version, dict(made.projection_versions), dict(made.partitions)])
    return f"cut-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


def _written(cut: Cut) -> str:
    return canonical([[*at, cut[at]] for at in sorted(cut)])


@contextmanager
def _turn(control: Control, name: str, report: AsOfProgress) -> Iterator[None]:
    """Lock a generation, waiting until no other process holds it. Raises ``FoldStoppedError``."""
    with ExitStack() as held:
        waiting = False
        while True:
            try:
                held.enter_context(control.database.exclusively(name))
                break
            except GenerationInUseError:
                if not waiting:
                    report.say(f"waiting for {name}: another process folds or reads it")
                waiting = True
            if report.stopping.wait(_TURN_SECONDS):
                raise FoldStoppedError(name)
        yield


def _make_room(control: Control, report: AsOfProgress) -> None:
    """Drop all but the ``KEPT`` cuts used last. One that another process is reading stays until the next time."""
    with control.writing() as connection:
        names = snapshots.oldest(connection, KEPT)
    for name in names:
        try:
            with suppress(UnknownGenerationError):
                control.drop(name)
                report.say(f"dropped {name}: the {KEPT} cuts used last are kept")
        except (GenerationInUseError, LiveGenerationError):
            continue
        with control.writing() as connection:
            snapshots.forget(connection, name)
