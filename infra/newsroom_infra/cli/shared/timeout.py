"""The option ``--timeout``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click


def with_timeout(words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option ``--timeout``: seconds, 60 by default. ``words`` are its help text."""
    return click.option("--timeout", type=_Seconds(0), default=60.0, show_default=True, help=words)


class _Seconds(click.FloatRange):
    """A number of seconds. ``inf`` is allowed; ``nan`` is not, because a wait for it would never end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, as click converts it."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail("nan is not a number of seconds", param, ctx)
        return seconds
