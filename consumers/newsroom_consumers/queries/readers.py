"""What readers can ask of a generation: an article, the timeline, a tag page.

Example::

    with control.database.public("main") as connection:
        page = ReaderQueries(connection, site).timeline("uk", limit=20)

All queries of one answer use one read transaction of one generation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from newsroom_consumers.projections import published, tags, timeline
from newsroom_consumers.projections.place import Place, from_cursor, to_cursor
from newsroom_consumers.queries.answers import (
    ArticleLink,
    GoneArticle,
    Instant,
    ListEntry,
    LiveArticle,
    NotFoundError,
    ReaderNote,
    ShownImage,
    ShownTag,
    TagPage,
    TimelinePage,
)
from newsroom_schemas.fold.state import Catalogue, DatedNote
from newsroom_schemas.fold.tags import aliases, label, resolve
from newsroom_schemas.instants import to_datetime
from newsroom_schemas.values import Author, Block, StoredBlocks

RELATED = 3
"""How many related stories an article shows."""

_image = msgspec.json.Decoder(ShownImage).decode
_authors = msgspec.json.Decoder(tuple[Author, ...]).decode
_ids = msgspec.json.Decoder(tuple[str, ...]).decode
_notes = msgspec.json.Decoder(list[DatedNote]).decode


class Site:
    """How a newsroom shows things: its languages, the first one first, its time zone, and how blocks are decoded."""

    def __init__(
        self, languages: Sequence[str], zone: ZoneInfo, blocks: Callable[[StoredBlocks], tuple[Block, ...]]
    ) -> None:
        """Show ``languages``, in order of preference, and local times of ``zone``; ``blocks`` decodes stored blocks."""
        self.languages = tuple(languages)
        self.zone = zone
        self.blocks = blocks

    def in_order(self, languages: set[str]) -> tuple[str, ...]:
        """Return languages in the newsroom's order; those that it does not name follow, by name."""
        return tuple(sorted(languages, key=lambda each: (self._rank(each), each)))

    def clock(self, instant: int) -> str:
        """Return an instant (microseconds) as local ``HH:MM``."""
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
        """Ask through ``connection``, which is in a read transaction; ``site`` says how answers are shown."""
        self._connection = connection
        self._site = site

    def article(self, article_id: str, language: str) -> LiveArticle | GoneArticle:
        """Return the page of an edition, or what is left of it. Raises ``NotFoundError``."""
        if page := published.page_of(self._connection, article_id, language):
            return self._live(page)
        if gone := published.withdrawal_of(self._connection, article_id, language):
            return self._gone(gone)
        raise NotFoundError(f"article {article_id} in {language}")

    def timeline(self, language: str, *, limit: int, after: str | None = None) -> TimelinePage:
        """Return a page of the recent-news timeline, newest first. Raises ``InvalidCursorError``."""
        place = from_cursor(after) if after else None
        found = timeline.newest(self._connection, language, after=place, limit=limit + 1)
        return TimelinePage(items=self._entries(found[:limit], language), next=_next(found, limit))

    def tag(self, tag_id: str, language: str, *, limit: int, after: str | None = None) -> TagPage:
        """Return a page of the stories with a tag, or with one that redirects to it.

        Raises ``NotFoundError`` for a tag that neither the catalogue nor a live story has, and ``InvalidCursorError``.
        """
        catalogue = tags.related(self._connection, [tag_id])
        target = resolve(catalogue, tag_id)
        ids = aliases(catalogue, target)
        if target not in catalogue and not tags.is_used(self._connection, ids):
            raise NotFoundError(f"tag {tag_id}")
        place = from_cursor(after) if after else None
        found = tags.newest(self._connection, ids, language, after=place, limit=limit + 1)
        return TagPage(
            tag=self._tag(catalogue, target, language),
            items=self._entries(found[:limit], language),
            next=_next(found, limit),
        )

    def _live(self, row: Any) -> LiveArticle:
        tag_ids = _ids(row.tags)
        catalogue = tags.related(self._connection, tag_ids)
        targets = list(dict.fromkeys(resolve(catalogue, tag_id) for tag_id in tag_ids))
        return LiveArticle(
            article_id=row.article_id,
            language=row.language,
            slug=row.slug,
            headline=row.headline,
            lead=row.lead,
            blocks=self._site.blocks(StoredBlocks(row.blocks, row.blocks_schema)) if row.blocks else (),
            image=_image(row.image) if row.image else None,
            authors=_authors(row.authors),
            section=row.section,
            tags=tuple(self._tag(catalogue, each, row.language) for each in targets),
            flags=_ids(row.flags),
            notes=tuple(ReaderNote(kind=each.kind, text=each.text, at=Instant(each.at)) for each in _notes(row.notes)),
            version=row.version,
            first_published_at=Instant(row.first_published_at),
            updated_at=None if row.updated_at is None else Instant(row.updated_at),
            languages=self._languages(row.article_id),
            related=self._related(row, aliases(catalogue, targets[0]) if targets else ()),
            url=_url(row.language, row.article_id, row.slug),
        )

    def _gone(self, row: Any) -> GoneArticle:
        return GoneArticle(
            article_id=row.article_id,
            language=row.language,
            reason=row.reason,
            note=row.note,
            successor=row.successor,
            since=Instant(row.since),
            languages=self._languages(row.article_id),
            url=f"/{row.language}/news/{row.article_id}",
        )

    def _languages(self, article_id: str) -> tuple[str, ...]:
        """Return the languages in which an article is live."""
        return self._site.in_order(published.live_languages(self._connection, article_id))

    def _tag(self, catalogue: Catalogue, tag_id: str, language: str) -> ShownTag:
        return ShownTag(id=tag_id, label=label(catalogue, tag_id, language, self._site.languages))

    def _related(self, page: Any, tag_ids: Sequence[str]) -> tuple[ArticleLink, ...]:
        """Return the newest other stories of a tag."""
        found = tags.newest(self._connection, tag_ids, page.language, after=None, limit=RELATED + 1) if tag_ids else ()
        others = [row for row in found if row.article_id != page.article_id][:RELATED]
        return tuple(ArticleLink(article_id=row.article_id, headline=row.headline) for row in others)

    def _entries(self, rows: Sequence[Any], language: str) -> tuple[ListEntry, ...]:
        return tuple(
            ListEntry(
                article_id=row.article_id,
                headline=row.headline,
                published_at=Instant(row.first_published_at),
                time=self._site.clock(row.first_published_at),
                flags=_ids(row.flags),
                url=_url(language, row.article_id, row.slug),
            )
            for row in rows
        )


def _next(found: Sequence[Any], limit: int) -> str | None:
    """Return the cursor of what follows a page; ``found`` has a row more than the page where anything does."""
    if len(found) <= limit:
        return None
    last = found[limit - 1]
    return to_cursor(Place(last.first_published_at, last.first_event_id, last.article_id))


def _url(language: str, article_id: str, slug: str) -> str:
    return f"/{language}/news/{article_id}/{quote(slug, safe='')}"
