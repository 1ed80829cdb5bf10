"""The fold of a batch: what its records do to the articles they touch, before anything is stored.

Pure but for the aggregates it is given, which it moves on. One record at a time: dedupe, the fold itself, and the rows
that every projection makes of a new page, so that the size of a batch changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import cast

from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.outcome import Applied, Duplicate, Outcome, Parked, Skipped
from newsroom_consumers.fold.parking import BEHIND, is_named_by, park, recorded_of, show_pages, unpark
from newsroom_consumers.fold.record_rules import CATALOGUE, JudgedRecord
from newsroom_consumers.fold.result import FoldResult, Refold
from newsroom_consumers.projections import PROJECTIONS, Projection, Row
from newsroom_schemas.events import AnyArticleEvent, AnyTagEvent, RecordSkipped, TagEvent
from newsroom_schemas.fold import article as articles
from newsroom_schemas.fold import tags
from newsroom_schemas.fold.state import Article, Catalogue, Page, Recorded
from newsroom_schemas.rejections import DuplicateId, NotParked, Rejected

Decide = Callable[[Container[str], Article | None, AnyArticleEvent, Recorded], Article | Rejected | DuplicateId]
EvolveTags = Callable[[Catalogue, AnyTagEvent], Catalogue | Rejected]


class BatchFold:
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

    def fold(
        self, reads: Iterable[JudgedRecord], aggregates: Mapping[str, Aggregate], again: Refold | None = None
    ) -> FoldResult:
        """Fold records in order onto the aggregates, which must hold every one that the records touch.

        Those to be folded ``again`` come first.
        """
        folded = FoldResult(again=again or Refold())
        for read in (*folded.again.reads, *reads):
            folded.outcomes[read.record[:3]] = (read, self._fold(read, aggregates, folded))
        return folded

    def _fold(self, read: JudgedRecord, aggregates: Mapping[str, Aggregate], folded: FoldResult) -> Outcome:
        if isinstance(read.verdict, Rejected):
            return read.verdict
        aggregate = aggregates[read.aggregate or CATALOGUE]
        if aggregate.parked and isinstance(read.event, RecordSkipped) and read.verdict is None:
            return self._skip(read, read.event, aggregates, folded)
        if aggregate.parked:
            return self._park(read, aggregate, BEHIND, folded)
        if isinstance(read.verdict, Parked):
            return self._park(read, aggregate, read.verdict, folded)
        if isinstance(read.event, TagEvent):
            return self._fold_tag(read, read.event, aggregate, folded)
        return self._fold_article(read, cast("AnyArticleEvent", read.event), aggregate, folded)

    def _fold_article(
        self, read: JudgedRecord, event: AnyArticleEvent, aggregate: Aggregate, folded: FoldResult
    ) -> Outcome:
        recorded = recorded_of(read.record)
        try:
            after = self._decide(aggregate.decided, aggregate.article, event, recorded)
        except Exception as error:  # noqa: BLE001 - whatever pure code raises parks the record
            return self._park(read, aggregate, _raised("fold", error), folded)
        match after:
            case DuplicateId():
                return Duplicate(differs=aggregate.decided[event.event_id] != read.value_sha)
            case Rejected():
                aggregate.decided[event.event_id] = read.value_sha
                return after
        try:
            pages = articles.pages(aggregate.article, after, event, recorded)
            rows = {language: self._rows(page) for language, page in pages.items()}
        except Exception as error:  # noqa: BLE001 - as above
            return self._park(read, aggregate, _raised("projection", error), folded)
        show_pages(aggregate, rows, folded)
        folded.changed[aggregate.id] = aggregate
        aggregate.article = after
        aggregate.last_offset = read.record.offset
        aggregate.decided[event.event_id] = read.value_sha
        return Applied()

    def _fold_tag(self, read: JudgedRecord, event: AnyTagEvent, aggregate: Aggregate, folded: FoldResult) -> Outcome:
        if event.event_id in aggregate.decided:
            return Duplicate(differs=aggregate.decided[event.event_id] != read.value_sha)
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

    def _skip(
        self, read: JudgedRecord, event: RecordSkipped, aggregates: Mapping[str, Aggregate], folded: FoldResult
    ) -> Outcome:
        """Give up the head of a queue of parked records if that is what the event names, and fold the rest.

        Nothing but a head is given up: an event that names another record has come too late, or too early.
        """
        aggregate = aggregates[read.aggregate or CATALOGUE]
        if event.event_id in aggregate.decided:
            return Duplicate(differs=aggregate.decided[event.event_id] != read.value_sha)
        aggregate.decided[event.event_id] = read.value_sha
        queue = folded.queues.get(aggregate.id)
        if not queue or not is_named_by(event, queue[0]):
            return NotParked(topic=event.topic, partition=event.partition, offset=event.offset)
        unpark(aggregate, folded)
        folded.outcomes[queue[0].record[:3]] = (queue[0], Skipped())
        for waiting in queue[1:]:
            folded.outcomes[waiting.record[:3]] = (waiting, self._fold(waiting, aggregates, folded))
        return Applied()

    def _park(self, read: JudgedRecord, aggregate: Aggregate, parked: Parked, folded: FoldResult) -> Parked:
        return park(read, aggregate, parked, folded, self._projections.values())

    def _rows(self, page: Page) -> tuple[Row, ...]:
        return tuple(row for projection in self._projections.values() for row in projection.rows(page))


def _raised(stage: str, error: Exception) -> Parked:
    return Parked(stage, f"{type(error).__name__}: {error}")
