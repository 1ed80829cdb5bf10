"""Any log, replayed to any cut, however often it is stopped: the fold of the records before the cut."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from support.batches import fold
from support.examples import examples
from support.kit import Tables, scan
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, records
from support.strategies import unhurried
from support.writing import READER

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.cut import Cut, end_of
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.worker.replay import replay


@settings(unhurried, max_examples=examples(25))
@given(
    records(),
    st.lists(st.integers(0, 99), min_size=5, max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.lists(st.integers(1, 20), max_size=3),
)
def test_a_replay_is_the_fold_of_what_lies_before_its_cut(
    log: list[Record], shares: list[int], sizes: list[int], stops: list[int]
) -> None:
    memory = MemoryLog(PARTITIONS, log, sizes=sizes)
    ends = end_of(memory)
    cut = {at: ends[at] * share // 99 for at, share in zip(sorted(ends), shares, strict=True)}
    before = [each for each in log if each.offset < cut[Partition(*each[:2])]]
    with TemporaryDirectory() as folder:
        expected = fold(before, SqliteDatabase(Path(folder) / "expected"), [500])
        database = SqliteDatabase(Path(folder) / "replayed")
        for stop in stops:
            _replay(database, MemoryLog(PARTITIONS, log, sizes=sizes), cut, stop)
        assert _replay(database, memory, cut, None)
        with database.reading("trial") as connection:
            tables = scan(connection)
    assert {Partition(*row[:2]): row[2] for row in tables["cursor"]} == cut
    assert _folded(tables) == _folded(expected)


def _replay(database: SqliteDatabase, log: MemoryLog, cut: Cut, stop: int | None) -> bool:
    """Replay until the cut, or until so many offsets more are folded."""
    stopping, done = threading.Event(), []

    def progress(more: int) -> None:
        done.append(more)
        if stop is not None and sum(done) >= stop:
            stopping.set()

    return replay(Control(database), "trial", log, cut, READER, stopping=stopping, progress=progress)


def _folded(tables: Tables) -> Tables:
    """Leave out where cursors stand behind their last record: a cut may lie in a gap."""
    cursors = [(*row[:2], *row[3:]) for row in tables["cursor"] if row[3] is not None]
    return tables | {"cursor": cursors}
