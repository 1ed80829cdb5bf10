"""A tool on a machine of its own, whose clock is moved while it sends: ``newsroom emit`` under libfaketime."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from chaos.crew import product
from chaos.history import History
from chaos.writers import small
from support.kit import Newsroom
from support.workers import environment

from newsroom_schemas.events import ArticleEdited

_PLACES = ("/usr/lib/*/faketime", "/usr/lib/faketime", "/usr/lib64/faketime", "/usr/local/lib/faketime")
_FILE = "libfaketimeMT.so.1"
_NOW = "+0"
_LINES = 20
"""Events between two moves of the clock."""
_PATIENCE_SECONDS = 10
"""How long the tool waits for the broker."""
_END_SECONDS = 60.0
_WRITER = "elsewhere"


def library() -> Path | None:
    """Find libfaketime, which moves the clock of a process that loads it."""
    return next((found for place in _PLACES for found in Path("/").glob(f"{place[1:]}/{_FILE}")), None)


class Tool:
    """A tool that sends edits of some articles, and notes what it was told."""

    def __init__(self, faketime: Path, newsroom: Newsroom, folder: Path, history: History, random: Random) -> None:
        """Start it with the right time."""
        self._history = history
        self._random = random
        self._sent: list[ArticleEdited] = []
        self._clock = folder / f"clock-{random.getrandbits(64):016x}"
        self._clock.write_text(_NOW)
        faked = {
            "LD_PRELOAD": str(faketime),
            "FAKETIME_TIMESTAMP_FILE": str(self._clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        own = environment(newsroom, delivery_timeout=str(_PATIENCE_SECONDS))
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(product("emit", "-"), env=own | faked, stdin=pipe, stdout=pipe, stderr=pipe)
        self._send()

    def move_clock(self, days: int) -> None:
        """Move the clock, and go on to send."""
        self._clock.write_text(f"{days:+}d")
        self._send()

    def end(self) -> str | None:
        """Put the clock right, send some more, and end; give what it died of, if it did."""
        self._clock.write_text(_NOW)
        self._send()
        said, errors = self._process.communicate(timeout=_END_SECONDS)
        answers: list[dict[str, Any]] = [msgspec.json.decode(line) for line in said.splitlines()]
        for event, answer in zip(self._sent, answers, strict=False):
            if "error" in answer:
                self._history.note(_WRITER, "unknown", event, stream=self._clock.name, problem=answer["error"])
            else:
                place = (answer["topic"], answer["partition"], answer["offset"])
                self._history.note(_WRITER, "acknowledged", event, stream=self._clock.name, place=place)
        self._clock.unlink()
        answered = len(answers) == len(self._sent) and self._process.returncode in {0, 1}
        return None if answered else f"{len(answers)} answers to {len(self._sent)} lines: {errors.decode()}"

    def _send(self) -> None:
        """Write lines; a tool that has ended is found at the end."""
        assert self._process.stdin is not None
        for number in range(_LINES):
            event = small(number, self._random)
            self._sent.append(event)
            self._history.note(_WRITER, "invoked", event, stream=self._clock.name)
            said = {name: getattr(event, name) for name in ("event_id", "article_id", "language", "lead")}
            with suppress(BrokenPipeError):
                self._process.stdin.write(msgspec.json.encode({"type": "ArticleEdited", **said}) + b"\n")
        with suppress(BrokenPipeError):
            self._process.stdin.flush()
