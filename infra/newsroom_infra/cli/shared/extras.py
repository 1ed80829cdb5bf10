"""Commands import what they run, and name the extra to install where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from newsroom_schemas.errors import MissingExtraError

CONSUMERS = "kafka,consumers"
"""Extras of the commands that read the log or a generation."""
STACK = "kafka,stack"
"""Extras of the commands of the local stack."""


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Run imports that an extra provides: a ``with`` block or, as a decorator, a whole command.

    Raises :class:`MissingExtraError`.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if str(error.name).startswith("newsroom_"):
            raise
        raise MissingExtraError(extra, str(error.name)) from error
