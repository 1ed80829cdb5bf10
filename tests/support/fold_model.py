"""Events with everything filled in but what a test is about, and ``given(...).then(...)`` over the fold.

Example::

    given(created(), published(), edited(headline="two")).then(uk="live v2 shown v1")

The n-th event of a story has the event id ``e<n>`` and is recorded n minutes after ``NOON``, unless ``at`` says when.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from newsroom_schemas.events import (
    AnyArticleEvent,
    AnyTagEvent,
    ArticleClassified,
    ArticleCreated,
    ArticleEdited,
    ArticleEmbargoed,
    ArticlePublished,
    ArticleReleased,
    ArticleScheduled,
    ArticleTranslated,
    ArticleUnpublished,
    ArticleUnscheduled,
    RecordSkipped,
    TagDefined,
    TagMerged,
)
from newsroom_schemas.fold.article import decide, pages
from newsroom_schemas.fold.state import Article, Catalogue, Edition, Page, Recorded
from newsroom_schemas.fold.tags import evolve_tags
from newsroom_schemas.rejections import DuplicateId, Rejected
from newsroom_schemas.values import Note

SECOND = 1_000_000
MINUTE = 60 * SECOND
NOON = 1_738_929_600 * SECOND
"""7 February 2025, 12:00 UTC."""

_TAG_ENVELOPE: dict[str, Any] = {"event_id": "", "occurred_at": NOON, "actor": "olena", "source": "desk"}
_ENVELOPE: dict[str, Any] = _TAG_ENVELOPE | {"article_id": "storm"}
_TEXTS: dict[str, Any] = {"slug": "storm", "headline": "Storm"}


def created(**fields: Any) -> ArticleCreated:
    """Create the article ``storm`` in Ukrainian."""
    return ArticleCreated(**_ENVELOPE | _TEXTS | {"language": "uk"} | fields)


def edited(**fields: Any) -> ArticleEdited:
    """Edit the Ukrainian edition."""
    return ArticleEdited(**_ENVELOPE | {"language": "uk"} | fields)


def translated(**fields: Any) -> ArticleTranslated:
    """Translate version 1 of the Ukrainian edition into English."""
    lineage = {"language": "en", "source_language": "uk", "source_version": 1, "translator": "john"}
    return ArticleTranslated(**_ENVELOPE | _TEXTS | lineage | fields)


def classified(**fields: Any) -> ArticleClassified:
    """Classify the article."""
    return ArticleClassified(**_ENVELOPE | fields)


def scheduled(publish_at: int, **fields: Any) -> ArticleScheduled:
    """Schedule the Ukrainian edition."""
    return ArticleScheduled(**_ENVELOPE | {"language": "uk", "publish_at": publish_at} | fields)


def unscheduled(**fields: Any) -> ArticleUnscheduled:
    """Remove the Ukrainian edition's schedule."""
    return ArticleUnscheduled(**_ENVELOPE | {"language": "uk"} | fields)


def embargoed(until: int | None, **fields: Any) -> ArticleEmbargoed:
    """Embargo the article, or lift the embargo."""
    return ArticleEmbargoed(**_ENVELOPE | {"until": until} | fields)


def published(**fields: Any) -> ArticlePublished:
    """Publish the Ukrainian edition."""
    return ArticlePublished(**_ENVELOPE | {"language": "uk"} | fields)


def unpublished(*languages: str, reason: str = "withdrawn", **fields: Any) -> ArticleUnpublished:
    """Withdraw some editions, or all of them."""
    return ArticleUnpublished(**_ENVELOPE | {"languages": languages, "reason": reason} | fields)


def released(**fields: Any) -> ArticleReleased:
    """Lift the hold."""
    return ArticleReleased(**_ENVELOPE | fields)


def skipped(**fields: Any) -> RecordSkipped:
    """Skip a parked record."""
    parked = {"topic": "newsroom.articles", "partition": 0, "offset": 7, "sha256": "0" * 64}
    return RecordSkipped(**_ENVELOPE | parked | fields)


def defined(tag_id: str, **labels: str) -> TagDefined:
    """Define a tag."""
    return TagDefined(**_TAG_ENVELOPE, tag_id=tag_id, labels=labels)


def merged(tag_id: str, into: str | None) -> TagMerged:
    """Merge a tag into another one, or undo it."""
    return TagMerged(**_TAG_ENVELOPE, tag_id=tag_id, into=into)


def catalogue_of(*events: AnyTagEvent) -> Catalogue:
    """Fold tag events that are all applied."""
    catalogue: Catalogue = {}
    for event in events:
        answer = evolve_tags(catalogue, event)
        assert isinstance(answer, dict), answer
        catalogue = answer
    return catalogue


def correction(text: str = "The river is the Dnipro.") -> Note:
    """Write a correction note."""
    return Note(kind="correction", text=text)


class At(msgspec.Struct, frozen=True):
    """An event with the instant at which the broker records it."""

    timestamp: int
    event: AnyArticleEvent


Step = AnyArticleEvent | At
Answer = Article | Rejected | DuplicateId


def at(timestamp: int, event: AnyArticleEvent) -> At:
    """Return when an event is recorded."""
    return At(timestamp, event)


def record(event: AnyArticleEvent, *, offset: int = 0, timestamp: int = NOON) -> Recorded:
    """Return where the log keeps an event."""
    return Recorded(timestamp=timestamp, topic="newsroom.articles", partition=0, offset=offset, key=event.article_id)


def sketch(edition: Edition) -> str:
    """Describe an edition in a few words, such as ``live v2 shown v1 scheduled``."""
    words = [edition.status, f"v{edition.version}"]
    if edition.status == "live" and edition.run is not None and edition.run.version != edition.version:
        words.append(f"shown v{edition.run.version}")
    if edition.schedule is not None:
        words.append("scheduled")
    return " ".join(words)


class Story:
    """One article's log so far: its state, the answer to each event, and the pages that readers have."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.article: Article | None = None
        self.answers: list[Answer] = []
        self.shown: dict[str, Page] = {}
        self._decided: set[str] = set()

    def when(self, *steps: Step) -> Story:
        """Append events to the log and fold them."""
        for step in steps:
            offset = len(self.answers)
            recorded = step if isinstance(step, At) else At(NOON + (offset + 1) * MINUTE, step)
            event, timestamp = recorded.event, recorded.timestamp
            event = event if event.event_id else replace(event, event_id=f"e{offset + 1}")
            self._fold(event, record(event, offset=offset, timestamp=timestamp))
        return self

    def _fold(self, event: AnyArticleEvent, recorded: Recorded) -> None:
        """Fold one event as the loop does."""
        answer = decide(self._decided, self.article, event, recorded)
        self.answers.append(answer)
        self._decided.add(event.event_id)
        if isinstance(answer, Article):
            self.shown |= pages(self.article, answer, event, recorded)
            self.article = answer

    @property
    def rejections(self) -> list[Rejected]:
        """The rejections, in log order."""
        return [answer for answer in self.answers if isinstance(answer, Rejected)]

    def edition(self, language: str = "uk") -> Edition:
        """Return one edition of the article."""
        assert self.article is not None
        return self.article.editions[language]

    def then(self, *, rejections: Sequence[type[Rejected] | Rejected] = (), **editions: str) -> Story:
        """Expect exactly these rejections, each by class or by value, and these editions as ``sketch`` shows them."""
        found = [
            type(one) if isinstance(wanted, type) else one
            for wanted, one in zip(rejections, self.rejections, strict=False)
        ]
        assert (found, len(self.rejections)) == (list(rejections), len(rejections)), self.rejections
        for language, expected in editions.items():
            assert sketch(self.edition(language)) == expected
        return self


def given(*steps: Step) -> Story:
    """Begin a story with these events."""
    return Story().when(*steps)
