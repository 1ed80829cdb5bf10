"""What every store promises: cursors and rows move together or not at all, and what was stored is what is loaded.

A twin for another database subclasses ``StoreContract`` and says in the fixture ``session`` how an empty one is opened.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given, settings
from support import fold_model as make
from support.faults import BrittleGeneration
from support.memory_log import CrashError, Fuse
from support.record_strategies import PARTITIONS, SPOILERS, TAGS_TOPIC, TOPIC, real
from support.states import FULL, FULL_EDITION, articles
from support.strategies import unhurried
from support.writing import Writer, records_of, scan

from newsroom_consumers.database.database import Session
from newsroom_consumers.fold.aggregate import Aggregate
from newsroom_consumers.fold.result import FoldResult
from newsroom_consumers.log.chain import CHAIN_START, value_sha
from newsroom_consumers.log.record import Partition
from newsroom_consumers.store.cursors import Cursor, FencedError
from newsroom_consumers.store.generation import Generation
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyTagEvent
from newsroom_schemas.fold.state import Article, Edition

AT = Partition(TOPIC, 0)
STORY = records_of(make.created(), make.edited(headline="New"), make.published())
FLOOD = records_of(make.created(article_id="flood"), make.published(article_id="flood"))
_numbers = itertools.count()


class StoreContract:
    """The contract of a generation's store, to be subclassed with a fixture ``session`` on an empty database."""

    @pytest.fixture
    def generation(self, session: Session) -> Iterator[Generation]:
        """Open a generation that nobody has moved yet."""
        yield Generation(session)
        session.close()

    def test_a_partition_that_nobody_took_has_a_cursor_at_its_start(self, generation: Generation) -> None:
        assert generation.cursors() == {}
        assert generation.cursor(AT) == Cursor(topic=TOPIC, partition=0, next_offset=0, chain=CHAIN_START)

    def test_each_worker_that_takes_a_partition_raises_its_epoch_and_changes_nothing_else(
        self, generation: Generation
    ) -> None:
        writer = Writer(generation, "one")
        writer.store(*STORY)
        (at,) = writer.held
        taken = generation.take(generation.cursor(at), "two")
        assert taken == msgspec.structs.replace(writer.held[at], epoch=2, owner="two")
        assert generation.cursors() == {at: taken}

    def test_a_cursor_is_read_as_it_was_committed(self, generation: Generation) -> None:
        writer = Writer(generation)
        writer.store(*STORY, *FLOOD)
        assert generation.cursors() == writer.held
        assert {cursor.next_offset for cursor in writer.held.values()} == {2, 3}

    def test_a_worker_of_an_older_epoch_writes_nothing_at_all(self, generation: Generation, session: Session) -> None:
        zombie = Writer(generation, "zombie")
        zombie.take(*(Partition(TOPIC, number) for number in range(PARTITIONS[TOPIC])))
        moves, folded = zombie.prepare(*FLOOD, *STORY)
        taken = Partition(STORY[0].topic, STORY[0].partition)
        Writer(generation, "heir").take(taken)
        before = scan(session)
        with pytest.raises(FencedError) as fenced:
            generation.commit(moves, folded)
        assert fenced.value.partition == taken
        assert scan(session) == before

    def test_a_commit_from_another_position_than_the_cursors_writes_nothing_at_all(
        self, generation: Generation, session: Session
    ) -> None:
        writer = Writer(generation)
        writer.store(STORY[0])
        moves, folded = writer.prepare(*STORY[1:])
        writer.store(STORY[1])
        before = scan(session)
        with pytest.raises(FencedError):
            generation.commit(moves, folded)
        assert scan(session) == before

    def test_the_fence_stands_before_the_rows(self, generation: Generation) -> None:
        """The heir has stored the same records: a store that began with the rows would stumble over them."""
        zombie = Writer(generation, "zombie")
        zombie.take(Partition(STORY[0].topic, STORY[0].partition))
        batch = zombie.prepare(*STORY)
        Writer(generation, "heir").store(*STORY)
        with pytest.raises(FencedError):
            generation.commit(*batch)

    def test_cursors_and_rows_move_together_or_not_at_all(self, generation: Generation, session: Session) -> None:
        writer = Writer(generation)
        writer.store(STORY[0], FLOOD[0], *records_of(make.defined("t1", uk="один")))
        before = scan(session)
        for steps in range(len(generation.steps()) + 1):
            writer.generation = BrittleGeneration(session, Fuse(steps + 1, CrashError()))
            with pytest.raises(CrashError):
                writer.store(*STORY[1:], FLOOD[1], *records_of(make.merged("t1", None)))
            assert scan(session) == before
        writer.generation = generation
        writer.store(*STORY[1:], FLOOD[1])
        assert scan(session) != before

    def test_an_article_that_was_never_stored_is_loaded_as_unknown(self, generation: Generation) -> None:
        assert generation.load(["storm"]) == {"storm": Aggregate(id="storm", decided={})}

    @pytest.mark.parametrize("field", Article.__struct_fields__)
    def test_every_field_of_an_article_is_loaded_as_it_was_stored(self, generation: Generation, field: str) -> None:
        assert getattr(FULL, field) != _defaults(Article).get(field)
        assert getattr(stored(generation, FULL), field) == getattr(FULL, field)

    @pytest.mark.parametrize("field", Edition.__struct_fields__)
    def test_every_field_of_an_edition_is_loaded_as_it_was_stored(self, generation: Generation, field: str) -> None:
        assert getattr(FULL_EDITION, field) != _defaults(Edition).get(field)
        assert getattr(stored(generation, FULL).editions["uk"], field) == getattr(FULL_EDITION, field)

    def test_any_article_is_loaded_as_it_was_stored(self, generation: Generation) -> None:
        @settings(unhurried, max_examples=60)
        @given(article=articles)
        def is_loaded_as_it_was_stored(article: Article) -> None:
            fresh = msgspec.structs.replace(article, article_id=f"a{next(_numbers)}")
            assert stored(generation, fresh) == fresh

        is_loaded_as_it_was_stored()

    def test_a_change_of_one_edition_leaves_the_others_as_they_were(self, generation: Generation) -> None:
        writer = Writer(generation)
        writer.store(STORY[0], *records_of(make.translated(event_id="t1"), make.edited(event_id="t2", headline="Two")))
        before = generation.load(["storm"])["storm"].article
        writer.store(*records_of(make.edited(event_id="t3", language="en", headline="Three")))
        after = generation.load(["storm"])["storm"].article
        assert before is not None
        assert after is not None
        assert after.editions["uk"] == before.editions["uk"]
        assert after.editions["en"].texts.headline == "Three"

    def test_a_thousand_articles_are_loaded_as_they_were_stored(self, generation: Generation) -> None:
        writer = Writer(generation)
        events = [make.created(article_id=f"a{number}", event_id=f"c{number}") for number in range(1100)]
        writer.store(*records_of(*events))
        found = generation.load([event.article_id for event in events])
        assert all(each.article is not None and each.article is each.stored for each in found.values())
        assert {id_: set(each.decided) for id_, each in found.items()} == {
            event.article_id: {real(event).event_id} for event in events
        }

    def test_the_ids_that_an_article_has_decided_are_remembered_with_their_bodies(self, generation: Generation) -> None:
        applied, refused = records_of(make.created(), make.published(language="en"))
        no_decision = [SPOILERS["invalid content"](records_of(make.edited(event_id="e9"))[0]), applied]
        Writer(generation).store(applied, refused, *no_decision)
        expected = {
            real(make.created(event_id=f"e{n + 1}")).event_id: value_sha(each)
            for n, each in enumerate((applied, refused))
        }
        assert generation.load(["storm"])["storm"].decided == expected

    def test_an_article_with_a_parked_record_is_loaded_as_parked_and_others_are_not(
        self, generation: Generation
    ) -> None:
        Writer(generation).store(STORY[0], SPOILERS["truncated"](STORY[1]), STORY[2], FLOOD[0])
        found = generation.load(["storm", "flood"])
        assert [found[each].parked for each in ("storm", "flood")] == [True, False]
        assert len(found["storm"].decided) == 1

    def test_the_catalogue_is_loaded_as_it_was_stored(self, generation: Generation) -> None:
        tags: list[AnyTagEvent] = [make.defined("t1", uk="один", en="one"), make.defined("t2"), make.merged("t1", "t2")]
        named = [msgspec.structs.replace(each, event_id=f"e{number}") for number, each in enumerate(tags)]
        Writer(generation).store(*records_of(*named))
        assert generation.load([CATALOGUE])[CATALOGUE].catalogue == make.catalogue_of(*tags)

    def test_a_generation_opened_again_holds_what_it_held(self, generation: Generation, session: Session) -> None:
        Writer(generation).store(*STORY, *records_of(make.defined("t1", uk="один")))
        before = scan(session)
        again = Generation(session)
        assert scan(session) == before
        assert again.cursors().keys() == {Partition(STORY[0].topic, STORY[0].partition), Partition(TAGS_TOPIC, 0)}


def stored(generation: Generation, article: Article) -> Article:
    """Store an article and load it again."""
    id_ = article.article_id
    generation.commit([], FoldResult(changed={id_: Aggregate(id=id_, article=article, last_offset=5)}))
    found = generation.load([id_])[id_]
    assert found.last_offset == 5
    assert found.article is not None
    return found.article


def _defaults(type_: type[msgspec.Struct]) -> dict[str, object]:
    return {field.name: field.default for field in msgspec.structs.fields(type_)}
