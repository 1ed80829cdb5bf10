"""Real worker processes on a newsroom's log, and other commands of the program, as a person would start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from support.kit import Newsroom, reached

from newsroom_consumers.database.database import NoGenerationError
from newsroom_consumers.log.record import Partition

SECONDS = 30.0
"""How long a condition may take to come true on a busy machine."""
_PAUSE_SECONDS = 0.01


def until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    """Wait until a condition holds; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds:g} s"
        time.sleep(_PAUSE_SECONDS)


def positions(newsroom: Newsroom) -> Mapping[Partition, int]:
    """Return how far the newsroom's generation is; nowhere where there is none yet."""
    try:
        return newsroom.positions()
    except NoGenerationError:
        return {}


def folded(newsroom: Newsroom) -> int:
    """Count the records that the newsroom's generation has passed."""
    return sum(positions(newsroom).values())


def work_together(newsroom: Newsroom, count: int) -> None:
    """Fold everything that is in the log now, by so many workers of one group, each in a thread of its own.

    Every partition is taken by then, also one that is empty.
    """
    ends, stopping, group = newsroom.ends(), threading.Event(), f"test-{uuid.uuid4().hex}"

    def follow() -> None:
        with newsroom.loop(group=group) as loop:
            loop.run(stopping)

    with ThreadPoolExecutor(count) as pool:
        turning = [pool.submit(follow) for _ in range(count)]
        try:
            until(lambda: _hold(positions(newsroom), ends) or any(each.done() for each in turning))
        finally:
            stopping.set()
        for each in turning:
            each.result()


def _hold(positions: Mapping[Partition, int], ends: Mapping[Partition, int]) -> bool:
    return positions.keys() >= ends.keys() and reached(ends, positions)


class Worker:
    """A ``newsroom worker`` process."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def end(self, number: signal.Signals, seconds: float = SECONDS) -> int:
        """Send a signal and wait for the end; give the exit code, negative after a kill."""
        self.process.send_signal(number)
        return self.process.wait(seconds)

    def exit_code(self) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait(SECONDS)


@contextmanager
def worker(newsroom: Newsroom, log: Path, *arguments: str, **settings: str) -> Iterator[Worker]:
    """Start a worker of the newsroom's generation, or another command; it is killed at the end if it still runs."""
    with (
        log.open("wb") as file,
        subprocess.Popen(
            command(*(arguments or ("worker", "--generation", newsroom.generation))),
            env=environment(newsroom, **settings),
            stderr=file,
            stdout=file,
        ) as process,
    ):
        try:
            yield Worker(process, log)
        finally:
            process.kill()


def run(newsroom: Newsroom, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        env=environment(newsroom, **settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def command(*arguments: str) -> list[str]:
    """Return the command line of a command of the program."""
    return [sys.executable, "-m", "newsroom_infra", *arguments]


def environment(newsroom: Newsroom, **settings: str) -> dict[str, str]:
    """Return the environment of the program: the newsroom's settings, and others by their names in lower case."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NEWSROOM_")}
    prefix = newsroom.topics.articles.removesuffix(".articles")
    ours = {
        "kafka": newsroom.bootstrap,
        "topic_prefix": prefix,
        "database": newsroom.place,
        "home": str(Path(newsroom.place) / "home"),
        "batch": str(newsroom.batch),
    } | settings
    return inherited | {f"NEWSROOM_{name.upper()}": value for name, value in ours.items()}
