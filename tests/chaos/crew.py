"""Processes of a run: started in the newsroom's settings, each known to the database by a name of its own."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from support.kit import Newsroom
from support.workers import Worker, command, environment

_TESTS = str(Path(__file__).parents[1])
_numbers = itertools.count(1)


def build_of(bug: str, *fault: str) -> list[str]:
    """Return the command line of a worker of a build, and of the fault that it comes to."""
    return [sys.executable, "-m", "chaos.worker", bug, *fault]


def product(*arguments: str) -> list[str]:
    """Return the command line of a command of the program."""
    return command(*arguments)


@contextmanager
def started(newsroom: Newsroom, folder: Path, line: list[str], **settings: str) -> Iterator[Worker]:
    """Start a process whose output goes to a file of the folder; it is killed at the end if it still runs."""
    process = start(newsroom, folder, line, **settings)
    try:
        yield process
    finally:
        kill(process)


def start(newsroom: Newsroom, folder: Path, line: list[str], **settings: str) -> Worker:
    """Start a process and leave it running."""
    name = f"{next(_numbers):03}-{line[3]}"
    path = os.pathsep.join((_TESTS, *(each for each in sys.path if each)))
    own = {"PGAPPNAME": name, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    with (folder / f"{name}.log").open("wb") as file:
        process = subprocess.Popen(
            line,
            env=environment(newsroom, **settings) | own,
            stderr=file,
            stdout=file,
            start_new_session=True,
        )
    return Worker(process, folder / f"{name}.log")


def kill(worker: Worker) -> None:
    """End a process as ``kill -9`` does."""
    if worker.process.poll() is None:
        worker.process.kill()
        worker.process.wait()


def is_frozen(worker: Worker) -> bool:
    """Return whether a process stands still since a SIGSTOP."""
    return bool(psutil.Process(worker.process.pid).status() == psutil.STATUS_STOPPED)


def thaw(worker: Worker) -> None:
    """Let a process go on."""
    worker.process.send_signal(signal.SIGCONT)
