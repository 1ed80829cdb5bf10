"""What the history tells of each kind of event: what an applied one changed, what a rejected one would have changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import fold_model as make
from support.batches import fold
from support.kit import CODEC
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, numbered
from support.writing import READER, records_of

from newsroom_consumers.audit.history.history import history
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_schemas.events import AnyArticleEvent
from newsroom_schemas.instants import to_rfc3339

Told = dict[str, Any]
Tell = Callable[..., list[Told]]

SOON, LATER = make.NOON + 60 * make.MINUTE, make.NOON + 120 * make.MINUTE


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """Return the function that folds events into a generation, and tells the history of their article."""

    def told(*events: AnyArticleEvent) -> list[Told]:
        records = numbered(records_of(*events), set())
        database = SqliteDatabase(tmp_path)
        fold(records, database, [500])
        control = Control(database)
        control.register("main", this_build(PARTITIONS), now=0)
        log = MemoryLog(PARTITIONS, records)
        return list(history(control, log, READER, CODEC.blocks, "storm", now=0)["events"])

    return told


def changes(event: Told) -> list[tuple[str | None, str, Any, Any]]:
    """Return the changes of an event: language, field, before and after."""
    return [(each["language"], each["field"], each["before"], each["after"]) for each in event["changes"]]


@pytest.mark.parametrize(
    ("before", "event", "expected"),
    [
        ([], make.scheduled(SOON), [("uk", "schedule", None, to_rfc3339(SOON))]),
        ([make.scheduled(SOON)], make.scheduled(LATER), [("uk", "schedule", to_rfc3339(SOON), to_rfc3339(LATER))]),
        ([make.scheduled(SOON)], make.unscheduled(), [("uk", "schedule", to_rfc3339(SOON), None)]),
        ([], make.embargoed(SOON), [(None, "embargo_until", None, to_rfc3339(SOON))]),
        ([make.embargoed(SOON)], make.embargoed(None), [(None, "embargo_until", to_rfc3339(SOON), None)]),
        ([make.published(), make.unpublished(reason="legal")], make.released(), [(None, "hold", True, None)]),
    ],
)
def test_an_applied_event_tells_what_it_changed(
    tell: Tell, before: list[AnyArticleEvent], event: AnyArticleEvent, expected: list[Any]
) -> None:
    told = tell(make.created(), *before, event)[-1]
    assert (told["outcome"], told["compared"], changes(told)) == ("applied", None, expected)


@pytest.mark.parametrize(
    ("before", "event", "reason", "expected"),
    [
        (
            [],
            make.scheduled(SOON, expected_version=0),
            "version_conflict",
            [("uk", "schedule", None, to_rfc3339(SOON))],
        ),
        (
            [make.scheduled(SOON)],
            make.unscheduled(expected_version=7),
            "version_conflict",
            [("uk", "schedule", to_rfc3339(SOON), None)],
        ),
        ([], make.unscheduled(), "not_scheduled", []),
        ([make.published()], make.embargoed(SOON), "already_public", [(None, "embargo_until", None, to_rfc3339(SOON))]),
        ([], make.unpublished("uk"), "not_published", [("uk", "status", "draft", "gone")]),
        ([], make.unpublished("en"), "not_published", [("en", "status", None, "gone")]),
        ([], make.released(), "not_on_hold", []),
        ([], make.published(language="en"), "unknown_edition", []),
        ([], make.skipped(), "not_parked", []),
    ],
)
def test_a_rejected_event_tells_what_it_would_have_changed(
    tell: Tell, before: list[AnyArticleEvent], event: AnyArticleEvent, reason: str, expected: list[Any]
) -> None:
    told = tell(make.created(), *before, event)[-1]
    assert (told["reason"], told["compared"], changes(told)) == (reason, None, expected)


def test_a_lost_card_is_compared_with_the_one_that_its_author_saw(tell: Tell) -> None:
    """The card was in the world section by then; petro, who saw it in none, wanted it among the weather."""
    _, won, lost, late = tell(
        make.created(),
        make.classified(section="world", expected_version=1),
        make.classified(section="weather", tags=("rain",), actor="petro", expected_version=1),
        make.classified(section="weather", actor="petro", expected_version=9),
    )
    assert lost["compared"] == {"what": "card", "language": None, "from": 1, "to": None}
    assert changes(lost) == [(None, "section", None, "weather"), (None, "tags", None, ("rain",))]
    assert [(each["event_id"], each["version"]) for each in lost["winners"]] == [(won["event_id"], 2)]
    assert late["compared"]["from"] == 2
    assert changes(late) == [(None, "section", "world", "weather")]


def test_what_was_said_of_an_article_that_does_not_exist_is_compared_with_nothing(tell: Tell) -> None:
    classified, published = tell(make.classified(section="world"), make.published())
    assert [each["reason"] for each in (classified, published)] == ["unknown_article"] * 2
    assert classified["compared"] == {"what": "card", "language": None, "from": None, "to": None}
    assert changes(classified) == [(None, "section", None, "world")]
    assert (published["compared"], published["changes"]) == (None, [])
