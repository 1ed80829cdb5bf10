"""Builds with planted faults, people's wishes to fold again, and records that skip the head of a queue."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from sqlalchemy import Table
from support import fold_model as make
from support.record_strategies import PLACE, real, record_of

from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.record_rules import JudgedRecord
from newsroom_consumers.log.record import Record
from newsroom_consumers.projections import PROJECTIONS, Projection, Row
from newsroom_schemas.events import AnyArticleEvent, AnyTagEvent
from newsroom_schemas.fold.article import decide
from newsroom_schemas.fold.state import Article, Catalogue, Page, Recorded
from newsroom_schemas.fold.tags import evolve_tags


class Faults(msgspec.Struct, frozen=True):
    """What a build cannot fold: some events, and some pages that an event would make."""

    events: frozenset[str] = frozenset()
    """Ids of the events on which the fold fails."""
    pages: frozenset[tuple[str, str]] = frozenset()
    """Kind and language of the pages of which a projection fails to make rows."""

    def folding(self) -> BatchFold:
        """Build the fold that has these faults."""
        timeline = FaultyProjection(PROJECTIONS["timeline"], self.pages)
        return BatchFold({**PROJECTIONS, "timeline": timeline}, self._decide, self._evolve_tags)

    def _decide(
        self, decided: Container[str], article: Article | None, event: AnyArticleEvent, recorded: Recorded
    ) -> Any:
        if event.event_id in self.events:
            raise ZeroDivisionError("a planted fault of the fold")
        return decide(decided, article, event, recorded)

    def _evolve_tags(self, catalogue: Catalogue, event: AnyTagEvent) -> Any:
        if event.event_id in self.events:
            raise ZeroDivisionError("a planted fault of the tags' fold")
        return evolve_tags(catalogue, event)


class FaultyProjection:
    """A projection that cannot make the rows of some pages."""

    VERSION = 1

    def __init__(self, sound: Projection, pages: Container[tuple[str, str]]) -> None:
        self.TABLES: tuple[Table, ...] = sound.TABLES
        self._sound = sound
        self._pages = pages

    def rows(self, page: Page) -> Iterator[Row]:
        """Return the rows of the sound one, or fail."""
        if (type(page).__name__, page.language) in self._pages:
            raise KeyError("a planted fault of the projection")
        return self._sound.rows(page)


class Wishes:
    """Requests in memory."""

    def __init__(self) -> None:
        """Begin with none."""
        self.open: set[str] = set()

    def asked(self) -> Collection[str]:
        """Return what was asked for and not answered."""
        return set(self.open)

    def settle(self, ids: Iterable[str]) -> None:
        """Remove requests."""
        self.open -= set(ids)


def skip_of(
    read: JudgedRecord, *, offset: int, timestamp: int, wrong: Mapping[str, Any] = MappingProxyType({})
) -> Record:
    """Write the record that skips a parked one, or names it wrongly, to lie at an offset of the same partition."""
    parked = read.record
    assert parked.key is not None
    named = {"topic": parked.topic, "partition": parked.partition, "offset": parked.offset}
    event = make.skipped(
        article_id=parked.key.decode(),
        event_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"skip {parked.topic} {offset}")),
        **named | {"sha256": read.record_sha.hex()} | dict(wrong),
    )
    made = record_of(real(event), timestamp=timestamp)
    return made._replace(topic=parked.topic, partition=PLACE(parked.topic, parked.key), offset=offset)
