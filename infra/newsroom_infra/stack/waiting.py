"""Wait for a condition that another process brings about."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.05
"""Seconds between two checks of a condition."""


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition holds, at most ``seconds``. Return True if it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(PAUSE)
    return True
