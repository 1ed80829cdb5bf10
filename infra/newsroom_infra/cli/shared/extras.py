"""Commands import what they run, and say which extra to install where it is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from newsroom_schemas.errors import Kind, NewsroomError


class MissingExtraError(NewsroomError):
    """A command needs libraries that were not installed."""

    kind: ClassVar[Kind] = Kind.USAGE

    def __init__(self, extra: str, module: str) -> None:
        """Take the extra to install and the module that was not found."""
        super().__init__(
            f"this command needs the module {module}: install it with `pip install 'newsroom-pipeline[{extra}]'`"
        )
        self.extra = extra
        self.module = module


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """Run imports that the extra provides, such as ``kafka,stack``; raises :class:`MissingExtraError`."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingExtraError(extra, str(error.name)) from error
