"""Finished stories, put into the log in one go: each is created and published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from support.fold_model import NOON, created, published
from support.kit import Newsroom

from newsroom_producers.desk import new_event_id
from newsroom_producers.receipts import Receipt
from newsroom_schemas.events import AnyEvent


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A story as its place in lists needs it."""

    id: str
    at: int = NOON
    """Instant of its publication, microseconds."""
    event_id: str = msgspec.field(default_factory=new_event_id)
    """Event id of its publication."""
    language: str = "uk"
    tags: tuple[str, ...] = ()
    texts: dict[str, Any] = {}

    @property
    def place(self) -> tuple[int, str, str]:
        """Return what lists are ordered by."""
        return (self.at, self.event_id, self.id)

    def events(self) -> Iterator[AnyEvent]:
        """Create the story and publish it."""
        named: dict[str, Any] = {"article_id": self.id, "language": self.language}
        texts = {"headline": f"Headline of {self.id}", "slug": "slug", "tags": self.tags} | self.texts
        yield created(event_id=new_event_id(), **named, **texts)
        yield published(event_id=self.event_id, published_at=self.at, **named)


def send(newsroom: Newsroom, events: Iterable[AnyEvent]) -> None:
    """Append events, all of which the log must take."""
    for settled in newsroom.transport.send_all(events):
        assert isinstance(settled, Receipt), settled


def send_stories(newsroom: Newsroom, stories: Iterable[Story]) -> None:
    """Append finished stories."""
    send(newsroom, (event for story in stories for event in story.events()))


def newest_first(stories: Iterable[Story]) -> list[str]:
    """Order stories as every list shall."""
    return [story.id for story in sorted(stories, key=lambda story: story.place, reverse=True)]


def rfc3339(instant: int) -> str:
    """Write an instant (microseconds) as JSON shows it."""
    return datetime.fromtimestamp(instant / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
