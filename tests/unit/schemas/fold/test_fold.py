"""What applied events make of an article: drafts, cards, lineage, schedules, runs and notes."""

from __future__ import annotations

import msgspec
import pytest
from support.fold_model import (
    MINUTE,
    NOON,
    SECOND,
    Step,
    at,
    classified,
    correction,
    created,
    edited,
    embargoed,
    given,
    published,
    released,
    scheduled,
    translated,
    unpublished,
    unscheduled,
)

from newsroom_schemas.fold.state import Article, Card, DatedNote, Edition, Lineage, Run, Schedule, Texts
from newsroom_schemas.rejections import Embargoed, NotDue
from newsroom_schemas.validation import TEXTS
from newsroom_schemas.values import Author, Block, Image, StoredBlocks

WHOLE = Texts(
    slug="storm",
    headline="Storm",
    lead="It rains.",
    image=Image(src="https://example.org/storm.jpg"),
    authors=(Author(id="olena", name="Олена"),),
    legacy_urls=("/1", "/2"),
    blocks=(Block(kind="paragraph", text="Rain."),),
)
FULL = msgspec.structs.asdict(WHOLE)
CLEARED = {"slug": "", "headline": "", "lead": None, "image": None, "authors": (), "legacy_urls": (), "blocks": ()}


def card_of(*steps: Step) -> Card:
    """Fold steps that are all applied and return the card."""
    article = given(*steps).then().article
    assert article is not None
    return article.card


def run_of(*steps: Step) -> Run:
    """Fold steps that are all applied and return the run of the Ukrainian edition."""
    run = given(*steps).then().edition().run
    assert run is not None
    return run


def test_a_created_article_has_a_card_and_the_draft_of_its_first_edition() -> None:
    story = given(at(NOON, created(**FULL, section="war", tags=("a", "b", "a"), flags=("main", "main"))))
    assert story.article == Article(
        article_id="storm",
        card_version=1,
        card=Card(section="war", tags=("a", "b"), flags=("main",)),
        editions={"uk": Edition(version=1, texts=WHOLE, changed_by="olena", changed_at=NOON)},
    )


def test_an_edit_changes_the_texts_given_and_no_others() -> None:
    story = given(created(**FULL), edited(headline="Flood", blocks=()))
    assert story.then(uk="draft v2").edition().texts == msgspec.structs.replace(WHOLE, headline="Flood", blocks=())


@pytest.mark.parametrize("name", CLEARED)
def test_a_cleared_text_is_emptied_alone(name: str) -> None:
    texts = given(created(**FULL), edited(cleared=(name, name))).then(uk="draft v2").edition().texts
    assert texts == msgspec.structs.replace(WHOLE, **{name: CLEARED[name]})


def test_every_text_of_an_edition_can_be_cleared() -> None:
    assert set(Texts.__struct_fields__) == TEXTS == CLEARED.keys()


def test_an_edit_without_any_text_still_makes_a_version() -> None:
    story = given(created(**FULL), edited()).then(uk="draft v2")
    assert story.edition().texts == WHOLE


def test_an_edit_names_its_editor_and_its_instant() -> None:
    edition = given(created(), at(NOON + 7, edited(actor="petro"))).edition()
    assert (edition.changed_by, edition.changed_at) == ("petro", NOON + 7)


def test_stored_blocks_are_carried_as_they_are() -> None:
    blocks = StoredBlocks(data=b"\x02\x00", schema="0123456789abcdef")
    assert given(created(blocks=blocks), edited(lead="x")).edition().texts.blocks == blocks


def test_a_classification_replaces_the_whole_card_and_each_id_stands_once() -> None:
    card = card_of(created(section="war", tags=("a",), flags=("main",)), classified(tags=("c", "b", "c")))
    assert card == Card(section=None, tags=("c", "b"), flags=())


def test_a_translation_carries_the_whole_edition_and_copies_nothing_from_its_source() -> None:
    edition = given(created(**FULL), translated(headline="Буря", method="machine_edited")).edition("en")
    assert edition.texts == Texts(slug="storm", headline="Буря")
    assert edition.lineage == Lineage(
        source_language="uk", source_version=1, translator="john", method="machine_edited"
    )


def test_an_edit_keeps_the_lineage_and_translating_again_replaces_it() -> None:
    story = given(created(), translated(), edited(), edited(language="en", lead="x"))
    first = story.edition("en").lineage
    again = story.when(translated(source_version=2, translator=None, method="machine")).edition("en").lineage
    assert first == Lineage(source_language="uk", source_version=1, translator="john", method="human")
    assert again == Lineage(source_language="uk", source_version=2, translator=None, method="machine")


def test_translating_a_live_edition_again_leaves_readers_and_schedule_as_they_were() -> None:
    story = given(created(), translated(), published(language="en", note=correction()), scheduled(NOON, language="en"))
    before = story.edition("en")
    after = story.when(translated(headline="New")).then(en="live v2 shown v1 scheduled").edition("en")
    assert (after.run, after.notes, after.schedule) == (before.run, before.notes, before.schedule)


def test_a_schedule_is_known_by_its_event_and_a_new_one_replaces_it() -> None:
    story = given(created(), scheduled(NOON), scheduled(NOON + 1))
    assert story.edition().schedule == Schedule(publish_at=NOON + 1, schedule_id="e3")


def test_a_schedule_alone_is_no_change_of_the_edition() -> None:
    edition = given(created(), scheduled(NOON, actor="petro"), unscheduled(actor="petro")).then().edition()
    assert (edition.version, edition.changed_by, edition.changed_at) == (1, "olena", NOON + MINUTE)


def test_a_publication_at_the_very_instant_of_schedule_and_embargo_goes_live() -> None:
    plan = scheduled(NOON + 60 * MINUTE)
    story = given(created(), plan, embargoed(NOON + 60 * MINUTE))
    story.when(at(NOON + 60 * MINUTE, published(schedule_id="e2"))).then(uk="live v1")


def test_a_publication_without_a_schedule_id_is_not_bound_by_the_schedule_and_ends_it() -> None:
    given(created(), scheduled(NOON + 60 * MINUTE), published()).then(uk="live v1")


def test_an_embargo_that_ends_at_its_own_record_is_none_even_of_a_live_article() -> None:
    story = given(created(), published(), at(NOON + 5, embargoed(NOON + 5))).then(uk="live v1")
    assert story.article is not None
    assert story.article.embargo_until is None


def test_a_lifted_embargo_forbids_nothing() -> None:
    given(created(), embargoed(NOON + 60 * MINUTE), embargoed(None), published()).then(uk="live v1")


def test_an_embargo_holds_after_a_withdrawal_too() -> None:
    later = NOON + 60 * MINUTE
    given(created(), published(), unpublished(), embargoed(later), published()).then(rejections=[Embargoed])


def test_the_first_publication_begins_a_run_at_its_record() -> None:
    assert run_of(created(), at(NOON, published())) == Run(
        version=1, card_version=1, first_published_at=NOON, first_event_id="e2", updated_at=None
    )


@pytest.mark.parametrize(("told", "shown"), [(NOON - 9 * MINUTE, NOON - 9 * MINUTE), (NOON + 1, NOON), (NOON, NOON)])
def test_the_instant_told_is_taken_but_never_later_than_the_record(told: int, shown: int) -> None:
    assert run_of(created(), at(NOON, published(published_at=told))).first_published_at == shown


def test_an_update_keeps_the_first_instant_and_says_when() -> None:
    run = run_of(created(), at(NOON, published()), edited(), classified(), at(NOON + 9, published()))
    assert run == Run(version=2, card_version=2, first_published_at=NOON, first_event_id="e2", updated_at=NOON + 9)


def test_an_update_is_never_earlier_than_the_first_publication() -> None:
    run = run_of(created(), at(NOON, published()), edited(), published(published_at=NOON - 5))
    assert run.updated_at == NOON


def test_an_update_is_never_earlier_than_the_update_before() -> None:
    steps = (created(), at(NOON, published()), edited(), at(NOON + 9, published()), edited())
    assert run_of(*steps, published(published_at=NOON + 3)).updated_at == NOON + 9


def test_a_new_version_of_the_card_alone_is_something_to_publish() -> None:
    assert run_of(created(), published(), classified(tags=("b",)), published()).card_version == 2


def test_a_gone_edition_keeps_its_last_run_and_a_new_publication_begins_another() -> None:
    story = given(created(), at(NOON, published()), edited(), published(), unpublished())
    ended = story.then(uk="gone v3").edition().run
    begun = story.when(at(NOON + 60 * MINUTE, published())).then(uk="live v3").edition().run
    assert ended is not None
    assert (ended.version, ended.first_published_at) == (2, NOON)
    assert begun == Run(version=3, card_version=1, first_published_at=NOON + 60 * MINUTE, first_event_id="e6")


def test_notes_are_dated_with_their_publication_and_outlive_runs() -> None:
    first, second = correction("The Dnipro."), correction("At noon.")
    story = given(created(), at(NOON, published(note=first, published_at=NOON + SECOND)), unpublished(), edited())
    story.when(at(NOON + 60 * MINUTE, published(note=second, published_at=NOON + 5)))
    assert story.edition().notes == (
        DatedNote(kind="correction", text="The Dnipro.", at=NOON),
        DatedNote(kind="correction", text="At noon.", at=NOON + 5),
    )


def test_a_withdrawal_touches_the_languages_named_and_ignores_those_that_do_not_exist() -> None:
    story = given(created(), translated(), published(), published(language="en"))
    story.when(unpublished("en", "fr", "en")).then(uk="live v1", en="gone v2")


def test_a_withdrawal_of_all_languages_drops_the_schedules_of_drafts() -> None:
    story = given(created(), translated(), published(), scheduled(NOON, language="en"))
    story.when(unpublished()).then(uk="gone v2", en="draft v1")


def test_a_legal_takedown_takes_every_language_whatever_it_names() -> None:
    story = given(created(), translated(), published(), published(language="en"), unpublished("en"))
    story.when(unpublished("en", reason="legal")).then(uk="gone v2", en="gone v2")
    assert story.article is not None
    assert story.article.hold


def test_a_second_legal_takedown_is_not_refused() -> None:
    given(created(), unpublished(reason="legal"), unpublished(reason="legal")).then(uk="draft v1")


def test_an_ordinary_withdrawal_does_not_lift_the_hold() -> None:
    story = given(created(), unpublished(reason="legal"), unpublished())
    assert story.article is not None
    assert story.article.hold


def test_a_released_article_is_published_anew() -> None:
    given(created(), published(), unpublished(reason="legal"), released(), published()).then(uk="live v2")


def test_a_fast_clock_does_not_publish_before_the_schedule() -> None:
    """Scenario 4, as far as the fold goes: the log's clock decides, not the scheduler's."""
    due = NOON + 60 * MINUTE
    attempt = published(schedule_id="e3", event_id="attempt-1")
    story = given(created(), embargoed(due), scheduled(due), at(due - SECOND // 5, attempt)).then(rejections=[NotDue])
    again = published(schedule_id="e3", event_id="attempt-2")
    story.when(at(due + 1, again), at(due + 2, again)).then(rejections=[NotDue], uk="live v1")
