"""Stories and tags as the reckoning keeps them: plain, and changed in place."""

from __future__ import annotations

from typing import Any

import msgspec

from newsroom_schemas.events import ArticleScheduled, ArticleTranslated, ArticleUnpublished


class Run(msgspec.Struct, kw_only=True):
    """One stretch of being live."""

    version: int
    card_version: int
    first_event_id: str
    instants: list[int]
    """When each publication of it was, microseconds."""

    @property
    def updated_at(self) -> int | None:
        """Return when readers saw something new last; the first publication is not an update."""
        return max(self.instants) if len(self.instants) > 1 else None


class Edition(msgspec.Struct, kw_only=True):
    """One language of a story: its draft, and how it stands with readers."""

    texts: dict[str, Any]
    version: int = 0
    lineage: ArticleTranslated | None = None
    status: str = "draft"
    run: Run | None = None
    notes: list[dict[str, Any]] = []
    schedule: ArticleScheduled | None = None
    changed: tuple[str, int] = ("", 0)
    """By whom, and when."""
    page: dict[str, Any] = {}
    """What readers see of it: columns of ``published`` while it is live, of ``gone`` after."""


class Story(msgspec.Struct, kw_only=True):
    """One article."""

    card_version: int = 0
    card: dict[str, Any] = {}
    editions: dict[str, Edition] = {}
    embargo_until: int | None = None
    hold: bool = False
    last_offset: int = -1


class Tag(msgspec.Struct):
    """One tag of the catalogue."""

    labels: dict[str, str]
    into: str | None = None


def hides(event: ArticleUnpublished, language: str) -> bool:
    """Return whether a withdrawal speaks of a language; a legal one speaks of all."""
    return event.reason == "legal" or not event.languages or language in event.languages


def named(story: Story, event: ArticleUnpublished) -> dict[str, Edition]:
    """Return the editions that a withdrawal speaks of."""
    return {name: each for name, each in story.editions.items() if hides(event, name)}
