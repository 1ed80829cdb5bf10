"""Commands import what they run, and say which extra to install where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from newsroom_schemas.errors import MissingExtraError


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Run imports that the extra provides, such as ``kafka,stack``; raises :class:`MissingExtraError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra, str(error.name)) from error
