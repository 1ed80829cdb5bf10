"""The fold of a batch: what its records do to the articles they touch, before anything is stored.

Pure but for the aggregates it is given, which it moves on. One record at a time: dedupe, the fold itself, and the rows
that every projection makes of a new page, so that the size of a batch changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from typing import cast

import msgspec

from newsroom_consumers.outcomes import Applied, Outcome, Parked, Repeated
from newsroom_consumers.projections import PROJECTIONS, Projection, Row
from newsroom_consumers.reads import CATALOGUE, Read
from newsroom_consumers.records import Record
from newsroom_schemas import article as articles
from newsroom_schemas import tags
from newsroom_schemas.events import AnyArticleEvent, AnyTagEvent, ArticleUnpublished, TagEvent
from newsroom_schemas.rejections import Duplicate, Rejected
from newsroom_schemas.state import Article, Catalogue, Page, Recorded, Tag

Decide = Callable[[Container[str], Article | None, AnyArticleEvent, Recorded], Article | Rejected | Duplicate]
EvolveTags = Callable[[Catalogue, AnyTagEvent], Catalogue | Rejected]


class Aggregate(msgspec.Struct, kw_only=True):
    """What a generation knows of one article, or of the tag catalogue; the only thing here that changes."""

    id: str
    article: Article | None = None
    stored: Article | None = None
    """The article as the database has it."""
    catalogue: Catalogue = {}
    decided: dict[str, bytes] = {}
    """Hash of the value of each event decided, by event id."""
    parked: bool = False
    last_offset: int = -1
    """Offset of the last event applied."""


class Folded(msgspec.Struct, kw_only=True):
    """What a batch has changed, to be stored in one transaction."""

    outcomes: list[tuple[Read, Outcome]] = []
    changed: dict[str, Aggregate] = {}
    pages: dict[tuple[str, str], tuple[Row, ...]] = {}
    """Rows of all projections by article and language; the last page of each only."""
    replaced: set[tuple[str, str]] = set()
    """Those of ``pages`` that may have rows in the database already."""
    parked: list[tuple[Read, Parked, tuple[str, ...]]] = []
    """Parked records with the languages that they hide."""
    tags: dict[str, Tag] = {}


class Folding:
    """Folds batches by one build's fold and projections."""

    def __init__(
        self,
        projections: Mapping[str, Projection] = PROJECTIONS,
        decide: Decide = articles.decide,
        evolve_tags: EvolveTags = tags.evolve_tags,
    ) -> None:
        """Take the projections to make rows for, and the two folds."""
        self._projections = projections
        self._decide = decide
        self._evolve_tags = evolve_tags

    def fold(self, reads: Iterable[Read], aggregates: Mapping[str, Aggregate]) -> Folded:
        """Fold records in order onto the aggregates, which must hold every one that the records touch."""
        folded = Folded()
        for read in reads:
            outcome = self._fold(read, aggregates, folded)
            folded.outcomes.append((read, outcome))
        return folded

    def _fold(self, read: Read, aggregates: Mapping[str, Aggregate], folded: Folded) -> Outcome:
        if isinstance(read.verdict, Rejected):
            return read.verdict
        aggregate = aggregates[read.aggregate or CATALOGUE]
        if aggregate.parked:
            return self._park(read, aggregate, _BEHIND, folded)
        if isinstance(read.verdict, Parked):
            return self._park(read, aggregate, read.verdict, folded)
        if isinstance(read.event, TagEvent):
            return self._fold_tag(read, read.event, aggregate, folded)
        return self._fold_article(read, cast("AnyArticleEvent", read.event), aggregate, folded)

    def _fold_article(self, read: Read, event: AnyArticleEvent, aggregate: Aggregate, folded: Folded) -> Outcome:
        recorded = recorded_of(read.record)
        try:
            after = self._decide(aggregate.decided, aggregate.article, event, recorded)
        except Exception as error:  # noqa: BLE001 - whatever pure code raises parks the record
            return self._park(read, aggregate, _raised("fold", error), folded)
        match after:
            case Duplicate():
                return Repeated(differs=aggregate.decided[event.event_id] != read.value_sha)
            case Rejected():
                aggregate.decided[event.event_id] = read.value_sha
                return after
        try:
            pages = articles.pages(aggregate.article, after, event, recorded)
            rows = {language: self._rows(page) for language, page in pages.items()}
        except Exception as error:  # noqa: BLE001 - as above
            return self._park(read, aggregate, _raised("projection", error), folded)
        _put(aggregate, rows, folded)
        folded.changed[aggregate.id] = aggregate
        aggregate.article = after
        aggregate.last_offset = read.record.offset
        aggregate.decided[event.event_id] = read.value_sha
        return Applied()

    def _fold_tag(self, read: Read, event: AnyTagEvent, aggregate: Aggregate, folded: Folded) -> Outcome:
        if event.event_id in aggregate.decided:
            return Repeated(differs=aggregate.decided[event.event_id] != read.value_sha)
        try:
            after = self._evolve_tags(aggregate.catalogue, event)
        except Exception as error:  # noqa: BLE001 - as above
            return self._park(read, aggregate, _raised("fold", error), folded)
        aggregate.decided[event.event_id] = read.value_sha
        if isinstance(after, Rejected):
            return after
        aggregate.catalogue = after
        folded.tags[event.tag_id] = after[event.tag_id]
        return Applied()

    def _park(self, read: Read, aggregate: Aggregate, parked: Parked, folded: Folded) -> Parked:
        """Keep a record for later, in log order; a withdrawal among them hides what it names at once."""
        hidden = self._hidden(read, aggregate)
        _put(aggregate, hidden, folded)
        aggregate.parked = True
        folded.parked.append((read, parked, tuple(sorted(hidden))))
        return parked

    def _hidden(self, read: Read, aggregate: Aggregate) -> dict[str, tuple[Row, ...]]:
        """Give the rows, by language, of the pages that a withdrawal puts before readers although it waits.

        A projection that fails has no row for them: its fault parks the withdrawal, and does not keep it from readers.
        """
        event = read.event
        if not isinstance(event, ArticleUnpublished) or event.event_id in aggregate.decided:
            return {}
        hidden: dict[str, tuple[Row, ...]] = {}
        for language, page in articles.hides(aggregate.article, event, recorded_of(read.record)).items():
            hidden[language] = ()
            for projection in self._projections.values():
                with suppress(Exception):
                    hidden[language] += tuple(projection.rows(page))
        return hidden

    def _rows(self, page: Page) -> tuple[Row, ...]:
        return tuple(row for projection in self._projections.values() for row in projection.rows(page))


_BEHIND = Parked("behind", "waits for the records parked before it")


def _put(aggregate: Aggregate, rows: Mapping[str, tuple[Row, ...]], folded: Folded) -> None:
    """Put pages before readers, in place of those that the database may have."""
    for language, made in rows.items():
        edition = aggregate.stored.editions.get(language) if aggregate.stored else None
        if edition is not None and edition.run is not None:
            folded.replaced.add((aggregate.id, language))
        folded.pages[aggregate.id, language] = made


def recorded_of(record: Record) -> Recorded:
    """Give what the log says of a record, as the fold takes it."""
    return Recorded(
        timestamp=record.timestamp,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "backslashreplace"),
    )


def _raised(stage: str, error: Exception) -> Parked:
    return Parked(stage, f"{type(error).__name__}: {error}")
