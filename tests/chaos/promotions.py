"""Replays into new generations, and their promotion, while everything else goes on and goes wrong."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random

from chaos import collecting, crew
from chaos.evidence import Finding
from chaos.snapshots import Snapshots
from chaos.stage import Stage
from chaos.team import end
from support.workers import Worker

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError, NoGenerationError

_SECONDS = 120.0
"""How long a step may take while everything goes wrong."""
_STEP_SECONDS = 40.0
"""How long one command may take."""
_PAUSE_SECONDS = 0.3
_KEPT = 3
"""Generations to keep."""
_SHOWN = 800
"""Characters to show of what a command has said, its last ones."""


class Promotions:
    """One promotion at a time, in a thread of its own."""

    def __init__(self, stage: Stage, snapshots: Snapshots, folder: Path, seed: int) -> None:
        self._stage = stage
        self._snapshots = snapshots
        self._folder = folder
        self._random = Random(f"{seed}-promotions")  # noqa: S311 - reproducible, not secret
        self._pool = ThreadPoolExecutor(1)
        self._running: Future[None] | None = None
        self._number = 0
        self._closing = threading.Event()
        self.done = 0
        self.killed = 0
        self.seconds: list[float] = []
        self.findings: list[Finding] = []

    def begin(self) -> bool:
        """Begin one, unless one goes on; say whether it was begun."""
        if self._running and not self._running.done():
            return False
        self.finish()
        self._number += 1
        self._running = self._pool.submit(self._promote, f"g{self._number}")
        return True

    def finish(self) -> None:
        """Wait until none goes on."""
        if self._running:
            self._running.result()
        self._running = None

    def close(self) -> None:
        """Abandon what goes on."""
        self._closing.set()
        self._pool.shutdown()

    def _promote(self, name: str) -> None:
        begun = time.monotonic()
        if not (self._made(name) and self._has_run("replay", "--into", name)):
            return
        follower = crew.start(self._stage.newsroom, self._folder, crew.product("worker", "--generation", name))
        try:
            if self._has_run("promote", name, "--timeout", "20"):
                self.done += 1
                self.seconds.append(time.monotonic() - begun)
        finally:
            if died := end(follower):
                self.findings.append(Finding("died", name, died))
        self._drop_old()

    def _made(self, name: str) -> bool:
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until and not self._closing.is_set():
            try:
                collecting.make(self._stage.newsroom, name)
            except DatabaseAwayError:
                self._closing.wait(_PAUSE_SECONDS)
            else:
                return True
        if not self._closing.is_set():
            self.findings.append(Finding("stuck", name, f"its tables could not be made within {_SECONDS:g} s"))
        return False

    def _has_run(self, *arguments: str) -> bool:
        """Run a command until it succeeds; a replay is killed once, at times."""
        until = time.monotonic() + _SECONDS
        is_doomed = arguments[0] == "replay" and self._random.random() < 0.5
        while not self._closing.is_set():
            process = crew.start(self._stage.newsroom, self._folder, crew.product(*arguments))
            if is_doomed:
                self._kill_soon(process)
                is_doomed = False
            elif self._succeeds(process):
                return True
            elif self._broke(process, arguments[0]):
                return False
            elif time.monotonic() > until or not _says_why(process):
                what = f"{' '.join(arguments)} has not succeeded: {process.said.strip()[-_SHOWN:]}"
                self.findings.append(Finding("stuck", arguments[0], what))
                return False
            self._closing.wait(_PAUSE_SECONDS)
        return False

    def _kill_soon(self, process: Worker) -> None:
        until = time.monotonic() + self._random.uniform(0.8, 2.5)
        while process.process.poll() is None and time.monotonic() < until:
            self._closing.wait(_PAUSE_SECONDS / 10)
        self.killed += process.process.poll() is None
        crew.kill(process)
        self._broke(process, "replay")

    def _succeeds(self, process: Worker) -> bool:
        until = time.monotonic() + _STEP_SECONDS
        while process.process.poll() is None:
            if time.monotonic() > until or self._closing.is_set():
                crew.kill(process)
            self._closing.wait(_PAUSE_SECONDS / 10)
        return process.process.returncode == 0

    def _broke(self, process: Worker, command: str) -> bool:
        """Return whether a command ended by itself and by an error that nobody foresaw, which is a finding."""
        broke = process.process.returncode > 0 and "Traceback" in process.said
        if broke:
            self.findings.append(Finding("died", command, process.said.strip()[-_SHOWN:]))
        return broke

    def _drop_old(self) -> None:
        with suppress(DatabaseAwayError):
            known = Control(self._stage.newsroom.database).all()
            for old in [each for each in known if not each.live][: max(0, len(known) - _KEPT)]:
                if self._has_kept(old.name):
                    self._has_run("generations", "drop", old.name, "--yes")

    def _has_kept(self, name: str) -> bool:
        """Keep a generation to be judged at the end; one that cannot be had is not dropped yet."""
        until = time.monotonic() + _SECONDS
        while time.monotonic() < until and not self._closing.is_set():
            try:
                self._snapshots.keep(name)
            except (DatabaseAwayError, NoGenerationError):
                self._closing.wait(_PAUSE_SECONDS)
            else:
                return True
        return False


def _says_why(process: Worker) -> bool:
    """Return whether a command that failed was killed, or ended with an error that has a name."""
    last = process.said.strip().splitlines()[-1:]
    return process.process.returncode < 0 or any(line.startswith(("error: ", "stopped; ")) for line in last)
