"""What this program makes generations of, and how it opens one for writing."""

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
    """Say what decides the content of a generation that this program makes from topics of so many partitions."""
    return Build(FOLD_VERSION, {name: each.VERSION for name, each in PROJECTIONS.items()}, partitions)


@contextmanager
def moving(control: Control, name: str, *, observer: StepObserver = ignore) -> Iterator[Generation]:
    """Open a generation for writing, over a connection that is closed at the end."""
    with control.database.session(name) as session:
        yield Generation(session, observer=observer)


def owner() -> str:
    """Name this process in the cursors that it takes."""
    return f"{socket.gethostname()}:{os.getpid()}"
