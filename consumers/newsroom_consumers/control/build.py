"""This program's build, which decides the content of generations, and opening a generation for writing."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from newsroom_consumers.control.control import Build, Control
from newsroom_consumers.projections import PROJECTIONS
from newsroom_consumers.store.generation import Generation
from newsroom_consumers.store.steps import StepObserver, ignore
from newsroom_schemas.fold.article import FOLD_VERSION


def this_build(partitions: Mapping[str, int]) -> Build:
    """Return the build of this program, for topics with these numbers of partitions."""
    return Build(FOLD_VERSION, {name: each.VERSION for name, each in PROJECTIONS.items()}, partitions)


@contextmanager
def moving(control: Control, name: str, *, observer: StepObserver = ignore) -> Iterator[Generation]:
    """Open a generation for writing. Its connection is closed at the end of the block."""
    with control.database.session(name) as session:
        yield Generation(session, observer=observer)


def owner() -> str:
    """Return the name of this process for cursors: host and process id."""
    return f"{socket.gethostname()}:{os.getpid()}"
