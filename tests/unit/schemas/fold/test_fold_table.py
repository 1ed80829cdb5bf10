"""Every cell of the table of meanings: each event on an edition that is missing, draft, live, gone or under a hold."""

from __future__ import annotations

import pytest
from support.fold_model import (
    MINUTE,
    NOON,
    Step,
    classified,
    correction,
    created,
    edited,
    embargoed,
    given,
    published,
    released,
    scheduled,
    sketch,
    skipped,
    translated,
    unpublished,
    unscheduled,
)

from newsroom_schemas.fold.state import Article
from newsroom_schemas.rejections import Rejected

LATER = NOON + 24 * 60 * MINUTE
PLAN = scheduled(LATER)
COLUMNS = ("missing", "draft", "live", "gone", "held")
PAST: dict[str, tuple[Step, ...]] = {
    "missing": (created(language="ru"),),
    "draft": (created(),),
    "live": (created(), published()),
    "gone": (created(), published(), unpublished()),
    "held": (created(), unpublished(reason="legal")),
}
"""How the Ukrainian edition stands before the event; held: a draft under a hold."""

FROM_RUSSIAN = (created(language="ru"), translated(language="uk", source_language="ru"))
"""The Ukrainian edition as a translation, where the table's cell needs another edition beside it."""

X = "unknown_edition"
E = "article_exists"
TABLE: dict[str, tuple[Step, tuple[str, str, str, str, str]]] = {
    "created": (created(), (E, E, E, E, E)),
    "edited": (edited(lead="New"), (X, "draft v2", "live v2 shown v1", "gone v3", "draft v2 hold")),
    "classified": (
        classified(tags=("a",)),
        ("- card 2", "draft v1 card 2", "live v1 card 2", "gone v2 card 2", "draft v1 card 2 hold"),
    ),
    "scheduled": (PLAN, (X, "draft v1 scheduled", "live v1 scheduled", "gone v2 scheduled", "on_hold")),
    "unscheduled": (unscheduled(), (X, *("not_scheduled",) * 4)),
    "embargoed": (
        embargoed(LATER),
        ("- embargo", "draft v1 embargo", "already_public", "gone v2 embargo", "draft v1 embargo hold"),
    ),
    "embargo lifted": (embargoed(None), ("-", "draft v1", "live v1", "gone v2", "draft v1 hold")),
    "embargoed into the past": (embargoed(NOON), ("-", "draft v1", "live v1", "gone v2", "draft v1 hold")),
    "published": (published(), (X, "live v1", "nothing_to_publish", "live v2", "on_hold")),
    "published with a note": (published(note=correction()), (X, "live v1", "live v1", "live v2", "on_hold")),
    "unpublished": (
        unpublished("uk"),
        ("not_published", "not_published", "gone v2", "not_published", "not_published"),
    ),
    "unpublished, all": (
        unpublished(),
        ("not_published", "not_published", "gone v2", "not_published", "not_published"),
    ),
    "unpublished for a legal reason": (
        unpublished("en", reason="legal"),
        ("- hold", "draft v1 hold", "gone v2 hold", "gone v2 hold", "draft v1 hold"),
    ),
    "released": (released(), ("not_on_hold", "not_on_hold", "not_on_hold", "not_on_hold", "draft v1")),
    "skipped": (skipped(), ("not_parked",) * 5),
}
CELLS = [
    (name, column, cell) for name, (_, cells) in TABLE.items() for column, cell in zip(COLUMNS, cells, strict=True)
]


def outcome(*steps: Step) -> str:
    """Fold a story and describe what its last event led to: the reason's name, or the article."""
    answer = given(*steps).answers[-1]
    if isinstance(answer, Rejected):
        return answer.reason
    assert isinstance(answer, Article)
    words = [
        sketch(answer.editions["uk"]) if "uk" in answer.editions else "-",
        f"card {answer.card_version}" if answer.card_version > 1 else "",
        "embargo" if answer.embargo_until is not None else "",
        "hold" if answer.hold else "",
    ]
    return " ".join(word for word in words if word)


@pytest.mark.parametrize(("event", "past", "expected"), CELLS)
def test_an_event_means_what_the_table_says(event: str, past: str, expected: str) -> None:
    assert outcome(*PAST[past], TABLE[event][0]) == expected


@pytest.mark.parametrize("event", [name for name in TABLE if name not in {"created", "skipped"}])
def test_any_event_on_no_article_is_an_unknown_article(event: str) -> None:
    assert outcome(TABLE[event][0]) == "unknown_article"


def test_a_first_creation_makes_version_one() -> None:
    assert outcome(created()) == "draft v1"


def test_a_skip_where_nothing_is_parked_is_not_parked() -> None:
    assert outcome(skipped()) == "not_parked"


SCHEDULED_TABLE: dict[str, tuple[Step, tuple[str, str, str]]] = {
    "edited": (edited(lead="New"), ("draft v2 scheduled", "live v2 shown v1 scheduled", "gone v3 scheduled")),
    "scheduled": (PLAN, ("draft v1 scheduled", "live v1 scheduled", "gone v2 scheduled")),
    "unscheduled": (unscheduled(), ("draft v1", "live v1", "gone v2")),
    "published": (published(), ("live v1", "nothing_to_publish", "live v2")),
    "published with a note": (published(note=correction()), ("live v1", "live v1", "live v2")),
    "unpublished": (unpublished("uk"), ("draft v1", "gone v2", "gone v2")),
    "unpublished, another": (unpublished("en"), ("not_published", "not_published", "not_published")),
    "unpublished for a legal reason": (unpublished(reason="legal"), ("draft v1 hold", "gone v2 hold", "gone v2 hold")),
}


@pytest.mark.parametrize("event", SCHEDULED_TABLE)
@pytest.mark.parametrize(("column", "past"), [(0, "draft"), (1, "live"), (2, "gone")])
def test_an_event_on_a_scheduled_edition_means_what_the_table_says(event: str, column: int, past: str) -> None:
    step, cells = SCHEDULED_TABLE[event]
    assert outcome(*PAST[past], PLAN, step) == cells[column]


TRANSLATION = translated(language="uk", source_language="ru")


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ((), "unknown_article"),
        ((created(),), "unknown_edition"),
        ((created(language="ru"),), "draft v1"),
        (FROM_RUSSIAN, "draft v2"),
        ((*FROM_RUSSIAN, published()), "live v2 shown v1"),
        ((*FROM_RUSSIAN, published(), unpublished("uk")), "gone v3"),
        ((*FROM_RUSSIAN, PLAN), "draft v2 scheduled"),
        ((*FROM_RUSSIAN, unpublished(reason="legal")), "draft v2 hold"),
    ],
)
def test_a_translation_means_what_the_table_says(past: tuple[Step, ...], expected: str) -> None:
    assert outcome(*past, TRANSLATION) == expected
