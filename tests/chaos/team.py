"""The workers that follow the live generation: each is started again when it has died, as a process manager does."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chaos import crew
from support.kit import Newsroom
from support.workers import Worker, until

_LOOK_SECONDS = 0.05
_END_SECONDS = 30.0
_SECOND = "SQLite takes one"
"""What a worker says that ends because another one, of a promotion, still holds the live generation."""


class Team:
    """So many workers, and what became of those that ended by themselves."""

    def __init__(self, newsroom: Newsroom, folder: Path, count: int) -> None:
        self._newsroom = newsroom
        self._folder = folder
        self._lock = threading.Lock()
        self._members: dict[int, Worker] = {}
        self._doomed: set[int] = set()
        self._numbers = range(count)
        self.died: list[str] = []
        """What was said at last by workers that nobody had killed."""

    @contextmanager
    def working(self) -> Iterator[None]:
        """Keep them working meanwhile, and end them."""
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=[ended], daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            for worker in self._members.values():
                crew.kill(worker)

    def end(self) -> None:
        """Stop all, and note how they end; none is started any more."""
        with self._lock:
            self._numbers = range(0)
            for worker in self._members.values():
                if worker.process.pid not in self._doomed and (died := end(worker)):
                    self.died.append(died)

    def kill(self, number: int) -> None:
        """End a worker as ``kill -9`` does."""
        with self._lock:
            worker = self._members[number]
            self._doomed.add(worker.process.pid)
            crew.kill(worker)

    def doom(self, number: int, failpoint: str) -> Worker:
        """Replace a worker by one that dies at a failpoint."""
        self.kill(number)
        with self._lock:
            worker = crew.start(self._newsroom, self._folder, crew.product("worker"), failpoint=failpoint)
            crew.kill(self._members[number])
            self._doomed.add(worker.process.pid)
            self._members[number] = worker
        return worker

    def freeze(self, number: int) -> Worker:
        """Let a worker stand still, and return it."""
        with self._lock:
            worker = self._members[number]
            worker.process.send_signal(signal.SIGSTOP)
        return worker

    def _keep(self, ended: threading.Event) -> None:
        while not ended.wait(_LOOK_SECONDS):
            with self._lock:
                for number in self._numbers:
                    self._look_after(number)

    def _look_after(self, number: int) -> None:
        worker = self._members.get(number)
        if worker is not None and worker.process.poll() is None:
            return
        if worker is not None and worker.process.pid not in self._doomed and _SECOND not in worker.said:
            self.died.append(_told(worker, "by itself"))
        self._members[number] = crew.start(self._newsroom, self._folder, crew.product("worker"))


def end(worker: Worker) -> str | None:
    """Stop a worker, and return what is wrong with its end: it is to be clean, and not before that.

    One that has not said a word yet is waited for: it does not hear the signal.
    """
    with suppress(AssertionError):
        until(lambda: worker.process.poll() is not None or bool(worker.said), _END_SECONDS)
    if worker.process.poll() is not None:
        return None if _SECOND in worker.said else _told(worker, "by itself")
    try:
        code = worker.end(signal.SIGTERM, _END_SECONDS)
    except subprocess.TimeoutExpired:
        crew.kill(worker)
        return _told(worker, f"by force: it did not end within {_END_SECONDS:g} s of SIGTERM")
    return None if code == 0 or _SECOND in worker.said else _told(worker, "after SIGTERM")


def _told(worker: Worker, how: str) -> str:
    """Return how a worker ended, and what it said last."""
    last = " ".join(worker.said.strip().splitlines()[-1:])
    return f"a worker ended with {worker.process.returncode} {how}: {last}"
