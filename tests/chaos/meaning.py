"""What events mean, said a second time, so that the product's fold can be wrong: nothing is shared with it.

``Newsroom.hear`` takes the records of a log in order and says what has to become of each. What is then in its stories
and tags is what every table has to say. It knows no parked records: nothing that a storm sends has to wait.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chaos.evidence import Appended
from chaos.refusals import against, against_tag
from chaos.stories import Edition, Run, Story, Tag, named

from newsroom_consumers.log.record import Record
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
    TagDefined,
    TagEvent,
    TagMerged,
)

CATALOGUE = ""
"""Stands for the tags where an article's id would."""
_EMPTY: dict[str, Any] = {
    "slug": "",
    "headline": "",
    "lead": None,
    "image": None,
    "authors": (),
    "legacy_urls": (),
    "blocks": (),
}
"""Every text of an edition, empty."""


class Verdict(NamedTuple):
    """What has to become of a record."""

    outcome: str
    reason: str | None = None

    def __str__(self) -> str:
        return f"{self.outcome} {self.reason}" if self.reason else self.outcome


class Newsroom:
    """All stories and tags, as the records heard so far make them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.stories: dict[str, Story] = {}
        self.tags: dict[str, Tag] = {}
        self._decided: set[tuple[str, str]] = set()

    def hear(self, each: Appended) -> Verdict:
        """Read the next record of a partition, and return what has to become of it."""
        event = each.event
        if event is None:
            return Verdict("rejected", "no_value")
        act = (CATALOGUE if isinstance(event, TagEvent) else event.article_id, event.event_id)
        if act in self._decided:
            return Verdict("duplicate")
        self._decided.add(act)
        reason = self._tag(event) if isinstance(event, TagDefined | TagMerged) else self._act(event, each.record)
        return Verdict("rejected", reason) if reason else Verdict("applied")

    def _act(self, event: AnyArticleEvent, record: Record) -> str | None:
        story = self.stories.get(event.article_id)
        reason = next(against(story, event, record.timestamp), None)
        if reason is None:
            story = self.stories.setdefault(event.article_id, Story())
            _happen(story, event, record)
            story.last_offset = record.offset
        return reason

    def _tag(self, event: AnyTagEvent) -> str | None:
        reason = next(against_tag(self.tags, event), None)
        if reason is None and isinstance(event, TagDefined):
            self.tags[event.tag_id] = Tag(event.labels)
        elif reason is None and isinstance(event, TagMerged):
            self.tags[event.tag_id].into = event.into
        return reason


def _happen(story: Story, event: AnyArticleEvent, record: Record) -> None:
    """Change a story as an event says that nothing speaks against."""
    match event:
        case ArticleCreated() | ArticleEdited() | ArticleTranslated():
            _write(story, event, record.timestamp)
        case ArticlePublished():
            _publish(story, story.editions[event.language], event, record.timestamp)
        case ArticleUnpublished():
            _withdraw(story, event, record.timestamp)
        case ArticleScheduled():
            story.editions[event.language].schedule = event
        case ArticleUnscheduled():
            story.editions[event.language].schedule = None
        case ArticleEmbargoed(until=until):
            story.embargo_until = until if until is not None and until > record.timestamp else None
        case ArticleReleased():
            story.hold = False
    if isinstance(event, ArticleCreated | ArticleClassified):
        story.card_version += 1
        once = {name: list(dict.fromkeys(getattr(event, name))) for name in ("tags", "flags")}
        story.card = {"section": event.section, **once}


def _write(story: Story, event: ArticleCreated | ArticleEdited | ArticleTranslated, now: int) -> None:
    edition = story.editions.setdefault(event.language, Edition(texts=_EMPTY))
    given = {name: getattr(event, name) for name in _EMPTY}
    if isinstance(event, ArticleEdited):
        given = {name: text for name, text in given.items() if text is not None}
        given |= {name: _EMPTY[name] for name in event.cleared}
    if isinstance(event, ArticleTranslated):
        edition.lineage = event
    edition.texts = edition.texts | given
    edition.version += 1
    edition.changed = (event.actor, now)


def _publish(story: Story, edition: Edition, event: ArticlePublished, now: int) -> None:
    at = now if event.published_at is None else min(now, event.published_at)
    if edition.run is None or edition.status != "live":
        edition.run = Run(version=0, card_version=0, first_event_id=event.event_id, instants=[])
    if event.note:
        edition.notes = [*edition.notes, {"kind": event.note.kind, "text": event.note.text, "at": at}]
    run, lineage = edition.run, edition.lineage
    run.version, run.card_version = edition.version, story.card_version
    run.instants = [*run.instants, at]
    edition.status, edition.schedule, edition.changed = "live", None, (event.actor, now)
    edition.page = {
        **edition.texts,
        **story.card,
        "version": edition.version,
        "notes": edition.notes,
        "source_language": lineage.source_language if lineage else None,
        "translator": lineage.translator if lineage else None,
        "first_published_at": run.instants[0],
        "first_event_id": run.first_event_id,
        "updated_at": run.updated_at,
    }


def _withdraw(story: Story, event: ArticleUnpublished, now: int) -> None:
    for edition in named(story, event).values():
        edition.schedule = None
        if edition.status == "live" or (edition.status == "gone" and event.reason == "legal"):
            edition.version += edition.status == "live"
            edition.status, edition.changed = "gone", (event.actor, now)
            said = {"reason": event.reason, "note": event.note, "successor": event.successor}
            edition.page = {**said, "since": now}
    story.hold = story.hold or event.reason == "legal"
