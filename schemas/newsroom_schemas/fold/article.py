"""The fold: what each event means for an article. This is the only place where that is written.

Example::

    match evolve(article, event, recorded):
        case Rejected() as rejected: ...  # a value that says why; the article stands as it was
        case article: ...  # the article after the event

All of it is pure: the same input gives the same answer on every replay. The contract is checked before, when a record
is read. The first rule that hits names a rejection: duplicate > existence > hold > version > time and plan > sense. An
``or`` chain lists the rules of one event in that order and ends in what the event does. Articles are values: an event
makes a new one, which shares with the old one everything that the event does not touch.
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
"""Raised by hand when an answer of this fold, once given, changes: a generation of another number is rebuilt."""

_EMPTY: dict[str, Any] = {
    "slug": "",
    "headline": "",
    "lead": None,
    "image": None,
    "authors": (),
    "legacy_urls": (),
    "blocks": (),
}
"""The texts of an edition, by name, as they are when cleared."""


def decide(
    decided_ids: Container[str], article: Article | None, event: AnyArticleEvent, recorded: Recorded
) -> Article | Rejected | DuplicateId:
    """Say what a record does to its article, given the event ids that this article has decided before."""
    if event.event_id in decided_ids:
        return DuplicateId(event_id=event.event_id)
    return evolve(article, event, recorded)


def evolve(article: Article | None, event: AnyArticleEvent, recorded: Recorded) -> Article | Rejected:
    """Say what an event does to an article: the article after it, or why nothing changes."""
    match event:
        case RecordSkipped():
            return NotParked(topic=event.topic, partition=event.partition, offset=event.offset)
        case ArticleCreated():
            return _create(article, event, recorded)
    if article is None:
        return UnknownArticle(article=event.article_id)
    return _change(article, event, recorded)


def _change(article: Article, event: _WholeEvent | _EditionEvent, recorded: Recorded) -> Article | Rejected:
    """Say what an event does to an article that exists."""
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
    """Say what an event does to one edition; only a translation can be of an edition that does not exist."""
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
    """Begin an article: version 1 of its card and of the draft of its first edition."""
    if article is not None:
        return ArticleExists(article=article.article_id)
    edition = Edition(version=1, texts=_texts(event), changed_by=event.actor, changed_at=recorded.timestamp)
    return _conflict(event, event.language, 0) or Article(
        article_id=event.article_id, card_version=1, card=_card(event), editions={event.language: edition}
    )


def _edit(article: Article, edition: Edition, event: ArticleEdited, recorded: Recorded) -> Article | Rejected:
    """Make a new version of a draft from the texts given and cleared; the lineage stays."""
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
    """Make a draft, or a new version of it, from the whole edition that a translation carries."""
    source = article.editions.get(event.source_language)
    if source is None:
        return UnknownEdition(article=article.article_id, language=event.source_language)
    return (
        _conflict(event, event.language, edition.version if edition else 0)
        or _untranslatable(source, event)
        or _with(article, event.language, _translated(edition, event, recorded))
    )


def _untranslatable(source: Edition, event: ArticleTranslated) -> SameLanguage | UnknownSourceVersion | None:
    """Refuse a translation from its own language, or from a version that the source edition never had."""
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
    """Write the edition that a translation makes; one that exists keeps how it stands with readers."""
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
    """Set the schedule of an edition, in place of an earlier one."""
    plan = Schedule(publish_at=event.publish_at, schedule_id=event.event_id)
    return (
        _held(article)
        or _conflict(event, event.language, edition.version)
        or _with(article, event.language, replace(edition, schedule=plan))
    )


def _unschedule(article: Article, edition: Edition, event: ArticleUnscheduled) -> Article | Rejected:
    """Take the schedule of an edition away."""
    if conflict := _conflict(event, event.language, edition.version):
        return conflict
    if edition.schedule is None:
        return NotScheduled(article=article.article_id, language=event.language)
    return _with(article, event.language, replace(edition, schedule=None))


def _embargo(article: Article, event: ArticleEmbargoed, recorded: Recorded) -> Article | Rejected:
    """Set the end of the embargo, or lift the embargo: an end that has passed is none."""
    if event.until is None or event.until <= recorded.timestamp:
        return replace(article, embargo_until=None)
    if live := tuple(sorted(each for each, edition in article.editions.items() if edition.status == "live")):
        return AlreadyPublic(article=article.article_id, languages=live)
    return replace(article, embargo_until=event.until)


def _held(article: Article) -> OnHold | None:
    """Refuse what a legal takedown forbids."""
    return OnHold(article=article.article_id) if article.hold else None


def _conflict(event: Event, language: str | None, actual: int) -> VersionConflict | None:
    """Refuse an event whose author saw another version than the one that stands."""
    expected = event.expected_version
    if expected is None or expected == actual:
        return None
    return VersionConflict(article=event.article_id, language=language, expected=expected, actual=actual)


def _with(article: Article, language: str, edition: Edition) -> Article:
    """Put a new value of one edition into an article."""
    return replace(article, editions={**article.editions, language: edition})


def _texts(event: ArticleCreated | ArticleTranslated) -> Texts:
    """Take the texts of an event that carries a whole edition."""
    return Texts(**{name: getattr(event, name) for name in _EMPTY})


def _card(event: ArticleCreated | ArticleClassified) -> Card:
    """Take the card of an event, each tag and flag once, at the first place given."""
    return Card(section=event.section, tags=tuple(dict.fromkeys(event.tags)), flags=tuple(dict.fromkeys(event.flags)))
