"""What integration tests may ask for: a newsroom with a log of its own, and that log folded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from integration.raw import RawLog
from kit import Newsroom, Tables

from newsroom_consumers.folding import Folding

BATCH = 500
"""Size of the batches that most tests fold."""

Refold = Callable[..., Tables]


@pytest.fixture
def batch() -> int:
    """Size of the batches that the newsroom folds; a test for several sizes is parametrised with it."""
    return BATCH


@pytest.fixture
def newsroom(broker: str, topic_prefix: str, tmp_path: Path, batch: int) -> Iterator[Newsroom]:
    """Open a newsroom whose log is empty; the only place that says which database the tests use."""
    with closing(Newsroom(broker, topic_prefix, tmp_path / "generations", batch=batch)) as opened:
        yield opened


@pytest.fixture
def refold(newsroom: Newsroom, topic_prefix: str, tmp_path: Path, batch: int) -> Refold:
    """Fold the newsroom's whole log into an empty folder, in batches of the other size, and scan the tables."""
    folders = (tmp_path / f"again-{number}" for number in count())

    def fold(folding: Folding | None = None) -> Tables:
        again = Newsroom(newsroom.bootstrap, topic_prefix, next(folders), batch=1 if batch == BATCH else BATCH)
        again.work(folding=folding)
        return again.tables()

    return fold


@pytest.fixture
def raw_log(newsroom: Newsroom) -> Iterator[RawLog]:
    """Append what no tool of ours would send."""
    with closing(RawLog(newsroom)) as log:
        yield log
