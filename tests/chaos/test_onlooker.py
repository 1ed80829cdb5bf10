"""The onlooker names a live generation that went back, and not what a crash of the database took back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from chaos.evidence import Finding
from chaos.onlooker import Look, Onlooker, look_at, turning
from chaos.planted import move, plant
from support.record_strategies import TOPIC
from support.workers import until

from newsroom_consumers.control.control import Control
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.record import Partition

AT = Partition(TOPIC, 0)


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """Make a live generation at 10, one that is behind it, and one that is level."""
    control = Control(SqliteDatabase(tmp_path / "generations"))
    for name, position in (("main", 10), ("behind", 9), ("level", 10)):
        plant(control, name, position)
    return control


def promote(control: Control, name: str) -> None:
    """Make a generation live without a look at how far it is."""
    with control.database.reading("main") as connection:
        assert control.flip("main", name, connection)


def seen(control: Control, happens: Callable[[], None], crashes: Sequence[int] = (0,) * 6) -> list[str]:
    """Look, let something happen, look twice more, and return the kinds of what was found.

    Crashes are counted before and after each look.
    """
    counted = iter(crashes)
    onlooker = Onlooker(lambda: look_at(control), lambda: next(counted))
    onlooker.glance()
    happens()
    onlooker.glance()
    onlooker.glance()
    return [each.kind for each in onlooker.findings]


def test_a_promote_to_a_generation_that_is_behind_went_back_and_is_told_once(control: Control) -> None:
    assert seen(control, lambda: promote(control, "behind")) == ["went-back"]


def test_a_promote_to_a_generation_that_is_level_did_not(control: Control) -> None:
    assert seen(control, lambda: promote(control, "level")) == []


def test_a_cursor_that_is_moved_back_went_back_and_one_that_is_moved_on_did_not(control: Control) -> None:
    assert seen(control, lambda: move(control, "main", 11)) == []
    assert seen(control, lambda: move(control, "main", 8)) == ["went-back"]


def test_a_crash_of_the_database_may_take_back_what_was_seen(control: Control) -> None:
    assert seen(control, lambda: move(control, "main", 8), [0, 0, 1, 1, 1, 1]) == []


def test_a_look_during_which_the_database_crashed_does_not_count() -> None:
    ten, eight = Look("main", {AT: 10}), Look("main", {AT: 8})
    looks, crashes = iter([ten, eight, eight]), iter([0, 0, 0, 1, 1, 1])
    onlooker = Onlooker(lambda: next(looks), lambda: next(crashes))
    for _ in range(3):
        onlooker.glance()
    assert (onlooker.findings, onlooker.looks) == ([], 2)


def test_a_look_during_which_another_generation_became_live_does_not_count(control: Control) -> None:
    class Replaced(Control):
        def live(self) -> str:
            name = super().live()
            if name == "main":
                promote(self, "behind")
            return name

    assert look_at(Replaced(control.database)) is None


def test_where_there_is_no_generation_nothing_is_seen_and_nothing_found(tmp_path: Path) -> None:
    nowhere = Control(SqliteDatabase(tmp_path))
    onlooker = Onlooker(lambda: look_at(nowhere), lambda: 0)
    onlooker.glance()
    assert (onlooker.findings, onlooker.looks) == ([], 0)


def test_what_ends_the_looks_is_a_finding() -> None:
    findings: list[Finding] = []

    def breaks() -> float:
        raise ZeroDivisionError

    with turning(breaks, "onlooker", findings, first=0):
        until(lambda: findings != [])
    assert [(each.kind, each.where) for each in findings] == [("died", "onlooker")]
