"""Bugs that are planted in the product itself, so that workers and a fold afresh have them in common."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

from msgspec.structs import replace

from newsroom_consumers.fold import record_rules
from newsroom_consumers.projections import tags as tag_entries
from newsroom_consumers.projections import timeline
from newsroom_consumers.worker import loop
from newsroom_schemas.events import ArticlePublished
from newsroom_schemas.fold import article, publication, tags
from newsroom_schemas.fold.state import Article, Publication
from newsroom_schemas.rejections import UnknownArticle


class Bug(NamedTuple):
    """A fault of the product: what stands in for which of its functions, and how the reckoning has to name it."""

    module: ModuleType
    name: str
    stand_in: Callable[..., Any]
    said: str
    """A part of what is found, behind its kind."""


def no_reason(*_: object) -> None:
    """Refuse nothing."""


def no_rows(_: object) -> Iterator[Any]:
    """Show nothing."""
    return iter(())


def first_row(page: Any, rows: Callable[..., Iterator[Any]] = tag_entries.rows) -> Iterator[Any]:
    """Show one tag of each page."""
    return itertools.islice(rows(page), 1)


def card_at_once(before: Any, after: Article, event: Any, at: Any, pages: Any = article.pages) -> Any:
    """Put a new card before readers without a publication."""
    made = pages(before, after, event, at)
    for language, edition in after.editions.items():
        if edition.status == "live" and edition.run and type(event).__name__ == "ArticleClassified":
            made[language] = publication._publication(after, language, edition, edition.run)
    return made


def without_note(of: Any, edition: Any, event: ArticlePublished, at: Any, publish: Any = publication._published) -> Any:
    """Forget the note of a publication."""
    return publish(of, edition, replace(event, note=None), at)


def only_named(of: Article, event: Any) -> Any:
    """Hide only the languages that a legal withdrawal names."""
    return {each: of.editions[each] for each in event.languages or of.editions}


def without_lead(of: Any, edition: Any, event: Any, at: Any, edit: Any = article._edit) -> Any:
    """Forget a text of an edit."""
    return edit(of, edition, replace(event, lead=None), at)


def same_version(edition: Any, event: Any, at: Any, withdrawn: Any = publication._withdrawn) -> Any:
    """Withdraw without a new version."""
    return replace(withdrawn(edition, event, at), version=edition.version)


def notes_of_run(of: Any, language: str, edition: Any, run: Any, make: Any = publication._publication) -> Publication:
    """Show no notes but the last one."""
    made: Publication = make(of, language, edition, run)
    return replace(made, notes=made.notes[1:])


BUGS = {
    "a hold is ignored": Bug(article, "_held", no_reason, "diverged: ArticlePublished"),
    "a version is ignored": Bug(article, "_conflict", no_reason, "diverged: ArticleEdited"),
    "an embargo is ignored": Bug(publication, "_embargoed", no_reason, "diverged: ArticlePublished"),
    "a draft's card is public": Bug(article, "pages", card_at_once, "diverged: 1 rows are not right in published"),
    "a draft's tag is public": Bug(article, "pages", card_at_once, "leaked: 1 rows are not to be in tag_entry"),
    "the timeline is empty": Bug(timeline, "rows", no_rows, "lost: 2 rows are missing from timeline"),
    "a page has one tag": Bug(tag_entries, "rows", first_row, "lost: 1 rows are missing from tag_entry"),
    "a merge is forgotten": Bug(tags, "_merge", lambda known, _: known, "diverged: 1 rows are not right in tag"),
    "a note is dropped": Bug(publication, "_published", without_note, "diverged: 2 rows are not right in edition"),
    "a note is not shown": Bug(
        publication, "_publication", notes_of_run, "diverged: 1 rows are not right in published"
    ),
    "a chain never changes": Bug(loop, "link", lambda chain, _: chain, "diverged: the cursor of"),
    "a hash is constant": Bug(record_rules, "record_hash", lambda *_: bytes(32), "hashes of"),
    "a takedown spares a language": Bug(publication, "_named", only_named, "leaked: 1 rows are not to be in published"),
    "an edit is lost": Bug(article, "_edit", without_lead, "diverged: 1 rows are not right in published"),
    "a withdrawal makes no version": Bug(publication, "_withdrawn", same_version, "lost: ArticleEdited"),
    "nothing is applied": Bug(
        article, "evolve", lambda _, event, __: UnknownArticle(article=event.article_id), "lost: ArticleCreated"
    ),
}
