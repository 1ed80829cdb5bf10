"""Why an event has to be refused, said a second time: the rules, in the order in which they name a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chaos.stories import Edition, Story, Tag, named

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
    RecordSkipped,
    TagDefined,
)

_OfEdition = ArticleEdited | ArticleScheduled | ArticleUnscheduled | ArticlePublished


def against(story: Story | None, event: AnyArticleEvent, now: int) -> Iterator[str]:
    """Return the reasons against an event, the one that has to be named first."""
    match event:
        case RecordSkipped():
            yield "not_parked"
        case ArticleCreated():
            if story is not None:
                yield "article_exists"
            yield from _conflict(event, 0)
        case _ if story is None:
            yield "unknown_article"
        case ArticleClassified():
            yield from _conflict(event, story.card_version)
        case ArticleTranslated():
            yield from _against_translation(story, event)
        case ArticleEmbargoed() | ArticleUnpublished() | ArticleReleased():
            yield from _against_measure(story, event, now)
        case _:
            yield from _against_edition(story, event, now)


def _conflict(event: AnyArticleEvent, stands: int) -> Iterator[str]:
    if event.expected_version not in {None, stands}:
        yield "version_conflict"


def _against_translation(story: Story, event: ArticleTranslated) -> Iterator[str]:
    source, target = story.editions.get(event.source_language), story.editions.get(event.language)
    if source is None:
        yield "unknown_edition"
        return
    yield from _conflict(event, target.version if target else 0)
    if source is target:
        yield "same_language"
    if event.source_version not in range(1, source.version + 1):
        yield "unknown_source_version"


def _against_measure(
    story: Story, event: ArticleEmbargoed | ArticleUnpublished | ArticleReleased, now: int
) -> Iterator[str]:
    match event:
        case ArticleEmbargoed(until=until):
            if until is not None and until > now and any(each.status == "live" for each in story.editions.values()):
                yield "already_public"
        case ArticleUnpublished(reason=reason):
            touched = [each for each in named(story, event).values() if each.status == "live" or each.schedule]
            if reason != "legal" and not touched:
                yield "not_published"
        case ArticleReleased():
            if not story.hold:
                yield "not_on_hold"


def _against_edition(story: Story, event: _OfEdition, now: int) -> Iterator[str]:
    edition = story.editions.get(event.language)
    if edition is None:
        yield "unknown_edition"
        return
    if story.hold and isinstance(event, ArticleScheduled | ArticlePublished):
        yield "on_hold"
    yield from _conflict(event, edition.version)
    if isinstance(event, ArticleUnscheduled) and edition.schedule is None:
        yield "not_scheduled"
    if isinstance(event, ArticlePublished):
        yield from _against_publication(story, edition, event, now)


def _against_publication(story: Story, edition: Edition, event: ArticlePublished, now: int) -> Iterator[str]:
    plan, run = edition.schedule, edition.run
    if event.schedule_id is not None:
        if plan is None or plan.event_id != event.schedule_id:
            yield "schedule_gone"
        elif now < plan.publish_at:
            yield "not_due"
    if story.embargo_until is not None and now < story.embargo_until:
        yield "embargoed"
    if not edition.texts["headline"].strip() or not edition.texts["slug"].strip():
        yield "incomplete"
    seen = (run.version, run.card_version) if run and edition.status == "live" else None
    if seen == (edition.version, story.card_version) and event.note is None:
        yield "nothing_to_publish"


def against_tag(tags: Mapping[str, Tag], event: AnyTagEvent) -> Iterator[str]:
    """Return the reasons against an event of the catalogue, the one that has to be named first."""
    known = tags.get(event.tag_id)
    if isinstance(event, TagDefined):
        if known is not None and known.into is not None:
            yield "tag_merged"
        return
    if known is None or (event.into is not None and event.into not in tags):
        yield "unknown_tag"
    elif event.into is None and known.into is None:
        yield "not_merged"
    follows = event.into
    while follows is not None:
        if follows == event.tag_id:
            yield "merge_cycle"
        follows = tags[follows].into
