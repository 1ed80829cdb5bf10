"""What a person does about parked records: has their article folded again, or sees what came of skipping the first.

Example::

    for fate in retry(control, ["storm"], seconds=60):
        fate["outcomes"]    # {"applied": 3, "rejected": 1}, or fate["parked"] says what still cannot be folded
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, NamedTuple

from newsroom_consumers.control.control import Control
from newsroom_consumers.control.retries import Retries
from newsroom_consumers.fold.record_rules import CATALOGUE
from newsroom_consumers.generations.open import cut_of, wait_until_reached
from newsroom_consumers.log.record import Address, Partition
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.queries.readers import Answer
from newsroom_schemas.errors import Kind, NewsroomError

_LOOK_SECONDS = 0.05
"""How often to look whether a request has been answered."""


class NothingParkedError(NewsroomError):
    """An article has no parked record."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, id_: str) -> None:
        """Name the article, or ``CATALOGUE``."""
        super().__init__(f"nothing is parked of {display_name(id_)}: `newsroom parked list` shows what is")
        self.id = id_


class UnansweredError(NewsroomError):
    """No worker has folded what it was asked to."""

    kind: ClassVar[Kind] = Kind.TIMED_OUT

    def __init__(self, ids: Sequence[str], seconds: float) -> None:
        """Name the articles that are left, and how long it was waited."""
        super().__init__(
            f"no worker has folded the parked records of {', '.join(map(display_name, ids))} within {seconds:g} s. The "
            "request is taken back; start a worker (`newsroom up` or `newsroom worker`) and ask again"
        )
        self.ids = ids
        self.seconds = seconds


class ParkedQueue(NamedTuple):
    """The parked records of an article: the first of them with what names it in the log, and where each lies."""

    head: Answer
    queue: Sequence[Address]


def display_name(id_: str) -> str:
    """Say what an article is called where people read it; the tag catalogue has no id."""
    return "the tag catalogue" if id_ == CATALOGUE else id_


def retry(control: Control, ids: Sequence[str] | None, seconds: float) -> list[Answer]:
    """Have a worker fold the parked records of articles again, of all where none are named, and say what came of each.

    Raises ``NothingParkedError`` and ``UnansweredError``.
    """
    name = control.live()
    with control.database.reading(name) as connection:
        queues = EditorQueries(connection).queues()
    wanted = sorted(queues) if ids is None else ids
    for id_ in wanted:
        if id_ not in queues:
            raise NothingParkedError(id_)
    if wanted:
        with control.retries(name) as requests:
            _ask(requests, wanted, seconds)
    with control.database.reading(name) as connection:
        return [EditorQueries(connection).fate(id_, queues[id_]) for id_ in wanted]


def waiting(control: Control, id_: str) -> ParkedQueue:
    """Give what waits of an article. Raises ``NothingParkedError``."""
    with control.database.reading(control.live()) as connection:
        editors = EditorQueries(connection)
        head = editors.head(id_)
        if head is None:
            raise NothingParkedError(id_)
        return ParkedQueue(head, editors.queues()[id_])


def skipped(control: Control, before: ParkedQueue, skip: Address, seconds: float) -> Answer:
    """Wait until the live generation has folded an event that skips a record, and say what came of it and of the rest.

    ``before`` is what waited before the event was sent. Raises ``NotReachedError``.
    """
    topic, partition, offset = skip
    name = control.live()

    wait_until_reached({Partition(topic, partition): offset + 1}, partial(cut_of, control, name), seconds)
    with control.database.reading(name) as connection:
        editors = EditorQueries(connection)
        return {"skip": editors.outcome(skip)} | editors.fate(before.head["article_id"], before.queue[1:])


def _ask(requests: Retries, ids: Sequence[str], seconds: float) -> None:
    """Enter a request, and wait until workers have answered it; take back what none has."""
    request_id = str(uuid.uuid4())
    until = time.monotonic() + seconds
    requests.ask(request_id, ids)
    try:
        while left := requests.open(request_id):
            if time.monotonic() >= until:
                raise UnansweredError(sorted(left), seconds)
            time.sleep(_LOOK_SECONDS)
    finally:
        requests.withdraw(request_id)
