"""What integration tests may ask for: a newsroom with a log of its own, and that log folded again."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest
from support.kit import Newsroom, Tables
from support.postgres import fresh_database
from support.raw import RawLog
from support.workers import work_together

from newsroom_consumers.fold.batch import BatchFold

BATCH = 500
"""Size of the batches that most tests fold."""

Refold = Callable[..., Tables]
Places = Callable[[], str]

on_both_databases = pytest.mark.parametrize("database", ["sqlite", "postgres"])


@pytest.fixture
def batch() -> int:
    """Size of the batches that the newsroom folds; a test for several sizes is parametrised with it."""
    return BATCH


@pytest.fixture
def database() -> str:
    """Word for the database that the newsroom uses; a test for several is marked with ``on_both_databases``."""
    return "sqlite"


@pytest.fixture
def places(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Places]:
    """Return an empty place for generations whenever asked; the only place that says which database the tests use."""
    with ExitStack() as opened:
        if database == "sqlite":
            folders = (str(tmp_path / f"generations-{number}") for number in count())
            yield lambda: next(folders)
        else:
            server = request.getfixturevalue("postgres")
            yield lambda: opened.enter_context(fresh_database(server))


@pytest.fixture
def newsroom(broker: str, topic_prefix: str, places: Places, batch: int) -> Iterator[Newsroom]:
    """Open a newsroom whose log is empty."""
    with closing(Newsroom(broker, topic_prefix, places(), batch=batch)) as opened:
        yield opened


@pytest.fixture
def refold(newsroom: Newsroom, topic_prefix: str, places: Places, batch: int) -> Refold:
    """Fold the newsroom's whole log into an empty place, in batches of the other size, and scan the tables.

    With ``workers`` so many fold it together, where the database takes them.
    """

    def fold(folding: BatchFold | None = None, *, workers: int = 1) -> Tables:
        again = Newsroom(newsroom.bootstrap, topic_prefix, places(), batch=1 if batch == BATCH else BATCH)
        if workers > 1 and again.database.many_workers:
            work_together(again, workers)
        else:
            again.work(folding=folding)
        return again.tables()

    return fold


@pytest.fixture
def swept() -> Iterator[None]:
    """Collect the sockets that the client leaves open when they do not connect; log records would keep them alive."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)
    gc.collect()


@pytest.fixture
def raw_log(newsroom: Newsroom) -> Iterator[RawLog]:
    """Append what no tool of ours would send."""
    with closing(RawLog(newsroom)) as log:
        yield log
