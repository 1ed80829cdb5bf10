"""The pages that applied events put before readers, and those that a withdrawal puts while its article is parked."""

from __future__ import annotations

from msgspec.structs import replace
from support.fold_model import (
    NOON,
    Step,
    at,
    classified,
    correction,
    created,
    edited,
    embargoed,
    given,
    published,
    record,
    released,
    scheduled,
    translated,
    unpublished,
    unscheduled,
)

from newsroom_schemas.events import AnyArticleEvent
from newsroom_schemas.fold.article import evolve, hides, pages
from newsroom_schemas.fold.state import Article, Card, DatedNote, Page, Publication, Texts, Withdrawal

BOTH_LIVE = (created(), translated(), published(), published(language="en"))


def shown_by(past: tuple[Step, ...], event: AnyArticleEvent) -> dict[str, Page]:
    """Apply an event, recorded at noon, and return its pages."""
    before = given(*past).then().article
    after = evolve(before, event, record(event))
    assert isinstance(after, Article)
    return pages(before, after, event, record(event))


def withdrawal(language: str, reason: str = "withdrawn") -> Withdrawal:
    """Return the page of an edition withdrawn at noon."""
    return Withdrawal(article_id="storm", language=language, reason=reason, note=None, successor=None, since=NOON)


def test_a_publication_puts_a_snapshot_of_edition_and_card() -> None:
    past = (created(tags=("a",)), translated(headline="Storm!"), classified(tags=("b",)))
    event = published(language="en", note=correction("Rain."), event_id="first")
    assert shown_by(past, event) == {
        "en": Publication(
            article_id="storm",
            language="en",
            version=1,
            texts=Texts(slug="storm", headline="Storm!"),
            card=Card(tags=("b",)),
            notes=(DatedNote(kind="correction", text="Rain.", at=NOON),),
            source_language="uk",
            translator="john",
            first_published_at=NOON,
            first_event_id="first",
            updated_at=None,
        )
    }


def test_an_edition_that_was_not_translated_names_no_source() -> None:
    page = shown_by((created(),), published())["uk"]
    assert isinstance(page, Publication)
    assert (page.source_language, page.translator) == (None, None)


def test_events_that_neither_publish_nor_withdraw_put_no_page() -> None:
    silent = (
        edited(),
        translated(),
        classified(),
        scheduled(NOON),
        embargoed(None),
    )
    assert [shown_by(BOTH_LIVE, event) for event in silent] == [{}] * len(silent)
    assert shown_by((), created()) == {}
    assert shown_by((*BOTH_LIVE, scheduled(NOON)), unscheduled()) == {}
    assert shown_by((*BOTH_LIVE, unpublished(reason="legal")), released()) == {}


def test_a_withdrawal_puts_one_page_for_each_edition_that_it_took_from_readers() -> None:
    event = unpublished("en", reason="merged", note="See the other story.", successor="flood")
    assert shown_by(BOTH_LIVE, event) == {
        "en": Withdrawal(
            article_id="storm",
            language="en",
            reason="merged",
            note="See the other story.",
            successor="flood",
            since=NOON,
        )
    }


def test_a_withdrawal_leaves_the_page_of_an_edition_that_was_gone() -> None:
    assert shown_by((*BOTH_LIVE, unpublished("en", reason="error")), unpublished()) == {"uk": withdrawal("uk")}


def test_a_withdrawal_puts_no_page_for_a_draft() -> None:
    assert shown_by((created(), translated(), published()), unpublished()) == {"uk": withdrawal("uk")}
    assert shown_by((created(), scheduled(NOON)), unpublished()) == {}


def test_a_legal_takedown_also_replaces_the_pages_of_editions_that_were_gone() -> None:
    past = (*BOTH_LIVE, translated(language="fr"), unpublished("en", reason="error"))
    expected = {"uk": withdrawal("uk", "legal"), "en": withdrawal("en", "legal")}
    assert shown_by(past, unpublished("uk", reason="legal")) == expected


def hidden_by(past: tuple[Step, ...], event: AnyArticleEvent) -> dict[str, Page]:
    """Return the pages that an event puts at once although its article is parked."""
    return hides(given(*past).then().article, event, record(event))


def test_a_withdrawal_of_a_parked_article_hides_the_live_editions_named() -> None:
    past = (created(), translated(), translated(language="fr"), published(), published(language="en"))
    assert hidden_by(past, unpublished("en", "fr", "de")) == {"en": withdrawal("en")}


def test_a_withdrawal_that_names_no_language_hides_all_that_is_live() -> None:
    assert hidden_by(BOTH_LIVE, unpublished()) == {"uk": withdrawal("uk"), "en": withdrawal("en")}


def test_a_legal_takedown_of_a_parked_article_hides_all_that_is_live() -> None:
    expected = {"uk": withdrawal("uk", "legal"), "en": withdrawal("en", "legal")}
    assert hidden_by(BOTH_LIVE, unpublished("uk", reason="legal")) == expected


def test_nothing_else_hides_anything() -> None:
    assert hidden_by(BOTH_LIVE, edited()) == {}
    assert hidden_by((), unpublished()) == {}


def test_a_page_stays_as_it_was_while_the_draft_and_the_card_go_on() -> None:
    story = given(created(), at(NOON, published()))
    page = story.shown["uk"]
    story.when(edited(headline="CANARY"), classified(tags=("b",)))
    assert story.shown == {"uk": page}
    assert isinstance(page, Publication)
    assert page == replace(page, texts=Texts(slug="storm", headline="Storm"), card=Card())
