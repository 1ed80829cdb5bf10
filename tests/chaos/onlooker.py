"""The onlooker: looks at what is live again and again, as readers do, and holds that it never goes back."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from chaos.evidence import Finding

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError, NoGenerationError
from newsroom_consumers.generations.open import folded_cut
from newsroom_consumers.log.record import Partition

_LOOK_SECONDS = 0.03


class Look(NamedTuple):
    """What was seen at one moment."""

    live: str
    positions: Mapping[Partition, int]
    """How far the live generation was in each partition."""


def look_at(control: Control) -> Look | None:
    """Look at what is live; ``None`` where it was replaced meanwhile, or where a reader would be shown an error."""
    try:
        live = control.live()
        seen = Look(live, folded_cut(control, live))
        return seen if control.live() == live else None
    except (DatabaseAwayError, NoGenerationError):
        return None


class Onlooker:
    """Remembers how far each partition was, and in which generation, when it was seen last."""

    def __init__(self, look: Callable[[], Look | None], crashes: Callable[[], int]) -> None:
        self._look = look
        self._crashes = crashes
        self._crashed = 0
        self._before: dict[Partition, tuple[int, str]] = {}
        self.looks = 0
        """Looks in which something was seen."""
        self.findings: list[Finding] = []

    def looking(self) -> AbstractContextManager[None]:
        """Look meanwhile."""
        return turning(self.glance, "onlooker", self.findings, first=0)

    def glance(self) -> float:
        """Look once, and note what went back; give the seconds until the next time."""
        crashes = self._crashes()
        seen = self._look()
        if seen is not None and self._crashes() == crashes:
            if crashes != self._crashed:
                self._before.clear()
            self._crashed = crashes
            self.looks += 1
            self._compare(seen)
        return _LOOK_SECONDS

    def _compare(self, seen: Look) -> None:
        for at in self._before.keys() | seen.positions.keys():
            now = seen.positions.get(at, 0)
            before, then = self._before.get(at, (0, seen.live))
            if now < before:
                what = f"{at.topic}/{at.partition} was seen at {before} in {then}, and then at {now} in {seen.live}"
                self.findings.append(Finding("went-back", seen.live, what))
            self._before[at] = (now, seen.live)


@contextmanager
def turning(turn: Callable[[], float], name: str, findings: list[Finding], *, first: float) -> Iterator[None]:
    """Look in turns meanwhile, in a thread, the first one after some seconds; what ends them is a finding.

    Each turn says after how many seconds the next one comes.
    """
    ended = threading.Event()

    def run() -> None:
        seconds = first
        try:
            while not ended.wait(seconds):
                seconds = turn()
        except Exception:  # noqa: BLE001 - whatever ends them is to be found
            findings.append(Finding("died", name, traceback.format_exc()))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
