"""The fold of an article: what each event means for it. This is the only place where that is written.

>>> event = ArticleCreated(event_id="e1", occurred_at=0, actor="olena", source="cms", article_id="storm", language="uk",
...     headline="Буря", slug="buria")
>>> recorded = Recorded(timestamp=0, topic="newsroom.articles", partition=0, offset=0, key="storm")
>>> article = evolve(None, event, recorded)
>>> article.editions["uk"].version
1
>>> evolve(article, event, recorded)  # a rejection is a value that says why; the article is unchanged
ArticleExists(article='storm')

All functions are pure: the same input gives the same answer on every replay. Fields are validated earlier, when a
record is read. The first rule that fails names the rejection, in the order duplicate > existence > hold > version >
time and schedule > sense. An ``or`` chain lists the rules of one event in that order and ends in what the event does.
Articles are immutable: an event makes a new one, which shares with the old one everything that it does not change.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from msgspec.structs import replace

from newsroom_schemas.events import (
    AnyArticleEvent,
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
    Event,
    RecordSkipped,
)
from newsroom_schemas.fold.publication import hides, pages, publish, unpublish
from newsroom_schemas.fold.state import Article, Card, Edition, Lineage, Recorded, Schedule, Texts
from newsroom_schemas.rejections import (
    AlreadyPublic,
    ArticleExists,
    DuplicateId,
    NotOnHold,
    NotParked,
    NotScheduled,
    OnHold,
    Rejected,
    SameLanguage,
    UnknownArticle,
    UnknownEdition,
    UnknownSourceVersion,
    VersionConflict,
)

_EditionEvent = ArticleEdited | ArticleTranslated | ArticleScheduled | ArticleUnscheduled | ArticlePublished
_WholeEvent = ArticleClassified | ArticleEmbargoed | ArticleUnpublished | ArticleReleased

__all__ = ["FOLD_VERSION", "decide", "evolve", "hides", "pages"]

FOLD_VERSION: int = 1
"""Version of the fold's rules. Increase it when the result for an old event changes: generations are then rebuilt."""

_EMPTY: dict[str, Any] = {
    "slug": "",
    "headline": "",
    "lead": None,
    "image": None,
    "authors": (),
    "legacy_urls": (),
    "blocks": (),
}
"""The cleared value of each text of an edition, by name."""


def decide(
    decided_ids: Container[str], article: Article | None, event: AnyArticleEvent, recorded: Recorded
) -> Article | Rejected | DuplicateId:
    """Return what `evolve` returns, or ``DuplicateId`` if the article has decided the event's id before."""
    if event.event_id in decided_ids:
        return DuplicateId(event_id=event.event_id)
    return evolve(article, event, recorded)


def evolve(article: Article | None, event: AnyArticleEvent, recorded: Recorded) -> Article | Rejected:
    """Return the article after an event, or the rejection. ``article`` is ``None`` if it does not exist yet."""
    match event:
        case RecordSkipped():
            return NotParked(topic=event.topic, partition=event.partition, offset=event.offset)
        case ArticleCreated():
            return _create(article, event, recorded)
    if article is None:
        return UnknownArticle(article=event.article_id)
    return _change(article, event, recorded)


def _change(article: Article, event: _WholeEvent | _EditionEvent, recorded: Recorded) -> Article | Rejected:
    """Return the existing article after an event, or the rejection."""
    match event:
        case ArticleClassified():
            return _classify(article, event)
        case ArticleEmbargoed():
            return _embargo(article, event, recorded)
        case ArticleUnpublished():
            return unpublish(article, event, recorded)
        case ArticleReleased():
            return replace(article, hold=False) if article.hold else NotOnHold(article=article.article_id)
    return _change_edition(article, event, recorded)


def _change_edition(article: Article, event: _EditionEvent, recorded: Recorded) -> Article | Rejected:
    """Apply an event to one edition. Only a translation may name an edition that does not exist."""
    edition = article.editions.get(event.language)
    if isinstance(event, ArticleTranslated):
        return _translate(article, edition, event, recorded)
    if edition is None:
        return UnknownEdition(article=article.article_id, language=event.language)
    match event:
        case ArticleEdited():
            return _edit(article, edition, event, recorded)
        case ArticleScheduled():
            return _schedule(article, edition, event)
        case ArticleUnscheduled():
            return _unschedule(article, edition, event)
        case ArticlePublished():
            refused = _held(article) or _conflict(event, event.language, edition.version)
            return refused or publish(article, edition, event, recorded)


def _create(article: Article | None, event: ArticleCreated, recorded: Recorded) -> Article | Rejected:
    """Create an article: version 1 of its card and of the draft of its first edition."""
    if article is not None:
        return ArticleExists(article=article.article_id)
    edition = Edition(version=1, texts=_texts(event), changed_by=event.actor, changed_at=recorded.timestamp)
    return _conflict(event, event.language, 0) or Article(
        article_id=event.article_id, card_version=1, card=_card(event), editions={event.language: edition}
    )


def _edit(article: Article, edition: Edition, event: ArticleEdited, recorded: Recorded) -> Article | Rejected:
    """Make a new version of a draft from the given and cleared texts. The lineage stays."""
    given = {name: text for name in _EMPTY if (text := getattr(event, name)) is not None}
    cleared = {name: _EMPTY[name] for name in event.cleared}
    revised = replace(
        edition,
        version=edition.version + 1,
        texts=replace(edition.texts, **(given | cleared)),
        changed_by=event.actor,
        changed_at=recorded.timestamp,
    )
    return _conflict(event, event.language, edition.version) or _with(article, event.language, revised)


def _translate(
    article: Article, edition: Edition | None, event: ArticleTranslated, recorded: Recorded
) -> Article | Rejected:
    """Make a draft, or a new version of one, from the whole edition that a translation carries."""
    source = article.editions.get(event.source_language)
    if source is None:
        return UnknownEdition(article=article.article_id, language=event.source_language)
    return (
        _conflict(event, event.language, edition.version if edition else 0)
        or _untranslatable(source, event)
        or _with(article, event.language, _translated(edition, event, recorded))
    )


def _untranslatable(source: Edition, event: ArticleTranslated) -> SameLanguage | UnknownSourceVersion | None:
    """Reject a translation from its own language, or from a version that the source edition never had."""
    if event.language == event.source_language:
        return SameLanguage(article=event.article_id, language=event.language)
    if 1 <= event.source_version <= source.version:
        return None
    return UnknownSourceVersion(
        article=event.article_id,
        language=event.source_language,
        version=event.source_version,
        latest=source.version,
    )


def _translated(edition: Edition | None, event: ArticleTranslated, recorded: Recorded) -> Edition:
    """Return the edition that a translation makes. An existing edition keeps its state for readers."""
    lineage = Lineage(
        source_language=event.source_language,
        source_version=event.source_version,
        translator=event.translator,
        method=event.method,
    )
    draft = Edition(
        version=1, texts=_texts(event), lineage=lineage, changed_by=event.actor, changed_at=recorded.timestamp
    )
    if edition is None:
        return draft
    return replace(
        draft,
        version=edition.version + 1,
        status=edition.status,
        run=edition.run,
        notes=edition.notes,
        schedule=edition.schedule,
    )


def _classify(article: Article, event: ArticleClassified) -> Article | Rejected:
    """Make a new version of the card."""
    classified = replace(article, card=_card(event), card_version=article.card_version + 1)
    return _conflict(event, None, article.card_version) or classified


def _schedule(article: Article, edition: Edition, event: ArticleScheduled) -> Article | Rejected:
    """Set or replace the schedule of an edition."""
    plan = Schedule(publish_at=event.publish_at, schedule_id=event.event_id)
    return (
        _held(article)
        or _conflict(event, event.language, edition.version)
        or _with(article, event.language, replace(edition, schedule=plan))
    )


def _unschedule(article: Article, edition: Edition, event: ArticleUnscheduled) -> Article | Rejected:
    """Remove the schedule of an edition."""
    if conflict := _conflict(event, event.language, edition.version):
        return conflict
    if edition.schedule is None:
        return NotScheduled(article=article.article_id, language=event.language)
    return _with(article, event.language, replace(edition, schedule=None))


def _embargo(article: Article, event: ArticleEmbargoed, recorded: Recorded) -> Article | Rejected:
    """Set the end of the embargo, or lift it if there is no end or the end has passed."""
    if event.until is None or event.until <= recorded.timestamp:
        return replace(article, embargo_until=None)
    if live := tuple(sorted(each for each, edition in article.editions.items() if edition.status == "live")):
        return AlreadyPublic(article=article.article_id, languages=live)
    return replace(article, embargo_until=event.until)


def _held(article: Article) -> OnHold | None:
    """Reject an event because a legal takedown holds the article."""
    return OnHold(article=article.article_id) if article.hold else None


def _conflict(event: Event, language: str | None, actual: int) -> VersionConflict | None:
    """Reject an event whose author saw a version other than the current one."""
    expected = event.expected_version
    if expected is None or expected == actual:
        return None
    return VersionConflict(article=event.article_id, language=language, expected=expected, actual=actual)


def _with(article: Article, language: str, edition: Edition) -> Article:
    """Return the article with one edition replaced."""
    return replace(article, editions={**article.editions, language: edition})


def _texts(event: ArticleCreated | ArticleTranslated) -> Texts:
    """Return the texts of an event that carries a whole edition."""
    return Texts(**{name: getattr(event, name) for name in _EMPTY})


def _card(event: ArticleCreated | ArticleClassified) -> Card:
    """Return the card of an event, each tag and flag once, at its first position."""
    return Card(section=event.section, tags=tuple(dict.fromkeys(event.tags)), flags=tuple(dict.fromkeys(event.flags)))
