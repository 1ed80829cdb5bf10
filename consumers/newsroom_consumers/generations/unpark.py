"""What people do about parked records: have them folded again, or skip the first one of an article.

Example::

    for fate in retry(control, ["storm"], seconds=60):
        fate.outcomes    # {"applied": 3, "rejected": 1}; fate.parked is the record that still cannot be folded
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, NamedTuple

from msgspec import structs

from newsroom_consumers.control.control import Control
from newsroom_consumers.control.retries import StoredRequests
from newsroom_consumers.generations.open import folded_cut, wait_until_reached
from newsroom_consumers.log.record import Address, Partition
from newsroom_consumers.queries.answers import ParkedHead, QueueFate, SkipFate
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.store import queues
from newsroom_consumers.waiting import attempts
from newsroom_schemas.catalogue import display_name
from newsroom_schemas.errors import Kind, NewsroomError


class NothingParkedError(NewsroomError):
    """An article has no parked record."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, id_: str) -> None:
        """``id_`` names the article, or ``CATALOGUE``."""
        super().__init__(f"nothing is parked of {display_name(id_)}: `newsroom parked list` shows what is")
        self.id = id_


class UnansweredError(NewsroomError):
    """No worker has folded the parked records in time."""

    kind: ClassVar[Kind] = Kind.TIMED_OUT

    def __init__(self, ids: Sequence[str], seconds: float) -> None:
        """``ids`` are the articles that no worker has folded, after a wait of ``seconds``."""
        super().__init__(
            f"no worker has folded the parked records of {', '.join(map(display_name, ids))} within {seconds:g} s. The "
            "request is taken back; start a worker (`newsroom up` or `newsroom worker`) and ask again"
        )
        self.ids = ids
        self.seconds = seconds


class ParkedQueue(NamedTuple):
    """The parked records of an article: the first one, and where each of them lies in the log."""

    head: ParkedHead
    queue: Sequence[Address]


def retry(control: Control, ids: Sequence[str] | None, seconds: float) -> list[QueueFate]:
    """Have a worker fold the parked records of articles again, of all where none are named; return what came of each.

    Raises ``NothingParkedError`` and ``UnansweredError``.
    """
    name = control.live()
    with control.database.reading(name) as connection:
        parked = queues.addresses(connection)
    wanted = sorted(parked) if ids is None else ids
    for id_ in wanted:
        if id_ not in parked:
            raise NothingParkedError(id_)
    if wanted:
        with control.retries(name) as requests:
            _ask(requests, wanted, seconds)
    with control.database.reading(name) as connection:
        return [EditorQueries(connection).fate(id_, parked[id_]) for id_ in wanted]


def waiting(control: Control, id_: str) -> ParkedQueue:
    """Return the parked records of an article. Raises ``NothingParkedError``."""
    with control.database.reading(control.live()) as connection:
        head = EditorQueries(connection).head(id_)
        if head is None:
            raise NothingParkedError(id_)
        return ParkedQueue(head, queues.addresses(connection)[id_])


def skipped(control: Control, before: ParkedQueue, skip: Address, seconds: float) -> SkipFate:
    """Wait until the live generation has folded an event that skips a record; return what came of it and of the rest.

    ``before`` is what was parked before the event was sent. Raises ``NotReachedError``.
    """
    topic, partition, offset = skip
    name = control.live()

    wait_until_reached({Partition(topic, partition): offset + 1}, partial(folded_cut, control, name), seconds)
    with control.database.reading(name) as connection:
        editors = EditorQueries(connection)
        fate = editors.fate(before.head.article_id, before.queue[1:])
        return SkipFate(skip=editors.outcome(skip), **structs.asdict(fate))


def _ask(requests: StoredRequests, ids: Sequence[str], seconds: float) -> None:
    """Enter a request and wait until workers have answered it; withdraw what none has answered."""
    request_id = str(uuid.uuid4())
    requests.ask(request_id, ids)
    try:
        for _ in attempts(seconds):
            if not (left := requests.open(request_id)):
                return
        raise UnansweredError(sorted(left), seconds)
    finally:
        requests.withdraw(request_id)
