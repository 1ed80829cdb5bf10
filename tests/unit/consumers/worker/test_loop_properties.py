"""The loop's promise, over random logs: batches, caches, failures and crashes leave no trace in the tables."""

from __future__ import annotations

import contextlib
import functools
import itertools
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import fold_model as make
from support.examples import examples
from support.faults import BrittleGeneration, CursorsFirst, RowsFirst, SplitGeneration
from support.kit import CODEC, Tables, tables_of
from support.memory_log import CrashError, Fuse, MemoryLog
from support.record_strategies import PARTITIONS, PLACE, TAGS_TOPIC, numbered, real, record_of, records
from support.strategies import unhurried

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.chain import CHAIN_START, link, record_hash, value_sha
from newsroom_consumers.log.log import LogAwayError, LogMismatchError
from newsroom_consumers.log.record import Partition, Record
from newsroom_consumers.store.cursors import FencedError
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.worker.follow import StopWhenReplaced
from newsroom_consumers.worker.loop import Loop

TAG = record_of(real(make.defined("t1", uk="один")))
LOG = numbered(
    [
        record_of(real(event))
        for event in (
            make.created(event_id="e1", tags=("t1",)),
            make.created(event_id="e2", article_id="flood"),
            make.published(event_id="e3"),
            make.edited(event_id="e4", headline="New"),
            make.published(event_id="e5", article_id="flood"),
            make.published(event_id="e6"),
        )
    ]
    + [TAG],
    set(),
)
"""A small log of two articles and a tag, each in a partition of its own."""
STORM, TAGS = (Partition(record.topic, record.partition) for record in (LOG[0], TAG))
READER = RecordReader(CODEC, tags_topic=TAGS_TOPIC, place=PLACE)
CRASHES: tuple[BaseException, ...] = (
    CrashError(),
    LogAwayError("memory", "a test"),
    DatabaseAwayError("main", "a test"),
)
"""Ways to fail: the first ends the worker, the others it lives through."""

faults = st.lists(st.tuples(st.integers(0, 60), st.sampled_from(CRASHES)), min_size=1, max_size=3)
"""After how many steps the worker fails, and how; then again."""
sizes = st.lists(st.integers(1, 9), min_size=1, max_size=3)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of an empty generation."""
    path = tmp_path_factory.mktemp("empty") / "main.sqlite"
    session = SqliteDatabase(path.parent).session(path.stem)
    Generation(session)
    session.close()
    return path


@pytest.fixture
def main(empty: Path, tmp_path: Path) -> Path:
    """File of a generation that nobody has moved yet."""
    return Path(shutil.copy(empty, tmp_path / "main.sqlite"))


@pytest.fixture
def generation(main: Path) -> Iterator[Generation]:
    """Open that generation."""
    session = SqliteDatabase(main.parent).session(main.stem)
    yield Generation(session)
    session.close()


@settings(unhurried, max_examples=examples(80))
@given(records(), sizes, st.sampled_from([1, 2, 4000]), faults)
def test_no_batch_size_cache_failure_or_crash_changes_a_table(
    empty: Path, log: list[Record], sizes: list[int], cached: int, faults: list[tuple[int, BaseException]]
) -> None:
    with TemporaryDirectory() as folder:
        disturbed = Path(shutil.copy(empty, Path(folder) / "disturbed.sqlite"))
        for steps, error in [*faults, (-1, CrashError())]:
            follow(disturbed, log, sizes, Fuse(steps, error), cached)
        assert tables_of(disturbed) == undisturbed(empty, Path(folder), log)


@pytest.mark.parametrize("error", CRASHES[1:])
def test_a_worker_that_lives_through_a_failure_of_any_one_step_loses_nothing(
    empty: Path, tmp_path: Path, error: BaseException
) -> None:
    expected = undisturbed(empty, tmp_path, LOG)
    for steps in itertools.count():
        path = Path(shutil.copy(empty, tmp_path / f"{steps}.sqlite"))
        fuse = Fuse(steps, error)
        follow(path, LOG, [2], fuse, 4000)
        assert tables_of(path) == expected, steps
        if fuse.is_whole:
            break


@pytest.mark.parametrize("size", [1, 3, 9])
def test_a_cursor_seals_every_record_that_was_folded(generation: Generation, size: int) -> None:
    drain(loop_on(MemoryLog(PARTITIONS, LOG, sizes=[size]), generation))
    for at, cursor in generation.cursors().items():
        hashes = [record_hash(each, value_sha(each)) for each in LOG if (each.topic, each.partition) == at]
        assert cursor.chain == functools.reduce(link, hashes, CHAIN_START)
        assert cursor.last == (hashes[-1] if hashes else None)
        assert cursor.last_offset == (len(hashes) - 1 if hashes else None)


@pytest.mark.parametrize("wrong", [CursorsFirst, RowsFirst])
def test_a_store_that_splits_its_transaction_is_found_out(
    empty: Path, tmp_path: Path, wrong: type[SplitGeneration]
) -> None:
    path = Path(shutil.copy(empty, tmp_path / "wrong.sqlite"))
    for crash in (CrashError(), None):
        session = SqliteDatabase(path.parent).session(path.stem)
        with contextlib.suppress(CrashError):
            drain(loop_on(MemoryLog(PARTITIONS, LOG), wrong(session, crash)))
        session.close()
    assert tables_of(path) != undisturbed(empty, tmp_path, LOG)


@pytest.mark.parametrize("error", CRASHES[1:])
def test_a_log_that_is_another_one_after_a_failure_is_not_folded(main: Path, error: BaseException) -> None:
    fuse = Fuse(1000, error)
    session = SqliteDatabase(main.parent).session(main.stem)
    log = MemoryLog(PARTITIONS, LOG, fuse=fuse)
    loop = loop_on(log, BrittleGeneration(session, fuse))
    drain(loop)
    before = tables_of(main)
    fuse.shorten(1)
    with pytest.raises(type(error)):
        loop.run_once(0)
    others = [each._replace(timestamp=each.timestamp + 1) for each in LOG]
    log.make_anew(numbered(others + others, set()))
    with pytest.raises(LogMismatchError):
        loop.run_once(0)
    assert tables_of(main) == before
    session.close()


def test_a_fenced_worker_writes_nothing(generation: Generation, main: Path) -> None:
    log = MemoryLog(PARTITIONS, LOG)
    zombie = loop_on(log, generation)
    drain(zombie)
    drain(loop_on(MemoryLog(PARTITIONS, LOG), generation))
    log.append(LOG[0]._replace(offset=log.ends[STORM]))
    before = tables_of(main)
    with pytest.raises(FencedError):
        zombie.run_once(0)
    assert tables_of(main) == before


def test_a_fenced_worker_goes_on_with_what_is_its_own(generation: Generation) -> None:
    log, heir = MemoryLog(PARTITIONS, LOG), MemoryLog(PARTITIONS, LOG)
    zombie = loop_on(log, generation)
    drain(zombie)
    heir.mine = {STORM}
    drain(loop_on(heir, generation))
    for partition, record in ((STORM, LOG[0]), (TAGS, TAG)):
        log.append(record._replace(offset=log.ends[partition]))
    with pytest.raises(FencedError):
        zombie.run_once(0)
    log.mine -= {STORM}
    drain(zombie)
    reached = {at: cursor.next_offset for at, cursor in generation.cursors().items()}
    assert (reached[STORM], reached[TAGS]) == (log.ends[STORM] - 1, log.ends[TAGS])


def test_a_running_worker_takes_what_it_was_fenced_from_when_it_is_its_own_again(generation: Generation) -> None:
    log = MemoryLog(PARTITIONS, LOG, sizes=[1])
    loop = loop_on(log, generation)
    loop.run_once(0)
    loop_on(MemoryLog(PARTITIONS, LOG, sizes=[1]), generation).run_once(0)
    loop.run(StopWhen(lambda: all(log.reported.get(at, 0) == end for at, end in log.ends.items())))
    assert {at: cursor.next_offset for at, cursor in generation.cursors().items()} == log.ends


def test_a_worker_whose_log_stays_away_waits_until_it_is_told_to_stop(generation: Generation, tmp_path: Path) -> None:
    stopping = StopAtWait()
    Loop(AwayLog(PARTITIONS, []), generation, READER, BatchFold(), owner="test").run(
        StopWhenReplaced(stopping, Control(SqliteDatabase(tmp_path)), "main")
    )
    assert 0 < stopping.waited <= 0.5


def test_a_partition_that_was_taken_away_and_given_back_between_two_turns_is_read_from_its_cursor(
    generation: Generation,
) -> None:
    """The heir moves the cursor meanwhile, and the log that gives the partition back stands elsewhere."""
    log, heir = MemoryLog(PARTITIONS, LOG, sizes=[1]), MemoryLog(PARTITIONS, LOG)
    loop = loop_on(log, generation)
    loop.run_once(0)
    drain(loop_on(heir, generation))
    log.term += 1
    for at in log.mine:
        log.seek(at, log.ends[at] + 1)
    log.append(LOG[0]._replace(offset=log.ends[STORM]))
    assert sum(loop.run_once(0).records for _ in log.mine) == 1
    assert {at: cursor.next_offset for at, cursor in generation.cursors().items()} == log.ends


def test_partitions_that_come_and_go_are_folded_once_by_whoever_holds_them(
    empty: Path, generation: Generation, main: Path, tmp_path: Path
) -> None:
    logs = [MemoryLog(PARTITIONS, LOG, sizes=[1]) for _ in range(2)]
    loops = [loop_on(log, generation) for log in logs]
    everything = set(logs[0].mine)
    for turn in range(len(LOG) + 1):
        logs[turn % 2].mine, logs[1 - turn % 2].mine = everything, set()
        for loop in loops:
            loop.run_once(0)
    assert tables_of(main) == undisturbed(empty, tmp_path, LOG)


class AwayLog(MemoryLog):
    """A log that cannot be reached, not even to say that its reader is still there."""

    def assigned(self) -> dict[Partition, int]:
        """Fail."""
        raise LogAwayError("memory", "a test")

    def heartbeat(self, seconds: float) -> None:
        """Fail at once, without a wait."""
        raise LogAwayError("memory", f"a test of {seconds} s")


class StopAtWait(threading.Event):
    """Tells a worker to stop as soon as it waits."""

    waited = 0.0

    def wait(self, timeout: float | None = None) -> bool:
        """Note for how long, and do not."""
        self.waited = timeout or 0.0
        self.set()
        return True


class StopWhen(threading.Event):
    """Stops a worker when a condition holds."""

    def __init__(self, condition: Callable[[], bool]) -> None:
        super().__init__()
        self._condition = condition

    def is_set(self) -> bool:
        """Return whether it holds."""
        return self._condition()


def loop_on(log: MemoryLog, generation: Generation, cached: int = 4000) -> Loop:
    """Make a worker's loop."""
    return Loop(log, generation, READER, BatchFold(), owner="test", cached=cached)


def drain(loop: Loop) -> None:
    """Turn the loop until there is nothing left, whatever failures it may live through."""
    while True:
        try:
            if loop.run_once(0).records == 0:
                return
        except (LogAwayError, DatabaseAwayError, FencedError):
            continue


def follow(path: Path, log: Sequence[Record], sizes: Sequence[int], fuse: Fuse, cached: int) -> None:
    """Run one worker until it has folded the whole log or has died."""
    session = SqliteDatabase(path.parent).session(path.stem)
    memory = MemoryLog(PARTITIONS, log, sizes=sizes, fuse=fuse)
    with contextlib.suppress(CrashError):
        drain(loop_on(memory, BrittleGeneration(session, fuse), cached))
    session.close()


def undisturbed(empty: Path, folder: Path, log: Sequence[Record]) -> Tables:
    """Fold a log in one batch."""
    path = Path(shutil.copy(empty, folder / "undisturbed.sqlite"))
    follow(path, log, [1000], Fuse(-1, CrashError()), 4000)
    return tables_of(path)
