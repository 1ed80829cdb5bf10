"""What a reader has reached is told at once, then once a second, and never twice."""

from __future__ import annotations

from newsroom_consumers.log.kafka_poll import ProgressThrottle
from newsroom_consumers.log.record import Partition

A, B = Partition("articles", 0), Partition("articles", 1)


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_the_first_progress_is_told_at_once_and_the_next_after_a_second_with_all_that_came_meanwhile() -> None:
    clock = Clock()
    reporting = ProgressThrottle(clock)
    assert reporting.due({A: 1}) == {A: 1}
    assert reporting.due({A: 2, B: 7}) == {}
    assert reporting.due({A: 3}) == {}
    clock.seconds += 1
    assert reporting.due({}) == {A: 3, B: 7}


def test_what_was_told_is_not_told_again() -> None:
    clock = Clock()
    reporting = ProgressThrottle(clock)
    reporting.due({A: 1})
    clock.seconds += 60
    assert reporting.due({}) == {}
