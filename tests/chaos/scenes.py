"""Scenes of seconds in which a planted bug does its harm: a few acts, and one fault at the right place."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chaos import collecting, crew
from chaos.checker import check
from chaos.evidence import Finding
from chaos.history import History, Recorded
from chaos.leaks import canary
from support.kit import Newsroom, reached
from support.workers import positions, until

from newsroom_producers.desk import Desk, new_event_id

_YEAR = timedelta(days=365)


class Scene:
    """A newsroom, a desk whose sends are recorded, and workers of one build."""

    def __init__(self, newsroom: Newsroom, folder: Path, bug: str) -> None:
        self.newsroom = newsroom
        self.folder = folder
        self.bug = bug
        self.history = History()
        self.desk = self.desk_at(datetime.now(UTC))

    def desk_at(self, instant: datetime) -> Desk:
        """Return a desk whose clock stands."""
        recorded = Recorded(self.newsroom.transport, self.history, "olena")
        return Desk(recorded, source="chaos", actor="olena", clock=lambda: instant)

    def play(self, happens: Callable[[Scene], None]) -> list[Finding]:
        """Let something happen, fold the rest, and check."""
        collecting.make(self.newsroom, "main")
        happens(self)
        self.drain()
        return check(self.history.entries, collecting.log_of(self.newsroom), collecting.generations_of(self.newsroom))

    def publish(self, *ids: str) -> None:
        """Create and publish articles."""
        for id_ in ids:
            self.desk.create(id_, "uk", headline=f"Headline {canary(id_)}", slug="slug", lead=canary(f"{id_}0"))
            self.desk.publish(id_, "uk", expected_version=1)

    def drain(self) -> None:
        """Fold everything that is in the log by a worker of this build."""
        with crew.started(self.newsroom, self.folder, crew.build_of(self.bug)) as worker:
            self.wait()
            worker.end(signal.SIGTERM)

    def wait(self) -> None:
        """Wait until everything is folded."""
        ends = self.newsroom.ends()
        until(lambda: reached(ends, positions(self.newsroom)))


def a_crash(scene: Scene) -> None:
    """Kill a worker at its first commit."""
    scene.publish("a", "b")
    with crew.started(scene.newsroom, scene.folder, crew.build_of(scene.bug, "kill", "committed")) as worker:
        assert worker.exit_code() == -signal.SIGKILL
    scene.publish("c")


def a_frozen_worker(scene: Scene) -> None:
    """Freeze a worker with a batch in its hands; let another go on in its place, and then wake the first one up."""
    scene.publish("a", "b")
    with crew.started(scene.newsroom, scene.folder, crew.build_of(scene.bug, "freeze", "folded")) as frozen:
        until(lambda: crew.is_frozen(frozen))
        scene.desk.edit("a", "uk", headline=f"Headline {canary('a2')}", expected_version=1)
        scene.drain()
        crew.thaw(frozen)
        scene.publish("c")
        scene.wait()
        frozen.end(signal.SIGTERM)


def a_second_send(scene: Scene) -> None:
    """Send an event again, as after an answer that was lost."""
    scene.publish("a")
    id_ = new_event_id()
    for _ in range(2):
        scene.desk.edit("a", "uk", lead=canary("again"), expected_version=None, event_id=id_)


def a_fast_clock(scene: Scene) -> None:
    """Have two people edit one article in one batch; the clock of the first runs ahead."""
    scene.publish("a")
    scene.desk_at(datetime.now(UTC) + _YEAR).edit("a", "uk", lead=canary("fast"), expected_version=None)
    scene.desk.edit("a", "uk", lead=canary("true"), expected_version=None)


def an_edit(scene: Scene) -> None:
    """Edit a story and do not publish it again."""
    scene.publish("a")
    scene.desk.edit("a", "uk", lead=canary("draft"), expected_version=1)


def a_rollback(scene: Scene) -> None:
    """Let the database go away in the middle of a batch, and come back."""
    scene.publish("a", "b")
    with crew.started(scene.newsroom, scene.folder, crew.build_of(scene.bug, "fail", "tags_saved")) as worker:
        until(lambda: "planted" in worker.said)
        scene.publish("c")
        scene.wait()
        worker.end(signal.SIGTERM)
