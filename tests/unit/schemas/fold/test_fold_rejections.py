"""Every reason for which an article refuses an event, with its facts, and the order in which reasons count."""

from __future__ import annotations

import pytest
from support.fold_model import (
    MINUTE,
    NOON,
    SECOND,
    Step,
    at,
    classified,
    created,
    edited,
    embargoed,
    given,
    published,
    record,
    released,
    scheduled,
    skipped,
    translated,
    unpublished,
    unscheduled,
)

from newsroom_schemas import rejections
from newsroom_schemas.fold.article import decide
from newsroom_schemas.rejections import (
    AlreadyPublic,
    ArticleExists,
    DuplicateId,
    Embargoed,
    Incomplete,
    NotDue,
    NothingToPublish,
    NotOnHold,
    NotParked,
    NotPublished,
    NotScheduled,
    OnHold,
    Rejected,
    SameLanguage,
    ScheduleGone,
    UnknownArticle,
    UnknownEdition,
    UnknownSourceVersion,
    VersionConflict,
)

ONE = NOON + 60 * MINUTE
LIVE: tuple[Step, ...] = (created(), published())
TRILINGUAL: tuple[Step, ...] = (
    created(language="ru"),
    *(translated(language=each, source_language="ru") for each in ("uk", "en")),
)

CASES: list[tuple[tuple[Step, ...], Rejected]] = [
    ((created(), created()), ArticleExists(article="storm")),
    ((edited(),), UnknownArticle(article="storm")),
    ((created(), edited(language="en")), UnknownEdition(article="storm", language="en")),
    ((created(), translated(source_language="ru")), UnknownEdition(article="storm", language="ru")),
    ((created(), unpublished(reason="legal"), published()), OnHold(article="storm")),
    ((created(), unpublished(reason="legal"), scheduled(ONE)), OnHold(article="storm")),
    ((created(expected_version=2),), VersionConflict(article="storm", language="uk", expected=2, actual=0)),
    (
        (created(), edited(), edited(expected_version=1)),
        VersionConflict(article="storm", language="uk", expected=1, actual=2),
    ),
    (
        (created(), translated(expected_version=1)),
        VersionConflict(article="storm", language="en", expected=1, actual=0),
    ),
    (
        (created(), translated(), translated(expected_version=0)),
        VersionConflict(article="storm", language="en", expected=0, actual=1),
    ),
    (
        (created(), classified(), edited(), edited(), classified(expected_version=1)),
        VersionConflict(article="storm", language=None, expected=1, actual=2),
    ),
    (
        (created(), scheduled(ONE, expected_version=9)),
        VersionConflict(article="storm", language="uk", expected=9, actual=1),
    ),
    (
        (created(), scheduled(ONE), unscheduled(expected_version=9)),
        VersionConflict(article="storm", language="uk", expected=9, actual=1),
    ),
    ((created(), published(expected_version=0)), VersionConflict(article="storm", language="uk", expected=0, actual=1)),
    (
        (*LIVE, unpublished(), published(expected_version=1)),
        VersionConflict(article="storm", language="uk", expected=1, actual=2),
    ),
    ((created(), published(schedule_id="e9")), ScheduleGone(article="storm", language="uk", schedule_id="e9")),
    (
        (created(), scheduled(NOON), scheduled(ONE), published(schedule_id="e2")),
        ScheduleGone(article="storm", language="uk", schedule_id="e2"),
    ),
    (
        (created(), scheduled(ONE), at(ONE - 1, published(schedule_id="e2"))),
        NotDue(article="storm", language="uk", publish_at=ONE, recorded_at=ONE - 1),
    ),
    ((created(), embargoed(ONE), at(ONE - 1, published())), Embargoed(article="storm", until=ONE, recorded_at=ONE - 1)),
    (
        (created(headline=" \n", slug=""), published()),
        Incomplete(article="storm", language="uk", missing=("headline", "slug")),
    ),
    (
        (created(), edited(cleared=("slug",)), published()),
        Incomplete(article="storm", language="uk", missing=("slug",)),
    ),
    ((*LIVE, published()), NothingToPublish(article="storm", language="uk", version=1)),
    (
        (*TRILINGUAL, published(), published(language="en"), embargoed(ONE)),
        AlreadyPublic(article="storm", languages=("en", "uk")),
    ),
    ((created(), unscheduled()), NotScheduled(article="storm", language="uk")),
    ((created(), unpublished("uk", "en", "uk")), NotPublished(article="storm", languages=("uk", "en"))),
    ((*TRILINGUAL, unpublished()), NotPublished(article="storm", languages=("en", "ru", "uk"))),
    ((created(), released()), NotOnHold(article="storm")),
    ((created(), skipped()), NotParked(topic="newsroom.articles", partition=0, offset=7)),
    ((created(), translated(language="uk")), SameLanguage(article="storm", language="uk")),
    (
        (created(), edited(), translated(source_version=3)),
        UnknownSourceVersion(article="storm", language="uk", version=3, latest=2),
    ),
    (
        (created(), translated(source_version=0)),
        UnknownSourceVersion(article="storm", language="uk", version=0, latest=1),
    ),
]
ELSEWHERE = {
    "Misplaced",
    "KeyMismatch",
    "NoValue",
    "InvalidContent",
    "UnknownTag",
    "TagIsMerged",
    "MergeCycle",
    "NotMerged",
}
"""Reasons that the contract, the loop and the tag catalogue give."""


@pytest.mark.parametrize(("steps", "expected"), CASES, ids=lambda case: getattr(case, "reason", ""))
def test_a_refused_event_names_its_reason_with_every_fact(steps: tuple[Step, ...], expected: Rejected) -> None:
    given(*steps[:-1]).then().when(steps[-1]).then(rejections=[expected])


def test_every_reason_of_an_article_is_among_the_cases() -> None:
    every = {cls.__name__ for cls in vars(rejections).values() if isinstance(cls, type) and issubclass(cls, Rejected)}
    assert {type(expected).__name__ for _, expected in CASES} == every - ELSEWHERE - {"Rejected"}


WRONG_IN_EVERY_WAY = (created(headline=""), scheduled(NOON + 99 * MINUTE), embargoed(NOON + 98 * MINUTE))


@pytest.mark.parametrize(
    ("mended", "expected"),
    [
        ((), "on_hold"),
        ((released(),), "version_conflict"),
        ((released(), edited()), "schedule_gone"),
        ((released(), edited(), scheduled(NOON + 99 * MINUTE, event_id="plan")), "not_due"),
        ((released(), edited(), scheduled(NOON, event_id="plan")), "embargoed"),
        ((released(), edited(), scheduled(NOON, event_id="plan"), embargoed(None)), "incomplete"),
    ],
)
def test_a_publication_is_refused_for_the_first_reason_that_hits(mended: tuple[Step, ...], expected: str) -> None:
    story = given(*WRONG_IN_EVERY_WAY, unpublished(reason="legal"), *mended)
    story.when(published(expected_version=2, schedule_id="plan"))
    assert [each.reason for each in story.rejections] == [expected]


def test_a_schedule_under_a_hold_is_on_hold_before_it_conflicts() -> None:
    given(created(), unpublished(reason="legal"), scheduled(ONE, expected_version=9)).then(rejections=[OnHold])


def test_a_missing_edition_is_told_before_the_hold() -> None:
    given(created(), unpublished(reason="legal"), published(language="en")).then(rejections=[UnknownEdition])


def test_unscheduling_another_version_conflicts_before_there_being_no_schedule() -> None:
    given(created(), unscheduled(expected_version=9)).then(rejections=[VersionConflict])


def test_a_translation_conflicts_before_its_source_version_is_asked_for() -> None:
    given(created(), translated(source_version=7, expected_version=3)).then(rejections=[VersionConflict])


def test_a_translation_from_its_own_language_is_told_before_its_source_version() -> None:
    given(created(), translated(language="uk", source_version=7)).then(rejections=[SameLanguage])


def test_an_article_that_exists_is_told_before_a_conflict() -> None:
    given(created(), created(expected_version=9)).then(rejections=[ArticleExists])


def test_events_of_the_whole_article_ignore_the_version_seen() -> None:
    given(
        created(),
        embargoed(ONE, expected_version=9),
        unpublished(reason="legal", expected_version=9),
        released(expected_version=9),
    ).then(uk="draft v1")


def test_an_event_seen_before_is_a_duplicate_even_where_it_would_be_refused() -> None:
    event = created(event_id="e1")
    assert decide({"e1"}, given(created()).article, event, record(event)) == DuplicateId(event_id="e1")


def test_a_rejected_event_sent_again_is_a_duplicate() -> None:
    late = edited(event_id="late", expected_version=7)
    story = given(created(), late, at(NOON + 5 * SECOND, late)).then(rejections=[VersionConflict])
    assert isinstance(story.answers[-1], DuplicateId)
