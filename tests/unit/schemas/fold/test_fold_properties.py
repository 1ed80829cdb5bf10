"""What holds for every log: the fold's promises, tried on random ones."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec
from hypothesis import event as statistic
from hypothesis import given
from hypothesis import strategies as st
from support.strategies import Entry, logs, unhurried

from newsroom_schemas.events import AnyArticleEvent, ArticlePublished, ArticleUnpublished
from newsroom_schemas.fold.article import decide, evolve, hides, pages
from newsroom_schemas.fold.state import Article, Page, Publication, Recorded, Run
from newsroom_schemas.rejections import DuplicateId, Rejected


class Moment(msgspec.Struct, frozen=True):
    """One record of a log with its article before and after it."""

    before: Article | None
    event: AnyArticleEvent
    recorded: Recorded
    answer: Article | Rejected | DuplicateId
    after: Article | None


def moments(log: list[Entry]) -> Iterator[Moment]:
    """Fold a log of several articles, record by record."""
    articles: dict[str, Article] = {}
    decided: dict[str, set[str]] = {}
    for event, recorded in log:
        ids = decided.setdefault(event.article_id, set())
        before = articles.get(event.article_id)
        answer = decide(ids, before, event, recorded)
        ids.add(event.event_id)
        if isinstance(answer, Article):
            articles[event.article_id] = answer
        yield Moment(before, event, recorded, answer, articles.get(event.article_id))


def fold(log: list[Entry]) -> dict[str, Article]:
    """Return the articles that a log makes."""
    return {moment.event.article_id: moment.after for moment in moments(log) if moment.after is not None}


def run_of(article: Article | None, language: str) -> Run | None:
    """Return the run of an edition that is live, ``None`` for any other."""
    edition = article.editions.get(language) if article else None
    return edition.run if edition and edition.status == "live" else None


def languages_of(moment: Moment) -> set[str]:
    """List the languages of a moment's article."""
    return {each for article in (moment.before, moment.after) if article for each in article.editions}


def encoded(value: object) -> bytes:
    """Write a value down, to see later whether it has changed."""
    return msgspec.json.encode(value, order="sorted")


@unhurried
@given(logs(), st.randoms(use_true_random=False))
def test_any_interleaving_of_articles_gives_equal_states(log: list[Entry], random: Random) -> None:
    rest = {each: [entry for entry in log if entry[0].article_id == each] for each in {e.article_id for e, _ in log}}
    mixed: list[Entry] = []
    while waiting := sorted(each for each, entries in rest.items() if entries):
        mixed.append(rest[random.choice(waiting)].pop(0))
    assert fold(mixed) == fold(log)


@unhurried
@given(logs(), st.data())
def test_a_log_with_repeats_gives_what_it_gives_without(log: list[Entry], data: st.DataObject) -> None:
    repeated = list(log)
    for _ in range(data.draw(st.integers(1, 4))):
        source = data.draw(st.integers(0, len(repeated) - 1))
        target = data.draw(st.integers(source + 1, len(repeated)))
        event, recorded = repeated[source]
        later = repeated[target - 1][1].timestamp
        repeated.insert(target, (event, msgspec.structs.replace(recorded, timestamp=later)))
    assert fold(repeated) == fold(log)


@unhurried
@given(logs())
def test_nothing_is_live_or_scheduled_under_a_hold(log: list[Entry]) -> None:
    for moment in moments(log):
        if moment.after and moment.after.hold:
            assert not any(each.status == "live" or each.schedule for each in moment.after.editions.values())


@unhurried
@given(logs())
def test_nothing_goes_live_but_by_its_own_publication_and_not_before_its_time(log: list[Entry]) -> None:
    for moment in moments(log):
        for language in languages_of(moment):
            run = run_of(moment.after, language)
            if run is None or run == run_of(moment.before, language):
                continue
            assert isinstance(moment.event, ArticlePublished)
            assert moment.event.language == language
            assert_in_time(moment, moment.event)


def assert_in_time(moment: Moment, event: ArticlePublished) -> None:
    """Assert that a publication was neither under embargo nor ahead of the schedule that it carries out."""
    assert moment.before is not None
    now = moment.recorded.timestamp
    assert moment.before.embargo_until is None or moment.before.embargo_until <= now
    if event.schedule_id is not None:
        plan = moment.before.editions[event.language].schedule
        assert plan is not None
        assert plan.schedule_id == event.schedule_id
        assert plan.publish_at <= now


@unhurried
@given(logs())
def test_a_refused_event_changes_nothing_and_an_applied_one_leaves_its_input_alone(log: list[Entry]) -> None:
    for moment in moments(log):
        frozen = encoded((moment.before, moment.event, moment.recorded))
        answer = evolve(moment.before, moment.event, moment.recorded)
        assert encoded((moment.before, moment.event, moment.recorded)) == frozen
        assert answer == evolve(moment.before, moment.event, moment.recorded)
        if not isinstance(moment.answer, Article):
            assert moment.after is moment.before
        statistic("applied" if isinstance(moment.answer, Article) else type(moment.answer).__name__)


@unhurried
@given(logs())
def test_versions_never_fall_and_each_step_makes_one_at_most(log: list[Entry]) -> None:
    for moment in moments(log):
        if moment.before is None or moment.after is None:
            continue
        assert moment.after.card_version - moment.before.card_version in (0, 1)
        assert moment.after.editions.keys() >= moment.before.editions.keys()
        for language, edition in moment.after.editions.items():
            old = moment.before.editions.get(language)
            assert edition.version - (old.version if old else 0) in (0, 1)


@unhurried
@given(logs())
def test_readers_have_a_publication_of_just_the_editions_that_are_live(log: list[Entry]) -> None:
    shown: dict[tuple[str, str], Page] = {}
    for moment in moments(log):
        if not isinstance(moment.answer, Article):
            continue
        made = pages(moment.before, moment.answer, moment.event, moment.recorded)
        shown |= {(moment.event.article_id, language): page for language, page in made.items()}
        for language, edition in moment.answer.editions.items():
            page = shown.get((moment.event.article_id, language))
            assert isinstance(page, Publication) == (edition.status == "live")
            assert (page is None) == (edition.status == "draft")
            if isinstance(page, Publication) and edition.run is not None:
                assert (page.version, page.notes) == (edition.run.version, edition.notes)
                assert (page.first_published_at, page.updated_at) == (
                    edition.run.first_published_at,
                    edition.run.updated_at,
                )


@unhurried
@given(logs())
def test_hiding_at_once_takes_from_readers_what_the_withdrawal_itself_would(log: list[Entry]) -> None:
    for moment in moments(log):
        if moment.before is None or not isinstance(moment.event, ArticleUnpublished):
            continue
        live = {each for each in moment.before.editions if run_of(moment.before, each)}
        answer = evolve(moment.before, moment.event, moment.recorded)
        made = pages(moment.before, answer, moment.event, moment.recorded) if isinstance(answer, Article) else {}
        hidden = hides(moment.before, moment.event, moment.recorded)
        assert hidden == {language: page for language, page in made.items() if language in live}
