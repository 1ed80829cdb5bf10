"""What cannot be folded yet: it parks its article in log order, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from integration.conftest import Refold, on_both_databases
from sqlalchemy import Table
from support.asked import outcomes, page, tagged, timeline, verified
from support.fold_model import correction, edited, published, translated, unpublished
from support.kit import Newsroom
from support.raw import RawLog
from support.stories import Story, send, send_stories

from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.projections import PROJECTIONS, Row
from newsroom_consumers.projections import timeline as timeline_projection
from newsroom_producers.desk import new_event_id
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyArticleEvent, AnyEvent, ArticlePublished, TagDefined
from newsroom_schemas.fold.article import decide
from newsroom_schemas.fold.state import Article, Page, Publication, Recorded, Withdrawal

pytestmark = pytest.mark.parametrize("batch", [1, 500])

POISON = "poison"


class PoisonedTimeline:
    """A timeline that cannot make the rows of pages of one kind, or of publications with a poisoned note."""

    VERSION = 1
    TABLES: tuple[Table, ...] = timeline_projection.TABLES

    def __init__(self, kind: type[Page] | None = None) -> None:
        self._kind = kind

    def rows(self, page: Page) -> Iterator[Row]:
        """Return the rows of the real one, or fail."""
        poisoned = isinstance(page, Publication) and any(note.text == POISON for note in page.notes)
        if poisoned or (self._kind and isinstance(page, self._kind)):
            raise KeyError("a planted fault of the projection")
        return timeline_projection.rows(page)


def _poisoned_decide(decided: Any, article: Article | None, event: AnyArticleEvent, recorded: Recorded) -> Any:
    """Decide as the real one does, but for a publication with a poisoned note."""
    if isinstance(event, ArticlePublished) and event.note and event.note.text == POISON:
        raise ZeroDivisionError("a planted fault of the fold")
    return decide(decided, article, event, recorded)


Append = Callable[[RawLog, AnyEvent], Any]

POISONS: dict[str, tuple[str, str, BatchFold, Append]] = {
    "fold": ("fold", "ZeroDivisionError: a planted", BatchFold(decide=_poisoned_decide), RawLog.event),
    "projection": (
        "projection",
        "KeyError: 'a planted",
        BatchFold({**PROJECTIONS, "timeline": PoisonedTimeline()}),
        RawLog.event,
    ),
    "unknown schema": ("decode", "no schema has", BatchFold(), lambda log, event: log.event(event, schema=b"f" * 16)),
    "truncated": ("decode", "ends early", BatchFold(), lambda log, event: log.event(event, cut=1)),
}
"""Ways to make a publication that cannot be folded: stage and error to expect, the build, how it is appended."""


@pytest.mark.parametrize("poison", POISONS)
@on_both_databases
def test_poison(newsroom: Newsroom, raw_log: RawLog, refold: Refold, poison: str) -> None:
    """Scenario 6: the poisoned article waits in log order and is hidden by its withdrawal; the other one is current."""
    stage, error, folding, append = POISONS[poison]
    send_stories(newsroom, [Story(id="a"), Story(id="b")])
    send(newsroom, [_of("a", edited, headline="v2")])
    append(raw_log, _of("a", published, note=correction(POISON)))
    send(newsroom, [_of("b", edited, headline="b v2"), _of("a", edited, headline="v3"), _of("b", published)])
    send(newsroom, [_of("a", published)])
    newsroom.work(folding=folding)
    assert (page(newsroom, "a")["version"], page(newsroom, "b")["version"]) == (1, 2)
    assert sorted(timeline(newsroom)) == ["a", "b"]

    send(newsroom, [_of("a", unpublished, note="Withdrawn."), _of("b", edited, headline="b v3"), _of("b", published)])
    newsroom.work(folding=folding)
    gone = page(newsroom, "a")
    assert (gone["status"], gone["note"], page(newsroom, "b")["version"]) == ("gone", "Withdrawn.", 3)
    assert timeline(newsroom) == ["b"]
    assert outcomes(newsroom, "a") == ["applied"] * 3 + ["parked"] * 4
    (waiting,) = newsroom.look(lambda seen: seen.ledger.parked())
    assert (waiting.article_id, waiting.waiting, waiting.stage) == ("a", 4, stage)
    assert error in waiting.error
    queue = newsroom.look(lambda seen: seen.ledger.parked_records("a"))
    assert [each.offset for each in queue] == sorted(each.offset for each in queue)
    assert [(each.stage, each.hides) for each in queue] == [
        (stage, ()),
        *([("behind", ())] * 2),
        ("behind", ("uk",)),
    ]
    assert refold(folding) == newsroom.tables()
    assert verified(newsroom, folding)


@pytest.mark.parametrize("poison", ["fold", "projection"])
def test_a_build_that_understands_the_record_folds_the_same_log_whole(
    newsroom: Newsroom, refold: Refold, poison: str
) -> None:
    send_stories(newsroom, [Story(id="a")])
    send(newsroom, [_of("a", published, note=correction(POISON)), _of("a", unpublished), _of("a", edited, lead="v3")])
    newsroom.work(folding=POISONS[poison][2])
    poisoned, mended = newsroom.tables(), refold()
    assert (len(poisoned["parked"]), len(mended["parked"])) == (3, 0)
    assert mended["gone"] == poisoned["gone"]
    assert mended["cursor"] == poisoned["cursor"]


@on_both_databases
def test_a_withdrawal_of_a_parked_article_hides_the_languages_that_it_names(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    """The others stay until they are named too; a publication behind it puts nothing back."""
    send_stories(newsroom, [Story(id="a", tags=("weather",))])
    for language in ("ru", "en"):
        send(newsroom, [_of("a", translated, language=language), _of("a", published, language=language)])
    raw_log.event(_of("a", edited, lead="unread"), cut=1)
    send(
        newsroom, [unpublished("en", "de", article_id="a", event_id=new_event_id()), _of("a", published, language="en")]
    )
    newsroom.work()
    assert [page(newsroom, "a", each)["status"] for each in ("uk", "ru", "en")] == ["live", "live", "gone"]
    assert page(newsroom, "a")["languages"] == ["uk", "ru"]
    assert (timeline(newsroom, "en"), tagged(newsroom, "weather", "en"), timeline(newsroom)) == ([], [], ["a"])
    send(newsroom, [_of("a", unpublished, reason="legal")])
    newsroom.work()
    assert [page(newsroom, "a", each)["reason"] for each in ("uk", "ru", "en")] == ["legal"] * 3
    assert refold() == newsroom.tables()


def test_a_withdrawal_decided_before_the_poison_hides_nothing_when_it_is_sent_again(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    send_stories(newsroom, [Story(id="a")])
    withdrawal = _of("a", unpublished)
    send(newsroom, [withdrawal, _of("a", published)])
    raw_log.event(_of("a", edited, lead="unread"), cut=1)
    send(newsroom, [withdrawal])
    newsroom.work()
    assert (page(newsroom, "a")["status"], timeline(newsroom)) == ("live", ["a"])
    assert outcomes(newsroom, "a")[-2:] == ["parked", "parked"]
    assert refold() == newsroom.tables()


def test_a_withdrawal_hides_also_when_a_projection_cannot_make_its_rows(newsroom: Newsroom, refold: Refold) -> None:
    """The withdrawal is parked for the fault, takes effect in every list, and does not stop the loop."""
    folding = BatchFold({**PROJECTIONS, "timeline": PoisonedTimeline(Withdrawal)})
    send_stories(newsroom, [Story(id="a", tags=("weather",)), Story(id="b", tags=("weather",))])
    send(newsroom, [_of("a", unpublished), _of("b", edited, headline="b v2"), _of("b", published)])
    newsroom.work(folding=folding)
    assert outcomes(newsroom, "a")[-1] == "parked"
    assert (page(newsroom, "a")["status"], page(newsroom, "b")["version"]) == ("gone", 2)
    assert (timeline(newsroom), tagged(newsroom, "weather")) == (["b"], ["b"])
    assert refold(folding) == newsroom.tables()


def test_what_is_parked_is_not_decided(newsroom: Newsroom, raw_log: RawLog, refold: Refold) -> None:
    """An event that waits is sent again: both records wait, in order."""
    send_stories(newsroom, [Story(id="a")])
    waiting = _of("a", edited, lead="twice")
    raw_log.event(waiting, cut=1)
    send(newsroom, [waiting, waiting])
    newsroom.work()
    assert outcomes(newsroom, "a") == ["applied"] * 2 + ["parked"] * 3
    assert refold() == newsroom.tables()


@on_both_databases
def test_an_article_may_begin_with_a_record_that_is_not_understood(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    """Bytes that are not an event at all wait like the rest, and so do a large value and a hostile one."""
    raw_log.append(b"a", b"")
    raw_log.append(b"a", b"no frame")
    raw_log.append(b"a", b"\0" * 1_000_001)
    raw_log.append(b"a", b"\0" * 9, [("schema", b"\xff"), ("", b""), ("", b"\xff")])
    send_stories(newsroom, [Story(id="a"), Story(id="b")])
    newsroom.work()
    assert outcomes(newsroom, "a") == ["parked"] * 6
    assert len(newsroom.look(lambda seen: seen.ledger.parked_records("a"))) == 6
    assert outcomes(newsroom, "b") == ["applied"] * 2
    assert timeline(newsroom) == ["b"]
    assert refold() == newsroom.tables()


def test_the_catalogue_parks_as_one_and_articles_flow(newsroom: Newsroom, raw_log: RawLog, refold: Refold) -> None:
    newsroom.desk().define_tag("known", labels={"uk": "Відома"})
    raw_log.event(_tag("spoiled"), cut=1)
    newsroom.desk().define_tag("known", labels={"uk": "Пізніша"})
    send_stories(newsroom, [Story(id="a", tags=("known",))])
    newsroom.work()
    assert outcomes(newsroom, CATALOGUE) == ["applied", "parked", "parked"]
    assert page(newsroom, "a")["tags"] == [{"id": "known", "label": "Відома"}]
    assert refold() == newsroom.tables()


def _of(article_id: str, make: Callable[..., Any], **fields: Any) -> Any:
    """Make an event of an article with an id of its own."""
    return make(article_id=article_id, event_id=new_event_id(), **fields)


def _tag(tag_id: str) -> AnyEvent:
    """Define a tag in an event with an id of its own."""
    return TagDefined(tag_id=tag_id, event_id=new_event_id(), occurred_at=0, actor="olena", source="desk")
