"""What readers saw at an instant is what they were shown then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
import pytest
from integration.conftest import on_both_databases
from support.asked import rows
from support.fold_model import correction, edited
from support.kit import Newsroom
from support.past import LANGUAGES, Past, Seen, lists, or_nothing
from support.raw import RawLog
from support.stories import Story, send_stories
from support.workers import run, until

from newsroom_consumers.audit.asof import KEPT, FoldStoppedError
from newsroom_consumers.control import snapshots
from newsroom_consumers.generations.open import NotReachedError
from newsroom_consumers.log.kafka import KafkaLog
from newsroom_consumers.store.tables import EVENT
from newsroom_producers.desk import new_event_id
from newsroom_schemas.instants import to_rfc3339

MILLISECOND = 1000
EVER = 4_000_000_000 * 1000 * MILLISECOND
"""An instant after every test."""


@pytest.fixture
def past(newsroom: Newsroom) -> Iterator[Past]:
    """Ask for the newsroom's past."""
    with closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=2)) as log:
        yield Past(newsroom, log)


class Step(NamedTuple):
    """An event of the log: when it was recorded, and what readers saw from then on."""

    recorded_at: int
    pages: Seen
    lists: Seen


def page(ask: Callable[..., Any], *named: Any) -> dict[str, Any] | None:
    """Ask for a page; what it is related to is not compared."""
    seen = or_nothing(ask, *named)
    return seen and {**seen, "related": None}


def a_story(newsroom: Newsroom, raw_log: RawLog) -> Iterator[Any]:
    """Live through a story: translated, corrected, parked, withdrawn, skipped, taken down, and live again."""
    desk = newsroom.desk()
    yield desk.define_tag("weather", labels={"uk": "Погода"})
    yield desk.create("storm", "uk", headline="Буря", tags=("weather",))
    yield desk.publish("storm", "uk", expected_version=1)
    yield desk.define_tag("weather", labels={"uk": "Негода"})
    named: dict[str, Any] = {"source_language": "uk", "source_version": 1, "expected_version": 0}
    yield desk.translate("storm", "en", headline="Storm", **named)
    yield desk.publish("storm", "en", expected_version=1)
    yield desk.edit("storm", "uk", headline="Буря на Дніпрі", expected_version=1)
    yield desk.publish("storm", "uk", expected_version=2, note=correction())
    yield raw_log.event(edited(event_id=new_event_id()), cut=1)
    yield desk.unpublish("storm", languages=("en",), reason="error")
    head = newsroom.look(lambda seen: seen.ledger.head("storm"))
    assert head is not None
    yield desk.skip(**{name: getattr(head, name) for name in ("key", "topic", "partition", "offset", "sha256")})
    yield desk.unpublish("storm", reason="legal", note="A court has ordered it.")
    yield desk.release("storm")
    yield desk.publish("storm", "uk", expected_version=3)


def live_through(newsroom: Newsroom, events: Iterator[Any]) -> list[Step]:
    """Fold each event as it comes, and keep what readers see behind it."""
    steps = []
    for _ in events:
        newsroom.work()
        shown = newsroom.look(lambda seen: {each: page(seen.queries.article, "storm", each) for each in LANGUAGES})
        steps.append(Step(newest(newsroom), shown, newsroom.look(lambda seen: lists(seen.queries))))
    return steps


def newest(newsroom: Newsroom) -> int:
    """Return the instant of the newest record that is folded."""
    return max(int(row["recorded_at"]) for row in rows(newsroom, EVENT))


def test_as_of_any_event_is_what_readers_saw_then(newsroom: Newsroom, raw_log: RawLog, past: Past) -> None:
    """Just before an event is what the one before it left; long before all is nothing, long after all is now."""
    steps = live_through(newsroom, a_story(newsroom, raw_log))
    nothing: Seen = {each: {"items": [], "next": None} for each in steps[0].lists if each.startswith("timeline")}
    start = Step(0, dict.fromkeys(LANGUAGES), dict.fromkeys(steps[0].lists) | nothing)
    for earlier, step in pairwise([start, *steps]):
        assert past.cut(step.recorded_at - MILLISECOND) == past.cut(earlier.recorded_at) != past.cut(step.recorded_at)
    for earlier, step in pairwise([start, start, *steps]):
        changed = [each for each in LANGUAGES if step.pages[each] != earlier.pages[each]]
        for language in changed or LANGUAGES[:1]:
            assert page(past.article, step.recorded_at, language) == step.pages[language]
        if step.lists != earlier.lists or step is start:
            assert past.lists(step.recorded_at) == step.lists
    assert past.cut(EVER) == past.cut(steps[-1].recorded_at)
    assert len({str(step[1:]) for step in steps}) == len(steps) - 6, (
        "readers see all of them but drafts, the parked, the skip and the release"
    )


@on_both_databases
def test_a_takedown_is_seen_from_its_instant_on(newsroom: Newsroom, past: Past) -> None:
    """Scenario 5: just before it all three are there, from its millisecond on none."""
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Storm", tags=("weather",))
    desk.publish("storm", "uk", expected_version=1)
    for language in ("ru", "en"):
        named: dict[str, Any] = {"source_language": "uk", "source_version": 1, "expected_version": 0}
        desk.translate("storm", language, headline="Storm", **named)
        desk.publish("storm", language, expected_version=1)
    newsroom.work()
    desk.unpublish("storm", reason="legal", note="A court has ordered it.")
    newsroom.work()
    taken_down = newest(newsroom)
    for instant, status, listed in ((taken_down - MILLISECOND, "live", 1), (taken_down, "gone", 0)):
        for language in ("uk", "ru", "en"):
            assert past.article(instant, language).status == status
        with past.readers(instant) as readers:
            assert [len(readers.timeline(each, limit=9).items) for each in ("uk", "ru", "en")] == [listed] * 3
            assert (or_nothing(readers.tag, "weather", "ru", limit=9) is None) is (status == "gone")


@on_both_databases
def test_the_three_cuts_used_last_are_kept(newsroom: Newsroom, past: Past) -> None:
    """Two instants between the same records are one cut; a fourth one makes room for itself; none of them is live."""
    instants = []
    for number in range(4):
        newsroom.desk().define_tag(f"tag-{number}", labels={})
        newsroom.work()
        instants.append(newest(newsroom))
    names = [past.name(instant) for instant in instants[:3]]
    assert past.name(instants[0] + 1) == names[0]
    assert past.said[-1].startswith(f"reusing {names[0]}, folded 1970-01-01T00:00:00.0000")
    names.append(past.name(instants[3]))
    assert past.said[-2].startswith(f"folding the log up to {to_rfc3339(instants[3])} ({names[3]}): 4 records")
    assert past.said[-1] == f"dropped {names[1]}: the 3 cuts used last are kept"
    assert past.kept() == {names[0], names[2], names[3]}
    assert past.name(instants[1]) == names[1]
    assert past.kept() == {names[0], names[3], names[1]}
    assert past.control.live() == "main"


def test_a_fold_that_was_stopped_goes_on_the_next_time(newsroom: Newsroom, past: Past) -> None:
    for number in range(5):
        newsroom.desk().define_tag(f"tag-{number}", labels={})
    newsroom.work()
    past.progress = lambda more: past.stopping.set() if more else None
    with pytest.raises(FoldStoppedError, match="run the same command again to continue"):
        past.name(EVER)
    past.stopping.clear()
    past.progress = lambda _: None
    past.name(EVER)
    assert [said.rpartition(": ")[2] for said in past.said] == ["5 records", "3 records"]


def test_two_who_want_one_cut_take_turns_and_it_is_not_dropped_meanwhile(newsroom: Newsroom, past: Past) -> None:
    newsroom.desk().define_tag("weather", labels={})
    newsroom.work()
    with (
        closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=newsroom.batch)) as log,
        ThreadPoolExecutor(1) as pool,
    ):
        other = Past(newsroom, log)
        with past.generation(EVER) as name:
            answer = pool.submit(other.name, EVER)
            until(lambda: any("waiting" in said for said in other.said) or answer.done())
            assert not answer.done()
            _use(past, {f"other-{number}": 10 + number for number in range(KEPT)})
            past.name(0)
            assert name in past.kept()
            _use(past, {name: 20})
        assert answer.result() == name
    assert other.said[1].startswith("reusing")


def _use(past: Past, used_at: dict[str, int]) -> None:
    """Note that cuts were asked at some instants."""
    with past.control.writing() as connection:
        for name, instant in used_at.items():
            snapshots.use(connection, name, "", instant)


def test_an_article_is_not_told_before_its_records_are_found(newsroom: Newsroom, past: Past) -> None:
    """The live generation is behind: what it has not folded may be about the article."""
    newsroom.desk().create("storm", "uk", headline="Storm")
    newsroom.work()
    newsroom.desk().publish("storm", "uk", expected_version=1)
    with pytest.raises(NotReachedError, match="1 records behind"):
        past.article(EVER, seconds=0)
    newsroom.work()
    assert past.article(EVER).status == "live"


def test_the_commands_say_what_those_of_today_say(newsroom: Newsroom) -> None:
    """An answer as of now is today's answer, whatever form it is asked in; what is done is said on standard error."""
    newsroom.desk().define_tag("weather", labels={"en": "Weather"})
    send_stories(newsroom, [Story(id="storm", tags=("weather",)), Story(id="rain", tags=("weather",))])
    newsroom.work()
    now = to_rfc3339(newest(newsroom))
    tag, timeline = (("tag", "weather", "--language", "uk", "--limit", "1"), ("timeline", "--language", "uk"))
    for asked in (tag, timeline):
        today, past = run(newsroom, *asked), run(newsroom, "audit", "as-of", now, *asked)
        assert (past.returncode, past.stdout) == (0, today.stdout)
        assert "cut-" in past.stderr
    page = ("article", "storm", "--language", "uk", "--json")
    today, past = run(newsroom, *page), run(newsroom, "audit", "as-of", now, *page)
    assert msgspec.json.decode(past.stdout) == msgspec.json.decode(today.stdout) | {"related": None}
    assert past.stderr.startswith(f"as of {now} (")
    unheard = run(newsroom, "audit", "as-of", now, "tag", "unheard-of", "--language", "uk")
    assert (unheard.returncode, f"error: readers had no tag unheard-of at {now}\n" in unheard.stderr) == (3, True)


def test_a_command_that_has_no_answer_says_why(newsroom: Newsroom) -> None:
    newsroom.desk().create("storm", "uk", headline="Storm")
    newsroom.work()
    page = ("article", "storm", "--language", "uk")
    late = run(newsroom, "audit", "as-of", "2999-01-01 00:00", *page)
    assert (late.returncode, late.stdout) == (3, "")
    assert "in the future: the answer is what the log says now" in late.stderr
    early, twice = (run(newsroom, "audit", "as-of", at, *page) for at in ("2000-01-01T00:00Z", "2025-10-26 03:30"))
    at = "2000-01-01T00:00:00.000000Z"
    assert (early.returncode, early.stdout, early.stderr.splitlines()) == (
        3,
        "",
        [
            f"as of {at} (2000-01-01 02:00:00 in Europe/Kyiv), before every record",
            f"error: readers had no article storm in uk at {at}",
        ],
    )
    assert (twice.returncode, twice.stdout) == (2, "")
    assert "comes twice in Europe/Kyiv" in twice.stderr
