"""What readers see: the rules of publication and withdrawal, and the pages that these events show to readers.

A publication is a snapshot of an edition and the card. What readers see of an edition changes only by a publication
or a withdrawal of that edition. A *run* is one period of being live: its first publication begins it, a withdrawal
ends it. Notes outlive runs.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from newsroom_schemas.events import AnyArticleEvent, ArticlePublished, ArticleUnpublished
from newsroom_schemas.fold.state import Article, DatedNote, Edition, Page, Publication, Recorded, Run, Withdrawal
from newsroom_schemas.rejections import (
    Embargoed,
    Incomplete,
    NotDue,
    NothingToPublish,
    NotPublished,
    Rejected,
    ScheduleGone,
)

LEGAL = "legal"
"""The reason that withdraws every edition and puts the article on hold."""


def publish(article: Article, edition: Edition, event: ArticlePublished, recorded: Recorded) -> Article | Rejected:
    """Publish an edition, or return the rejection. The caller has checked hold and version."""
    return (
        _off_plan(article, edition, event, recorded)
        or _embargoed(article, recorded)
        or _incomplete(article, edition, event)
        or _nothing_new(article, edition, event)
        or _with(article, {event.language: _published(article, edition, event, recorded)})
    )


def unpublish(article: Article, event: ArticleUnpublished, recorded: Recorded) -> Article | Rejected:
    """Withdraw the named editions; for a legal reason withdraw all of them and put the article on hold."""
    named = _named(article, event)
    legal = event.reason == LEGAL
    if not legal and not any(edition.status == "live" or edition.schedule for edition in named.values()):
        languages = tuple(dict.fromkeys(event.languages)) or tuple(sorted(named))
        return NotPublished(article=article.article_id, languages=languages)
    withdrawn = {language: _withdrawn(edition, event, recorded) for language, edition in named.items()}
    return replace(_with(article, withdrawn), hold=article.hold or legal)


def pages(before: Article | None, after: Article, event: AnyArticleEvent, recorded: Recorded) -> dict[str, Page]:
    """Return the pages, by language, that an applied event shows to readers.

    A publication shows one ``Publication``. A withdrawal shows a ``Withdrawal`` for each edition that it took from
    readers, and for a legal reason also for each that was gone already. All other events show none.
    """
    if isinstance(event, ArticlePublished):
        edition = after.editions[event.language]
        return {event.language: _publication(after, event.language, edition, edition.run)} if edition.run else {}
    if before is None or not isinstance(event, ArticleUnpublished):
        return {}
    replaced = ("live", "gone") if event.reason == LEGAL else ("live",)
    taken = [each for each, edition in _named(before, event).items() if edition.status in replaced]
    return _withdrawals(event, taken, recorded)


def hides(article: Article | None, event: AnyArticleEvent, recorded: Recorded) -> dict[str, Page]:
    """Return the pages, by language, that a withdrawal shows to readers at once although its article is parked.

    There is one for each named edition that is live. The event itself is folded later, at its place in the queue.
    """
    if article is None or not isinstance(event, ArticleUnpublished):
        return {}
    live = [each for each, edition in _named(article, event).items() if edition.status == "live"]
    return _withdrawals(event, live, recorded)


def _with(article: Article, editions: dict[str, Edition]) -> Article:
    """Return the article with some editions replaced."""
    return replace(article, editions=article.editions | editions)


def _off_plan(
    article: Article, edition: Edition, event: ArticlePublished, recorded: Recorded
) -> ScheduleGone | NotDue | None:
    """Reject a publication whose schedule no longer exists, or is not due yet."""
    if event.schedule_id is None:
        return None
    plan = edition.schedule
    if plan is None or plan.schedule_id != event.schedule_id:
        return ScheduleGone(article=article.article_id, language=event.language, schedule_id=event.schedule_id)
    if recorded.timestamp < plan.publish_at:
        return NotDue(
            article=article.article_id,
            language=event.language,
            publish_at=plan.publish_at,
            recorded_at=recorded.timestamp,
        )
    return None


def _embargoed(article: Article, recorded: Recorded) -> Embargoed | None:
    """Reject a publication before the end of the article's embargo."""
    if article.embargo_until is None or recorded.timestamp >= article.embargo_until:
        return None
    return Embargoed(article=article.article_id, until=article.embargo_until, recorded_at=recorded.timestamp)


def _incomplete(article: Article, edition: Edition, event: ArticlePublished) -> Incomplete | None:
    """Reject a publication without a headline or a slug."""
    missing = tuple(name for name in ("headline", "slug") if not getattr(edition.texts, name).strip())
    return Incomplete(article=article.article_id, language=event.language, missing=missing) if missing else None


def _nothing_new(article: Article, edition: Edition, event: ArticlePublished) -> NothingToPublish | None:
    """Reject a publication that would change nothing for readers."""
    if edition.status != "live" or edition.run is None or event.note is not None:
        return None
    if (edition.run.version, edition.run.card_version) != (edition.version, article.card_version):
        return None
    return NothingToPublish(article=article.article_id, language=event.language, version=edition.version)


def _published(article: Article, edition: Edition, event: ArticlePublished, recorded: Recorded) -> Edition:
    """Make an edition live, or update it. Its instant is never later than the record's."""
    at = recorded.timestamp if event.published_at is None else min(event.published_at, recorded.timestamp)
    notes = (DatedNote(kind=event.note.kind, text=event.note.text, at=at),) if event.note else ()
    return replace(
        edition,
        status="live",
        run=_run(article, edition, event, at),
        notes=edition.notes + notes,
        schedule=None,
        changed_by=event.actor,
        changed_at=recorded.timestamp,
    )


def _run(article: Article, edition: Edition, event: ArticlePublished, at: int) -> Run:
    """Begin a run at the instant of a publication, or continue the current one."""
    if edition.status != "live" or edition.run is None:
        return Run(
            version=edition.version,
            card_version=article.card_version,
            first_published_at=at,
            first_event_id=event.event_id,
        )
    latest = edition.run.first_published_at if edition.run.updated_at is None else edition.run.updated_at
    return replace(edition.run, version=edition.version, card_version=article.card_version, updated_at=max(latest, at))


def _named(article: Article, event: ArticleUnpublished) -> dict[str, Edition]:
    """Return the editions that a withdrawal applies to: all of them if it names none, or for a legal reason."""
    if event.reason == LEGAL or not event.languages:
        return article.editions
    return {each: article.editions[each] for each in event.languages if each in article.editions}


def _withdrawn(edition: Edition, event: ArticleUnpublished, recorded: Recorded) -> Edition:
    """Withdraw an edition. If it was live it gets a new version, so that publications of the old one conflict."""
    if edition.status == "draft" or (edition.status == "gone" and event.reason != LEGAL):
        return replace(edition, schedule=None)
    return replace(
        edition,
        version=edition.version + 1 if edition.status == "live" else edition.version,
        status="gone",
        schedule=None,
        changed_by=event.actor,
        changed_at=recorded.timestamp,
    )


def _publication(article: Article, language: str, edition: Edition, run: Run) -> Publication:
    """Return the snapshot of an edition that has just been published."""
    lineage = edition.lineage
    return Publication(
        article_id=article.article_id,
        language=language,
        version=edition.version,
        texts=edition.texts,
        card=article.card,
        notes=edition.notes,
        source_language=lineage.source_language if lineage else None,
        translator=lineage.translator if lineage else None,
        first_published_at=run.first_published_at,
        first_event_id=run.first_event_id,
        updated_at=run.updated_at,
    )


def _withdrawals(event: ArticleUnpublished, languages: Iterable[str], recorded: Recorded) -> dict[str, Page]:
    """Return the withdrawal page of each language."""
    return {
        language: Withdrawal(
            article_id=event.article_id,
            language=language,
            reason=event.reason,
            note=event.note,
            successor=event.successor,
            since=recorded.timestamp,
        )
        for language in languages
    }
