"""The fold of a batch: what its records do to the articles they touch, before anything is stored.

Pure but for the aggregates it is given, which it moves on. One record at a time: dedupe, the fold itself, and the rows
that every projection makes of a new page, so that the size of a batch changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from typing import cast

import msgspec

from newsroom_consumers.outcomes import Applied, Outcome, Parked, Repeated, Skipped
from newsroom_consumers.projections import PROJECTIONS, Projection, Row
from newsroom_consumers.reads import CATALOGUE, Read
from newsroom_consumers.records import Address, Record
from newsroom_schemas import article as articles
from newsroom_schemas import tags
from newsroom_schemas.events import AnyArticleEvent, AnyTagEvent, ArticleUnpublished, RecordSkipped, TagEvent
from newsroom_schemas.publication import LEGAL
from newsroom_schemas.rejections import Duplicate, NotParked, Rejected
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
    hidden: set[str] = set()
    """Languages that withdrawals among the parked records hide."""
    last_offset: int = -1
    """Offset of the last event applied."""


class Again(msgspec.Struct, kw_only=True):
    """Records of earlier batches to fold once more, in front of a batch: what was made of them is replaced."""

    reads: list[Read] = []
    aggregates: dict[str, Aggregate] = {}
    """The aggregates as they stood before these records."""
    anew: set[str] = set()
    """Those of them that are folded from their first record."""


class Folded(msgspec.Struct, kw_only=True):
    """What a batch has changed, to be stored in one transaction."""

    outcomes: dict[Address, tuple[Read, Outcome]] = {}
    changed: dict[str, Aggregate] = {}
    pages: dict[tuple[str, str], tuple[Row, ...]] = {}
    """Rows of all projections by article and language; the last page of each only."""
    replaced: set[tuple[str, str]] = set()
    """Those of ``pages`` that may have rows in the database already."""
    parked: dict[Address, tuple[Read, Parked, tuple[str, ...]]] = {}
    """Parked records with the languages that they hide."""
    queues: dict[str, list[Read]] = {}
    """The parked records, in order, of each aggregate that was not parked before."""
    covered: dict[tuple[str, str], tuple[Row, ...] | None] = {}
    """What the batch had put before readers of each edition that it hides; ``None``: what is in the database."""
    tags: dict[str, Tag] = {}
    again: Again = msgspec.field(default_factory=Again)


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

    def fold(self, reads: Iterable[Read], aggregates: Mapping[str, Aggregate], again: Again | None = None) -> Folded:
        """Fold records in order onto the aggregates, which must hold every one that the records touch.

        Those to be folded ``again`` come first.
        """
        folded = Folded(again=again or Again())
        for read in (*folded.again.reads, *reads):
            folded.outcomes[read.record[:3]] = (read, self._fold(read, aggregates, folded))
        return folded

    def _fold(self, read: Read, aggregates: Mapping[str, Aggregate], folded: Folded) -> Outcome:
        if isinstance(read.verdict, Rejected):
            return read.verdict
        aggregate = aggregates[read.aggregate or CATALOGUE]
        if aggregate.parked and isinstance(read.event, RecordSkipped) and read.verdict is None:
            return self._skip(read, read.event, aggregates, folded)
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

    def _skip(self, read: Read, event: RecordSkipped, aggregates: Mapping[str, Aggregate], folded: Folded) -> Outcome:
        """Give up the head of a queue of parked records if that is what the event names, and fold the rest.

        Nothing but a head is given up: an event that names another record has come too late, or too early.
        """
        aggregate = aggregates[read.aggregate or CATALOGUE]
        if event.event_id in aggregate.decided:
            return Repeated(differs=aggregate.decided[event.event_id] != read.value_sha)
        aggregate.decided[event.event_id] = read.value_sha
        queue = folded.queues.get(aggregate.id)
        if not queue or not names(event, queue[0]):
            return NotParked(topic=event.topic, partition=event.partition, offset=event.offset)
        _unpark(aggregate, folded)
        folded.outcomes[queue[0].record[:3]] = (queue[0], Skipped())
        for waiting in queue[1:]:
            folded.outcomes[waiting.record[:3]] = (waiting, self._fold(waiting, aggregates, folded))
        return Applied()

    def _park(self, read: Read, aggregate: Aggregate, parked: Parked, folded: Folded) -> Parked:
        """Keep a record for later, in log order; a withdrawal among them hides what it names at once."""
        hidden = self._hidden(read, aggregate)
        for language in hidden.keys() - aggregate.hidden:
            folded.covered[aggregate.id, language] = folded.pages.get((aggregate.id, language))
        _put(aggregate, hidden, folded)
        aggregate.hidden = aggregate.hidden | hidden.keys()
        if not aggregate.parked:
            folded.queues[aggregate.id] = []
        if aggregate.id in folded.queues:
            folded.queues[aggregate.id].append(read)
        aggregate.parked = True
        folded.parked[read.record[:3]] = (read, parked, tuple(sorted(hidden)))
        return parked

    def _hidden(self, read: Read, aggregate: Aggregate) -> dict[str, tuple[Row, ...]]:
        """Give the rows, by language, of the pages that a withdrawal puts before readers although it waits.

        What is hidden stays as its first withdrawal left it, but for a legal one, which replaces every other. A
        projection that fails has no row for them: its fault parks the withdrawal, and does not keep it from readers.
        """
        event = read.event
        if not isinstance(event, ArticleUnpublished) or event.event_id in aggregate.decided:
            return {}
        hidden: dict[str, tuple[Row, ...]] = {}
        for language, page in articles.hides(aggregate.article, event, recorded_of(read.record)).items():
            if language in aggregate.hidden and event.reason != LEGAL:
                continue
            hidden[language] = ()
            for projection in self._projections.values():
                with suppress(Exception):
                    hidden[language] += tuple(projection.rows(page))
        return hidden

    def _rows(self, page: Page) -> tuple[Row, ...]:
        return tuple(row for projection in self._projections.values() for row in projection.rows(page))


_BEHIND = Parked("behind", "waits for the records parked before it")


def names(event: RecordSkipped, read: Read) -> bool:
    """Say whether an event names just this record: its place in the log, and its bytes."""
    record = read.record
    return (event.topic, event.partition, event.offset, event.sha256) == (*record[:3], read.record_sha.hex())


def _unpark(aggregate: Aggregate, folded: Folded) -> None:
    """Take a queue apart that a batch has made, and let readers see again what it hides."""
    for read in folded.queues.pop(aggregate.id):
        del folded.parked[read.record[:3]]
    for language in aggregate.hidden:
        edition = (aggregate.id, language)
        shown = folded.covered.pop(edition)
        if shown is None:
            del folded.pages[edition]
            folded.replaced.discard(edition)
        else:
            folded.pages[edition] = shown
    aggregate.parked = False
    aggregate.hidden = set()


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
