"""A wait checks at once, and once more when its time is over."""

from __future__ import annotations

from newsroom_consumers.waiting import attempts, until


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_attempts_end_with_one_that_is_made_when_the_time_is_over() -> None:
    clock = Clock()
    times = [clock.now for _ in attempts(1.0, 0.4, clock=clock, sleep=clock.sleep)]
    assert [round(at, 1) for at in times] == [100.0, 100.4, 100.8, 101.2]


def test_no_time_at_all_is_one_attempt() -> None:
    clock = Clock()
    assert len(list(attempts(0, 0.4, clock=clock, sleep=clock.sleep))) == 1


def test_a_condition_is_waited_for() -> None:
    found = iter([False, True])
    assert until(lambda: next(found), 5) is True
    assert until(lambda: False, 0) is False
