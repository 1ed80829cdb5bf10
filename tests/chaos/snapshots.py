"""Snapshots: generations as they were at one moment of a run, each in a file until it is judged.

A generation that is dropped is kept so; the live one is, now and then, in the middle of the storm.
"""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
from chaos import collecting
from chaos.evidence import Finding, Held
from chaos.onlooker import turning
from rich.console import Console

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import Database, DatabaseAwayError, NoGenerationError

_SECONDS = 20.0
"""Time between two snapshots of the live generation at first: each costs seconds of checking."""
_LEAST = 3
"""Snapshots of the live generation in a run, also in a short one."""
_MOST = 6
"""Snapshots of the live generation to keep; with one more every other one is left out, and the time between doubles."""
_AGAIN_SECONDS = 1.0
"""How long after a look that failed the next one comes."""


class Snapshots:
    """All that were taken, oldest first; only the one that is looked at is in memory."""

    def __init__(self, database: Database, folder: Path, seconds: float, console: Console) -> None:
        self._control = Control(database)
        self._folder = folder
        self._console = console
        self._begun = time.monotonic()
        self._pause = min(_SECONDS, seconds / (_LEAST + 1))
        self._numbers = itertools.count(1)
        self._passing: list[Path] = []
        self._lasting: list[Path] = []
        self.findings: list[Finding] = []
        """What ended the looks in the middle of the storm."""

    def __len__(self) -> int:
        """Count them."""
        return len(self._passing) + len(self._lasting)

    def __iter__(self) -> Iterator[Held]:
        """Yield each, read from its file, and print how many there are still to come."""
        for number, path in enumerate(sorted([*self._passing, *self._lasting]), 1):
            held = read(path)
            self._console.print(f"checking {number} of {len(self)}: {held.name} …")
            yield held

    def keep(self, name: str, *, live: bool = False) -> Held:
        """Keep one that is judged in any case. Raises ``DatabaseAwayError``."""
        held = collecting.held_of(self._control.database, name, live=live)
        self._lasting.append(self._stored(held, name))
        return held

    def passing(self) -> AbstractContextManager[None]:
        """Keep the live generation now and then meanwhile."""
        return turning(self.pass_by, "snapshots", self.findings, first=self._pause)

    def pass_by(self) -> float:
        """Keep the live generation as far as it is, if it can be had; return the seconds until the next time."""
        try:
            name = self._control.live()
            held = collecting.held_of(self._control.database, name, live=False)
        except (DatabaseAwayError, NoGenerationError):
            return _AGAIN_SECONDS
        shown = f"{name}, live after {time.monotonic() - self._begun:.0f} s"
        self._passing.append(self._stored(msgspec.structs.replace(held, name=shown), name))
        self._thin_out()
        return self._pause

    def _stored(self, held: Held, name: str) -> Path:
        path = self._folder / f"held-{next(self._numbers):03}-{name}.msgpack.gz"
        path.write_bytes(gzip.compress(msgspec.msgpack.encode(held), compresslevel=1))
        return path

    def _thin_out(self) -> None:
        if len(self._passing) > _MOST:
            for path in self._passing[1::2]:
                path.unlink()
            self._passing = self._passing[::2]
            self._pause *= 2


def read(path: Path) -> Held:
    """Read a snapshot from its file."""
    return msgspec.msgpack.decode(gzip.decompress(path.read_bytes()), type=Held)
