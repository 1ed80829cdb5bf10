"""Wait for what another process or thread brings about.

>>> looks = iter([False, True])
>>> until(lambda: next(looks), seconds=5)
True
>>> until(lambda: False, seconds=0)
False
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

PAUSE = 0.05
"""Seconds between two checks of a condition."""


def attempts(
    seconds: float,
    pause: float = PAUSE,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[None]:
    """Yield at once, and then after each pause until the time is over; the last attempt is never before its end."""
    end = clock() + seconds
    while True:
        yield
        if clock() >= end:
            return
        sleep(pause)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition holds, at most ``seconds``. Return True if it does."""
    return any(condition() for _ in attempts(seconds))
