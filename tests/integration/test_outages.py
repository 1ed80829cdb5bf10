"""Broker or database away under a worker: it waits, resumes by itself, and nothing is lost or done twice."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from integration.conftest import Refold
from rich.console import Console
from support.asked import verified
from support.kit import Newsroom
from support.postgres import running_server
from support.stack import guarded_folder, settings_for
from support.stories import Story, send_stories
from support.workers import folded, positions, until, worker

from newsroom_consumers.database.database import DatabaseAwayError, Session
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.store.cursors import Cursor
from newsroom_consumers.store.generation import Generation
from newsroom_infra import stack
from newsroom_infra.settings import Settings
from newsroom_infra.stack import ports
from newsroom_infra.stack.daemon import Daemon

BEFORE = [Story(id=f"before-{number}", tags=("sport",)) for number in range(30)]
MEANWHILE = [Story(id=f"meanwhile-{number}", texts={"lead": "long " * 2000}) for number in range(30)]
BUSY_MILLISECONDS = 20
STORIES = 1500
"""Stories of an import that goes on while one thing after the other dies."""
PARTITIONS = 7


class WatchedGeneration(Generation):
    """A generation that does not wait for locks, and notes what the database could not do."""

    def __init__(self, session: Session) -> None:
        """Open it."""
        super().__init__(session)
        self.session = session
        self.failures: list[str] = []
        self.pragma(f"busy_timeout = {BUSY_MILLISECONDS}")

    def load(self, ids: Iterable[str]) -> dict[str, Aggregate]:
        """Load articles."""
        with self._noting():
            return super().load(ids)

    def commit(self, moves: Sequence[tuple[Cursor, Cursor]], folded: FoldResult) -> None:
        """Store a batch."""
        with self._noting():
            super().commit(moves, folded)

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except DatabaseAwayError as error:
            self.failures.append(error.problem)
            raise

    def pragma(self, setting: str) -> int:
        """Set or ask something of the connection that writes."""
        with self.session.connect() as connection:
            return int(connection.exec_driver_sql(f"PRAGMA {setting}").scalar_one())


@contextmanager
def running(newsroom: Newsroom) -> Iterator[WatchedGeneration]:
    """Run a worker in a thread of its own."""
    opened: list[WatchedGeneration] = []

    def watched(session: Session) -> WatchedGeneration:
        opened.append(WatchedGeneration(session))
        return opened[-1]

    stopping = threading.Event()
    with newsroom.loop(generation=watched) as loop, ThreadPoolExecutor(1) as background:
        turning = background.submit(loop.run, stopping)
        try:
            yield opened[0]
        finally:
            stopping.set()
            turning.result()


def test_a_worker_waits_while_another_holds_the_database_and_then_goes_on(newsroom: Newsroom, refold: Refold) -> None:
    with running(newsroom) as generation, closing(sqlite3.connect(Path(newsroom.place) / "main.sqlite")) as other:
        send_stories(newsroom, BEFORE)
        until(lambda: folded(newsroom) == 2 * len(BEFORE))
        other.execute("BEGIN IMMEDIATE")
        send_stories(newsroom, MEANWHILE)
        until(lambda: bool(generation.failures))
        assert "locked" in generation.failures[0]
        assert folded(newsroom) == 2 * len(BEFORE)
        other.rollback()
        until(lambda: folded(newsroom) == 2 * len(BEFORE + MEANWHILE))
    assert newsroom.tables() == refold()
    assert verified(newsroom)


def test_a_worker_waits_while_the_disk_is_full_and_then_goes_on(newsroom: Newsroom, refold: Refold) -> None:
    with running(newsroom) as generation:
        send_stories(newsroom, BEFORE)
        until(lambda: folded(newsroom) == 2 * len(BEFORE))
        generation.pragma(f"max_page_count = {generation.pragma('page_count')}")
        send_stories(newsroom, MEANWHILE)
        until(lambda: bool(generation.failures))
        assert "full" in generation.failures[0]
        assert folded(newsroom) == 2 * len(BEFORE)
        generation.pragma(f"max_page_count = {2**30}")
        until(lambda: folded(newsroom) == 2 * len(BEFORE + MEANWHILE))
    assert newsroom.tables() == refold()
    assert verified(newsroom)


def kill_broker(settings: Settings) -> None:
    """Kill a stack's broker and wait until the process manager has started it again."""
    daemon = Daemon(settings.home.resolve())
    pid = daemon.process("kafka").pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: daemon.process("kafka").pid not in {pid, None} and ports.listens(settings.kafka_port))


@pytest.fixture
def own_stack() -> Iterator[Settings]:
    """Run a broker that may be killed."""
    with guarded_folder() as folder:
        settings = settings_for(folder / "home")
        stack.up(settings, Console(stderr=True), worker=False)
        yield settings


def test_a_worker_lives_through_the_death_of_its_broker(own_stack: Settings, tmp_path: Path) -> None:
    prefix, bootstrap = own_stack.topic_prefix, own_stack.bootstrap
    with (
        closing(Newsroom(bootstrap, prefix, tmp_path / "generations")) as newsroom,
        closing(Newsroom(bootstrap, prefix, tmp_path / "again", batch=7)) as again,
    ):
        with worker(newsroom, tmp_path / "worker.log") as started:
            send_stories(newsroom, BEFORE)
            until(lambda: folded(newsroom) == 2 * len(BEFORE))
            newsroom.close()
            kill_broker(own_stack)
            send_stories(newsroom, MEANWHILE)
            until(lambda: positions(newsroom) == newsroom.ends())
            assert started.end(signal.SIGTERM, 5) == 0
        again.work()
        assert newsroom.tables() == again.tables()
        assert verified(newsroom)
        assert len(newsroom.tables()["timeline"]) == len(BEFORE + MEANWHILE)


@pytest.mark.usefixtures("swept")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_workers_live_through_the_deaths_of_one_of_them_of_the_database_and_of_the_broker_under_load(
    own_stack: Settings, tmp_path: Path
) -> None:
    stories = [Story(id=f"story-{number}", tags=("sport",)) for number in range(STORIES)]
    with (
        running_server() as server,
        closing(Newsroom(own_stack.bootstrap, own_stack.topic_prefix, server.url, batch=20)) as newsroom,
        closing(Newsroom(own_stack.bootstrap, own_stack.topic_prefix, tmp_path / "again")) as again,
        ThreadPoolExecutor(1) as background,
        worker(newsroom, tmp_path / "dying.log") as dying,
        worker(newsroom, tmp_path / "staying.log") as staying,
    ):
        until(lambda: len(positions(newsroom)) == PARTITIONS)
        importing = background.submit(send_stories, newsroom, stories)
        until(lambda: folded(newsroom) > STORIES // 10)
        assert dying.end(signal.SIGKILL) == -signal.SIGKILL
        with worker(newsroom, tmp_path / "joining.log") as joining:
            until(lambda: folded(newsroom) > STORIES // 5)
            server.kill()
            server.start()
            until(lambda: folded(newsroom) > STORIES // 3)
            kill_broker(own_stack)
            importing.result()
            until(lambda: positions(newsroom) == newsroom.ends(), 60)
            assert [each.process.poll() for each in (staying, joining)] == [None, None]
            again.work()
            assert newsroom.tables() == again.tables()
            assert verified(newsroom)
            assert len(newsroom.tables()["timeline"]) == STORIES
