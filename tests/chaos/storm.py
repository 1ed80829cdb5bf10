"""The storm: carries out blow after blow of the schedule, heals, and measures how long recovery takes."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from chaos.beliefs import Beliefs
from chaos.elsewhere import Tool, library
from chaos.evidence import Finding
from chaos.history import History
from chaos.promotions import Promotions
from chaos.schedule import Blow, Fault
from chaos.stage import Stage
from chaos.team import Team
from chaos.writers import PATIENCE, Clock, send_too_large

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError, NoGenerationError
from newsroom_consumers.generations.open import folded_cut
from newsroom_consumers.log.record import Partition

_RECOVERY_SECONDS = 90.0
"""How long a recovery may take."""
_DEATH_SECONDS = 10.0
"""How long to wait until a worker comes to its failpoint."""
_LOOK_SECONDS = 0.02
_STUTTERS = 5
_STUTTER_SECONDS = PATIENCE + 0.3
"""How long the broker stands still each time: tools wait less."""
_UNREACHED = "failpoint not reached"

Heal = Callable[[], None]


class Cast(NamedTuple):
    """All who take part in a run."""

    stage: Stage
    team: Team
    promotions: Promotions
    history: History
    beliefs: Beliefs
    clock: Clock


class Storm:
    """What has been broken, and how long it took to recover."""

    def __init__(self, cast: Cast, seed: int, folder: Path) -> None:
        self._folder = folder
        self._stage = cast.stage
        self._team = cast.team
        self._promotions = cast.promotions
        self._history = cast.history
        self._beliefs = cast.beliefs
        self._clock = cast.clock
        self._random = Random(f"{seed}-storm")  # noqa: S311 - reproducible, not secret
        self._stopping = threading.Event()
        self.faults: Counter[str] = Counter()
        self.recoveries: defaultdict[str, list[float]] = defaultdict(list)
        self.skipped: set[str] = set()
        self.crashes = 0
        """How often the database has been killed; each is counted before it is started again."""
        self._missed: set[Fault] = set()
        self.findings: list[Finding] = []
        self._begin: Mapping[tuple[str, str], Callable[[Fault], Heal | None]] = {
            ("kill", "worker"): self._kill_worker,
            ("kill", "broker"): self._kill_broker,
            ("kill", "database"): self._kill_base,
            ("freeze", "worker"): self._freeze_worker,
            ("freeze", "broker"): self._freeze_broker,
            ("stutter", "broker"): self._stutter_broker,
            ("freeze", "database"): self._freeze_base,
            ("failpoint", "worker"): self._doom_worker,
            ("full", "disk"): self._fill_disk,
            ("refuse", "records"): self._refuse,
            ("wrong", "clock"): self._spoil_clock,
            ("replay", "and promote"): self._promote,
        }

    def strike(self, blow: Blow) -> list[str]:
        """Wait, break what the blow names, heal it, and wait until all that was acknowledged by then is folded.

        Give what was struck.
        """
        self._stopping.wait(blow.quiet)
        self._missed.clear()
        struck: list[Fault] = []
        with ExitStack() as healing:
            for fault in blow.faults:
                if heal := self._begin[fault.kind, fault.target](fault):
                    healing.callback(heal)
                    struck.append(fault)
            self._stopping.wait(max((fault.seconds for fault in struck), default=0))
        if struck:
            kinds = [_UNREACHED if fault in self._missed else f"{fault.kind} {fault.target}" for fault in struck]
            self.faults.update(kinds)
            self.recoveries[" + ".join(kinds)].append(self.recover(" + ".join(map(str, struck))))
        return [f"{fault} ({_UNREACHED})" if fault in self._missed else str(fault) for fault in struck]

    def recover(self, after: str) -> float:
        """Wait until the live generation holds what is acknowledged by now, and return how many seconds it took."""
        begun = time.monotonic()
        self._wait_for({Partition(*at): end for at, end in self._history.acknowledged.items()}, after)
        return time.monotonic() - begun

    def drain(self) -> None:
        """Wait, when nobody sends any more, until the live generation holds the whole log.

        A send that nobody has an answer for may come into the log late.
        """
        self.recover("the whole storm")
        self._wait_for(self._stage.newsroom.ends(), "the whole storm, to the end of the log")

    def _wait_for(self, wanted: Mapping[Partition, int], after: str) -> None:
        until = time.monotonic() + _RECOVERY_SECONDS
        while not self._holds(wanted):
            if time.monotonic() > until:
                self.findings.append(Finding("stuck", "live", f"no recovery within {_RECOVERY_SECONDS:g} s of {after}"))
                return
            self._stopping.wait(_LOOK_SECONDS)

    def _holds(self, wanted: Mapping[Partition, int]) -> bool:
        with suppress(DatabaseAwayError, NoGenerationError):
            positions = folded_cut(Control(self._stage.newsroom.database))
            return all(positions.get(at, 0) >= end for at, end in wanted.items())
        return False

    def _one(self) -> int:
        return self._random.randrange(self._stage.workers)

    def _kill_worker(self, _: Fault) -> Heal:
        self._team.kill(self._one())
        return _nothing

    def _kill_broker(self, _: Fault) -> Heal:
        return partial(self._stage.broker.wait, self._stage.broker.kill())

    def _kill_base(self, _: Fault) -> Heal | None:
        if self._stage.base is None:
            return None
        self._stage.base.kill()
        self.crashes += 1
        return self._stage.base.start

    def _freeze_worker(self, _: Fault) -> Heal:
        return partial(self._team.freeze(self._one()).process.send_signal, signal.SIGCONT)

    def _freeze_broker(self, _: Fault) -> Heal:
        self._stage.broker.signal(signal.SIGSTOP)
        return lambda: _discard(self._stage.broker.signal(signal.SIGCONT))

    def _stutter_broker(self, _: Fault) -> Heal:
        """Let tools give up on sends that the broker has got, again and again."""
        for _again in range(_STUTTERS):
            self._stage.broker.signal(signal.SIGSTOP)
            self._stopping.wait(_STUTTER_SECONDS)
            self._stage.broker.signal(signal.SIGCONT)
            self._stopping.wait(self._random.uniform(0, PATIENCE))
        return _nothing

    def _freeze_base(self, _: Fault) -> Heal | None:
        if self._stage.base is None:
            return None
        self._stage.base.freeze()
        return self._stage.base.thaw

    def _doom_worker(self, fault: Fault) -> Heal:
        number = self._one()
        doomed = self._team.doom(number, fault.place)

        def heal() -> None:
            until = time.monotonic() + _DEATH_SECONDS
            while doomed.process.poll() is None:
                if time.monotonic() > until:
                    self._missed.add(fault)
                    self._team.kill(number)
                self._stopping.wait(_LOOK_SECONDS)

        return heal

    def _fill_disk(self, _: Fault) -> Heal | None:
        if self._stage.disk is None:
            self.skipped.add("full disk: left out, since only root may mount a small one")
            return None
        self._stage.disk.fill()
        return self._stage.disk.clear

    def _refuse(self, _: Fault) -> Heal:
        send_too_large(self._stage.newsroom, self._history, self._beliefs, self._random)
        return _nothing

    def _spoil_clock(self, _: Fault) -> Heal:
        """Let desks be wrong about the time, and the clock of another machine be moved, where libfaketime is there."""
        days = self._random.choice((-400, -1, 1, 400))
        self._clock.off = timedelta(days=days)
        faketime = library()
        tool = self._tool_elsewhere(faketime) if faketime else None
        if tool:
            tool.move_clock(days)

        def heal() -> None:
            self._clock.off = timedelta()
            if tool and (died := tool.end()):
                self.findings.append(Finding("died", "writer", died))

        return heal

    def _tool_elsewhere(self, faketime: Path) -> Tool:
        return Tool(faketime, self._stage.newsroom, self._folder, self._history, self._random)

    def _promote(self, _: Fault) -> Heal | None:
        return _nothing if self._promotions.begin() else None


def _nothing() -> None:
    """Heal what heals by itself."""


def _discard(_: object) -> None:
    """Forget a value."""
