"""Why an event in the log takes no effect: one class per reason, with the facts that an editor can be shown.

A rejection is a value, not an exception: the fold returns it. ``reason`` is its name outside (CLI, JSON, tables).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec


def _snake(name: str) -> str:
    """Return a class name as a reason: ``VersionConflict`` becomes ``version_conflict``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Rejected(msgspec.Struct, frozen=True, kw_only=True, tag=_snake, tag_field="reason"):
    """The root of all rejections."""

    @property
    def reason(self) -> str:
        """The reason's name, such as ``version_conflict``."""
        return str(self.__struct_config__.tag)

    @property
    def facts(self) -> dict[str, Any]:
        """Everything known about the rejection, as JSON values."""
        return {name: msgspec.to_builtins(getattr(self, name)) for name in self.__struct_fields__}


class Misplaced(Rejected, frozen=True, kw_only=True):
    """The record is in a partition other than the one that its key belongs to."""

    partition: int
    expected: int


class KeyMismatch(Rejected, frozen=True, kw_only=True):
    """The record's key is missing, or differs from the id in its body."""

    key: str | None
    id: str | None


class NoValue(Rejected, frozen=True, kw_only=True):
    """The record has no value."""


class InvalidContent(Rejected, frozen=True, kw_only=True):
    """The record decodes, but a field breaks the contract."""

    field: str
    problem: str


class ArticleExists(Rejected, frozen=True, kw_only=True):
    """The article exists already."""

    article: str


class UnknownArticle(Rejected, frozen=True, kw_only=True):
    """No article with that id exists."""

    article: str


class UnknownEdition(Rejected, frozen=True, kw_only=True):
    """The article has no edition in that language."""

    article: str
    language: str


class OnHold(Rejected, frozen=True, kw_only=True):
    """A legal takedown holds the article; ArticleReleased lifts it."""

    article: str


class VersionConflict(Rejected, frozen=True, kw_only=True):
    """Somebody else was first: the version that the author saw is no longer the current one."""

    article: str
    language: str | None
    """``None`` for the card."""
    expected: int
    actual: int


class ScheduleGone(Rejected, frozen=True, kw_only=True):
    """The schedule that this publication carries out is no longer the edition's schedule."""

    article: str
    language: str
    schedule_id: str


class NotDue(Rejected, frozen=True, kw_only=True):
    """The record is earlier than the edition's schedule. Instants are microseconds."""

    article: str
    language: str
    publish_at: int
    recorded_at: int


class Embargoed(Rejected, frozen=True, kw_only=True):
    """The record is earlier than the end of the article's embargo. Instants are microseconds."""

    article: str
    until: int
    recorded_at: int


class AlreadyPublic(Rejected, frozen=True, kw_only=True):
    """At least one edition is live, so an embargo comes too late."""

    article: str
    languages: tuple[str, ...]


class Incomplete(Rejected, frozen=True, kw_only=True):
    """The draft lacks a text that publication requires."""

    article: str
    language: str
    missing: tuple[str, ...]


class NothingToPublish(Rejected, frozen=True, kw_only=True):
    """Readers see this version already, and the event has no note for them."""

    article: str
    language: str
    version: int


class NotScheduled(Rejected, frozen=True, kw_only=True):
    """The edition has no schedule."""

    article: str
    language: str


class NotPublished(Rejected, frozen=True, kw_only=True):
    """None of the named editions is live or scheduled."""

    article: str
    languages: tuple[str, ...]


class NotOnHold(Rejected, frozen=True, kw_only=True):
    """The article is not on hold."""

    article: str


class NotParked(Rejected, frozen=True, kw_only=True):
    """The named record is not the first parked one of this key."""

    topic: str
    partition: int
    offset: int


class SameLanguage(Rejected, frozen=True, kw_only=True):
    """The translation names its own language as its source."""

    article: str
    language: str


class UnknownSourceVersion(Rejected, frozen=True, kw_only=True):
    """The source edition never had the version that was translated."""

    article: str
    language: str
    version: int
    latest: int


class UnknownTag(Rejected, frozen=True, kw_only=True):
    """The catalogue has no such tag."""

    tag: str


class TagIsMerged(Rejected, frozen=True, kw_only=True, tag="tag_merged", tag_field="reason"):
    """The tag redirects to another one, so it accepts no labels."""

    tag: str
    into: str


class MergeCycle(Rejected, frozen=True, kw_only=True):
    """The target redirects, directly or indirectly, back to the tag."""

    tag: str
    into: str


class NotMerged(Rejected, frozen=True, kw_only=True):
    """The tag redirects to nothing, so there is nothing to undo."""

    tag: str


class DuplicateId(msgspec.Struct, frozen=True, kw_only=True):
    """The article has already applied or rejected an event with this id, so this one changes nothing.

    It is not a `Rejected`.
    """

    event_id: str
