"""The option that says how long a command waits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import click


def with_timeout(words: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--timeout``, a number of seconds, 60 by default; ``words`` say for what it waits."""
    return click.option("--timeout", type=_Seconds(0), default=60.0, show_default=True, help=words)


class _Seconds(click.FloatRange):
    """A number of seconds; ``inf`` is one, ``nan``, which no comparison ends, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read one, as click does."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail("nan is no number of seconds", param, ctx)
        return seconds
