"""The history of an article or of the tags: every event, its outcome, what it changed, and who won lost races.

Example::

    answer = history(control, log, reader, codec.blocks, "storm", now=now)
    answer["events"][2]["winners"]    # the events that the author of this one had not seen

An article's records are found by the event index of the live generation, read from the log again, and folded by this
build. That gives every version of a draft, although no table keeps them.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import cast

from newsroom_consumers.audit.history.fields import Decode, of_tags
from newsroom_consumers.audit.history.story import NOTHING, Story, Told
from newsroom_consumers.control.control import Control
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.fold.outcome import Applied, Outcome, to_columns
from newsroom_consumers.fold.record_rules import JudgedRecord, RecordReader
from newsroom_consumers.log.log import LogRecords
from newsroom_consumers.log.record import Address, Partition
from newsroom_consumers.queries.answers import to_builtins
from newsroom_consumers.queries.editors import EditorQueries
from newsroom_consumers.seals.generation import seal_of
from newsroom_consumers.seals.seal import SealedPartition
from newsroom_consumers.store.reread import places_of, read_again
from newsroom_schemas.events import AnyArticleEvent, AnyTagEvent, TagEvent
from newsroom_schemas.fold.article import decide
from newsroom_schemas.fold.state import Article, Catalogue, Recorded
from newsroom_schemas.fold.tags import evolve_tags
from newsroom_schemas.rejections import DuplicateId, Rejected

_Decided = Article | Rejected | DuplicateId


def history(
    control: Control, log: LogRecords, reader: RecordReader, decode: Decode, article_id: str, *, now: int
) -> Told:
    """Return the history of an article (or ``CATALOGUE``) up to the live generation's cursors, in log order.

    The ``chain`` of each partition is the one at its cut, as in a seal. ``headline`` is the newest one that readers
    saw, or else the draft's. ``made_at`` is ``now`` (microseconds).

    Outcomes are those of that generation; ``by_this_build`` is set if this build folds a different one. Raises
    ``NotFoundError`` for an article without events, ``NoGenerationError``, ``LogMismatchError`` and ``LogError``.
    """
    name = control.live()
    with control.database.reading(name) as connection:
        editors = EditorQueries(connection)
        rows = to_builtins(editors.events(article_id))
        places = places_of(connection, article_id)
        sealed = seal_of(connection, name, now=now)
    judged = read_again(log, reader, places)
    story = Story(decode)
    events = _events(article_id, judged, rows, story)
    return {
        "article_id": article_id,
        "headline": story.headline,
        "generation": name,
        "made_at": sealed.sealed_at,
        "cut": [_cut(each) for each in sealed.cursors if Partition(each.topic, each.partition) in places],
        "events": events,
    }


def _cut(sealed: SealedPartition) -> Told:
    return {
        "topic": sealed.topic,
        "partition": sealed.partition,
        "offset": sealed.next_offset,
        "chain": sealed.chain,
    }


def _events(article_id: str, judged: Sequence[JudgedRecord], rows: Sequence[Told], story: Story) -> list[Told]:
    """Fold the records, and return for each its event row and what the event changed or would have changed."""
    witness = _Witness()
    folded = BatchFold(decide=witness.decide, evolve_tags=witness.evolve_tags).fold(
        judged, {article_id: Aggregate(id=article_id)}
    )
    return [
        row
        | {"tag_id": each.event.tag_id if isinstance(each.event, TagEvent) else None}
        | _by_this_build(each, outcome, row)
        | _change(story, row, each, outcome, witness)
        for row, each in zip(rows, judged, strict=True)
        for outcome in [folded.outcomes[each.record[:3]][1]]
    ]


class _Witness:
    """The fold, which also records its inputs and results."""

    def __init__(self) -> None:
        self.before: dict[Address, Article | None] = {}
        self.after: dict[Address, _Decided] = {}
        self.tags: dict[int, tuple[Catalogue, AnyTagEvent]] = {}
        """The catalogue before each event, by the event's identity."""

    def decide(
        self, decided_ids: Container[str], article: Article | None, event: AnyArticleEvent, recorded: Recorded
    ) -> _Decided:
        address = (recorded.topic, recorded.partition, recorded.offset)
        self.before[address] = article
        self.after[address] = decide(decided_ids, article, event, recorded)
        return self.after[address]

    def evolve_tags(self, catalogue: Catalogue, event: AnyTagEvent) -> Catalogue | Rejected:
        self.tags[id(event)] = (catalogue, event)
        return evolve_tags(catalogue, event)


def _change(story: Story, row: Told, judged: JudgedRecord, outcome: Outcome, witness: _Witness) -> Told:
    address = judged.record[:3]
    if isinstance(judged.event, TagEvent):
        seen = witness.tags.get(id(judged.event))
        return NOTHING | {"changes": of_tags(*seen) if seen else []}
    if address not in witness.after:
        return NOTHING
    event, before, after = cast("AnyArticleEvent", judged.event), witness.before[address], witness.after[address]
    if isinstance(outcome, Applied) and isinstance(after, Article):
        return story.applied(event, row, before, after)
    if isinstance(after, Rejected):
        return story.refused(event, after, before)
    return NOTHING


def _by_this_build(judged: JudgedRecord, outcome: Outcome, row: Told) -> Told:
    """Return this build's outcome of a record if it differs from the generation's."""
    made = to_columns(outcome, record_level=judged.verdict is not None)
    same = (made.outcome, made.reason) == (row["outcome"], row["reason"])
    return {"by_this_build": None if same else {"outcome": made.outcome, "reason": made.reason}}
