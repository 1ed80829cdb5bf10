"""Pauses between tries while Kafka or the database is away."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import structlog
import tenacity

_BACK_OFF_SECONDS = 15.0
"""The longest pause between two tries."""

_logger = structlog.get_logger(__name__)


class Stop(Protocol):
    """A flag that tells a loop to stop; a ``threading.Event`` is one."""

    def is_set(self) -> bool:
        """Return whether to stop."""

    def wait(self, timeout: float) -> bool:
        """Wait some seconds, or until told to stop."""


def retrying(
    stopping: Stop, *errors: type[Exception], sleep: Callable[[float], None] | None = None
) -> tenacity.Retrying:
    """Return a caller that tries again after errors, with growing pauses and jitter, until told to stop.

    The error is logged each time. ``sleep`` waits some seconds; by default it returns early when told to stop.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(errors),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=_BACK_OFF_SECONDS),
        sleep=sleep or partial(_sleep, stopping),
        stop=lambda _: stopping.is_set(),
        before_sleep=_log_error,
        retry_error_callback=lambda _: None,
    )


def _sleep(stopping: Stop, seconds: float) -> None:
    stopping.wait(seconds)


def _log_error(state: tenacity.RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    _logger.warning("waiting", error=str(error), seconds=round(state.upcoming_sleep, 1), attempt=state.attempt_number)
