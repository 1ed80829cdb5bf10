"""What readers can ask of a generation: an article, the timeline, a tag page. Answers are JSON values.

Example::

    with engine.begin() as connection:
        Queries(connection, site).timeline("en", limit=20)

All queries of one answer use one read transaction of one generation. Names and forms are those of the newsroom's API.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from newsroom_consumers.projections import published, tags, timeline
from newsroom_consumers.projections.place import Place, from_cursor, to_cursor
from newsroom_schemas.errors import Kind, NewsroomError
from newsroom_schemas.fold.tags import aliases, label, resolve
from newsroom_schemas.instants import to_datetime, to_rfc3339
from newsroom_schemas.values import Block, StoredBlocks

Answer = dict[str, Any]
"""A JSON object."""

RELATED = 3
"""How many related stories an article shows."""


class NotFoundError(NewsroomError):
    """There is nothing of that name for readers: unknown, a draft, or under embargo, which look the same."""

    kind: ClassVar[Kind] = Kind.UNKNOWN

    def __init__(self, what: str) -> None:
        """Say what was asked for."""
        super().__init__(f"readers have no {what}")
        self.what = what


class Site:
    """How a newsroom shows things: its languages, the first one first, its time zone, and how blocks are decoded."""

    def __init__(
        self, languages: Sequence[str], zone: ZoneInfo, blocks: Callable[[StoredBlocks], tuple[Block, ...]]
    ) -> None:
        """Take languages in order of preference, the zone of local times, and the decoder of stored blocks."""
        self.languages = tuple(languages)
        self.zone = zone
        self.blocks = blocks

    def in_order(self, languages: set[str]) -> list[str]:
        """Put languages in the newsroom's order, others behind by name."""
        return sorted(languages, key=lambda each: (self._rank(each), each))

    def clock(self, instant: int) -> str:
        """Write an instant (microseconds) as local ``HH:MM``."""
        at = to_datetime(instant)
        try:
            return at.astimezone(self.zone).strftime("%H:%M")
        except OverflowError:  # the first and the last day of the calendar, elsewhere on Earth
            return at.strftime("%H:%M")

    def _rank(self, language: str) -> int:
        return self.languages.index(language) if language in self.languages else len(self.languages)


class ReaderQueries:
    """The queries of one read transaction."""

    def __init__(self, connection: Connection, site: Site) -> None:
        """Take the transaction's connection and the site that the answers are for."""
        self._connection = connection
        self._site = site

    def article(self, article_id: str, language: str) -> Answer:
        """Give the page of an edition, live or gone. Raises ``NotFoundError``."""
        languages = self._site.in_order(published.live_languages(self._connection, article_id))
        if page := published.page_of(self._connection, article_id, language):
            return self._live(page) | {"languages": languages}
        if gone := published.withdrawal_of(self._connection, article_id, language):
            return _gone(gone) | {"languages": languages}
        raise NotFoundError(f"article {article_id} in {language}")

    def timeline(self, language: str, *, limit: int, after: str | None = None) -> Answer:
        """Give a page of the recent-news timeline, newest first. Raises ``InvalidCursorError``."""
        place = from_cursor(after) if after else None
        return self._page(timeline.newest(self._connection, language, after=place, limit=limit + 1), language, limit)

    def tag(self, tag_id: str, language: str, *, limit: int, after: str | None = None) -> Answer:
        """Give a page of the stories with a tag, or with one that redirects to it.

        Raises ``NotFoundError`` for a tag that neither the catalogue nor a live story has, and ``InvalidCursorError``.
        """
        catalogue = tags.related(self._connection, [tag_id])
        target = resolve(catalogue, tag_id)
        ids = aliases(catalogue, target)
        if target not in catalogue and not tags.is_used(self._connection, ids):
            raise NotFoundError(f"tag {tag_id}")
        place = from_cursor(after) if after else None
        found = tags.newest(self._connection, ids, language, after=place, limit=limit + 1)
        shown = {"id": target, "label": label(catalogue, target, language, self._site.languages)}
        return {"tag": shown} | self._page(found, language, limit)

    def _live(self, page: Any) -> Answer:
        tag_ids: list[str] = msgspec.json.decode(page.tags)
        catalogue = tags.related(self._connection, tag_ids)
        targets = list(dict.fromkeys(resolve(catalogue, tag_id) for tag_id in tag_ids))
        preference = self._site.languages
        notes = msgspec.json.decode(page.notes)
        stored = StoredBlocks(page.blocks, page.blocks_schema) if page.blocks else None
        return {
            "article_id": page.article_id,
            "language": page.language,
            "status": "live",
            "slug": page.slug,
            "headline": page.headline,
            "lead": page.lead,
            "blocks": msgspec.to_builtins(self._site.blocks(stored)) if stored else [],
            "image": msgspec.json.decode(page.image) if page.image else None,
            "authors": msgspec.json.decode(page.authors),
            "section": page.section,
            "tags": [{"id": each, "label": label(catalogue, each, page.language, preference)} for each in targets],
            "flags": msgspec.json.decode(page.flags),
            "notes": [note | {"at": to_rfc3339(note["at"])} for note in notes],
            "version": page.version,
            "first_published_at": to_rfc3339(page.first_published_at),
            "updated_at": to_rfc3339(page.updated_at) if page.updated_at is not None else None,
            "related": self._related(page, aliases(catalogue, targets[0]) if targets else ()),
            "url": _url(page.language, page.article_id, page.slug),
        }

    def _related(self, page: Any, tag_ids: Sequence[str]) -> list[Answer]:
        """Give the newest other stories of a tag."""
        found = tags.newest(self._connection, tag_ids, page.language, after=None, limit=RELATED + 1) if tag_ids else ()
        others = [row for row in found if row.article_id != page.article_id][:RELATED]
        return [{"article_id": row.article_id, "headline": row.headline} for row in others]

    def _page(self, found: Sequence[Any], language: str, limit: int) -> Answer:
        items = [self._item(row, language) for row in found[:limit]]
        more = len(found) > limit
        return {"items": items, "next": to_cursor(_place(found[limit - 1])) if more else None}

    def _item(self, row: Any, language: str) -> Answer:
        return {
            "article_id": row.article_id,
            "headline": row.headline,
            "published_at": to_rfc3339(row.first_published_at),
            "time": self._site.clock(row.first_published_at),
            "flags": msgspec.json.decode(row.flags),
            "url": _url(language, row.article_id, row.slug),
        }


def _gone(row: Any) -> Answer:
    return {
        "article_id": row.article_id,
        "language": row.language,
        "status": "gone",
        "reason": row.reason,
        "note": row.note,
        "successor": row.successor,
        "since": to_rfc3339(row.since),
        "url": f"/{row.language}/news/{row.article_id}",
    }


def _url(language: str, article_id: str, slug: str) -> str:
    return f"/{language}/news/{article_id}/{quote(slug, safe='')}"


def _place(row: Any) -> Place:
    return Place(row.first_published_at, row.first_event_id, row.article_id)
