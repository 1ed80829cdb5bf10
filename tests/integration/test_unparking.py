"""Scenario 6 to its end: a retry with mended code, a record skipped in the log, and the commands for both."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from integration.conftest import Refold, on_both_databases
from support.asked import outcomes, page, tagged, timeline, verified
from support.fold_model import edited, published, unpublished
from support.kit import Newsroom
from support.parking import Faults
from support.raw import RawLog
from support.stories import Story, send, send_stories
from support.workers import run, until, worker

from newsroom_consumers.control.control import Control
from newsroom_consumers.fold.batch import BatchFold
from newsroom_consumers.worker.refold import ThrottledRequests
from newsroom_producers.desk import new_event_id
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.events import AnyEvent, TagDefined

SOUND = BatchFold()


@contextmanager
def working(newsroom: Newsroom, folding: BatchFold) -> Iterator[None]:
    """Run a worker of some build that answers requests, as a thread, while something is done."""
    stopping = threading.Event()

    def work() -> None:
        with (
            Control(newsroom.database).retries("main") as requests,
            newsroom.loop(folding=folding, requests=ThrottledRequests(requests)) as loop,
        ):
            loop.run(stopping)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def asked(newsroom: Newsroom, *command: str) -> tuple[int, Any]:
    """Run a command of `newsroom parked` with --json, and return its exit code and its answer."""
    ran = run(newsroom, "parked", *command, "--json")
    assert ran.stdout, ran.stderr
    return ran.returncode, msgspec.json.decode(ran.stdout)


def poison(newsroom: Newsroom) -> tuple[BatchFold, list[AnyEvent]]:
    """Have four records of A parked by a fault in the fold of the first, with events of B in between."""
    send_stories(newsroom, [Story(id="a", tags=("weather",)), Story(id="b", tags=("weather",))])
    queue = [
        _of("a", edited, headline="v2"),
        _of("a", edited, headline="v3"),
        _of("a", published),
        _of("a", unpublished),
    ]
    between = [_of("b", edited, headline="b v2"), _of("b", published)]
    send(newsroom, [queue[0], between[0], *queue[1:3], between[1], queue[3]])
    folding = Faults(events=frozenset({queue[0].event_id})).folding()
    newsroom.work(folding=folding)
    assert outcomes(newsroom, "a") == ["applied"] * 2 + ["parked"] * 4
    assert (page(newsroom, "a")["status"], page(newsroom, "b")["version"]) == ("gone", 2)
    assert tagged(newsroom, "weather") == timeline(newsroom) == ["b"]
    return folding, queue


@on_both_databases
@pytest.mark.parametrize("batch", [1, 500])
def test_a_retry_with_mended_code_equals_a_new_generation(newsroom: Newsroom, refold: Refold) -> None:
    poison(newsroom)
    with working(newsroom, SOUND):
        code, answer = asked(newsroom, "retry", "a")
    assert (code, answer) == (0, [{"article_id": "a", "records": 4, "outcomes": {"applied": 4}, "parked": None}])
    assert outcomes(newsroom, "a") == ["applied"] * 6
    assert newsroom.tables() == refold()
    assert verified(newsroom)


@on_both_databases
@pytest.mark.parametrize("batch", [1, 500])
def test_a_record_that_is_skipped_is_skipped_by_a_replay_too(newsroom: Newsroom, refold: Refold) -> None:
    """The rest of the queue is folded, here to the same end."""
    folding, _ = poison(newsroom)
    with working(newsroom, folding):
        code, answer = asked(newsroom, "skip", "a", "--yes", "--actor", "chief")
    assert (code, answer["skip"]["outcome"], answer["skip"]["actor"]) == (0, "applied", "chief")
    assert (answer["records"], answer["outcomes"], answer["parked"]) == (3, {"applied": 3}, None)
    assert outcomes(newsroom, "a") == ["applied"] * 2 + ["skipped"] + ["applied"] * 4
    assert newsroom.tables() == refold(folding)
    assert verified(newsroom, folding)


def test_readers_see_a_page_again_when_its_withdrawal_is_skipped(newsroom: Newsroom, refold: Refold) -> None:
    """The page was nowhere but in the log: it is made again from there, in its own place in every list."""
    send_stories(newsroom, [Story(id="a", tags=("weather",)), Story(id="b"), Story(id="c", tags=("weather",))])
    newsroom.work()
    before = newsroom.tables()
    withdrawal = _of("a", unpublished)
    send(newsroom, [withdrawal, _of("b", edited, headline="b v2")])
    folding = Faults(events=frozenset({withdrawal.event_id})).folding()
    newsroom.work(folding=folding)
    assert page(newsroom, "a")["status"] == "gone"
    with working(newsroom, folding):
        assert asked(newsroom, "skip", "a", "--yes")[0] == 0
    after = newsroom.tables()
    for name in ("published", "gone", "timeline", "tag_entry"):
        assert after[name] == before[name]
    assert after == refold(folding)


def test_a_second_withdrawal_leaves_the_page_of_the_first(newsroom: Newsroom, raw_log: RawLog, refold: Refold) -> None:
    send_stories(newsroom, [Story(id="a")])
    raw_log.event(_of("a", edited), cut=1)
    send(newsroom, [_of("a", unpublished, note="First."), _of("a", unpublished, note="Second.", reason="error")])
    newsroom.work()
    assert page(newsroom, "a")["note"] == "First."
    queue = newsroom.look(lambda seen: seen.ledger.parked_records("a"))
    assert [each.hides for each in queue] == [(), ("uk",), ()]
    assert newsroom.tables() == refold()


def test_a_retry_folds_as_far_as_the_code_goes(newsroom: Newsroom, refold: Refold) -> None:
    """The first record that is still not understood parks again with its error, and those behind it with it."""
    _, queue = poison(newsroom)
    better = Faults(events=frozenset({queue[2].event_id})).folding()
    with working(newsroom, better):
        code, (fate,) = asked(newsroom, "retry", "--all")
    assert (code, fate["outcomes"], fate["parked"]["error"]) == (
        1,
        {"applied": 2, "parked": 2},
        "ZeroDivisionError: a planted fault of the fold",
    )
    assert outcomes(newsroom, "a") == ["applied"] * 4 + ["parked"] * 2
    assert newsroom.tables() == refold(better)


def test_a_retry_that_nobody_answers_is_taken_back(newsroom: Newsroom) -> None:
    poison(newsroom)
    ran = run(newsroom, "parked", "retry", "a", "--timeout", "0.2")
    assert (ran.returncode, ran.stdout) == (5, "")
    assert "no worker has folded the parked records of a" in ran.stderr
    assert "start a worker" in ran.stderr
    with Control(newsroom.database).retries("main") as requests:
        assert requests.asked() == []


@on_both_databases
def test_the_tag_catalogue_is_retried_and_skipped_by_its_own_option(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold
) -> None:
    newsroom.desk().define_tag("weather", labels={"uk": "Погода"})
    raw_log.event(TagDefined(tag_id="spoiled", event_id=new_event_id(), occurred_at=0, actor="o", source="d"), cut=1)
    newsroom.desk().define_tag("weather", labels={"uk": "Погода сьогодні"})
    send_stories(newsroom, [Story(id="a", tags=("weather",))])
    newsroom.work()
    with working(newsroom, SOUND):
        code, (fate,) = asked(newsroom, "retry", "--tags")
        assert (code, fate["article_id"], fate["outcomes"]) == (1, "", {"parked": 2})
        code, answer = asked(newsroom, "skip", "--tags", "--yes")
        assert (code, answer["outcomes"]) == (0, {"applied": 1})
    assert outcomes(newsroom, CATALOGUE) == ["applied", "skipped", "applied", "applied"]
    assert page(newsroom, "a")["tags"] == [{"id": "weather", "label": "Погода сьогодні"}]
    assert newsroom.tables() == refold()


def test_a_worker_process_answers_and_a_person_reads_what_came_of_it(
    newsroom: Newsroom, raw_log: RawLog, refold: Refold, tmp_path: Path
) -> None:
    send_stories(newsroom, [Story(id="a")])
    raw_log.event(_of("a", edited), cut=1)
    send(newsroom, [_of("a", published, language="en"), _of("a", unpublished)])
    newsroom.work()
    with worker(newsroom, tmp_path / "worker.log") as started:
        until(lambda: started.process.poll() is None)
        ran = run(newsroom, "parked", "retry", "a")
        assert ran.returncode == 1
        assert "0 records of a folded; still parked from" in ran.stdout
        ran = run(newsroom, "parked", "skip", "a", "--yes")
        assert (ran.returncode, "2 records of a folded: 1 applied, 1 rejected" in ran.stdout) == (0, True)
        ran = run(newsroom, "parked", "retry", "a")
        assert (ran.returncode, ran.stderr) == (
            3,
            "error: nothing is parked of a: `newsroom parked list` shows what is\n",
        )
        ran = run(newsroom, "parked", "retry", "--all")
        assert (ran.returncode, ran.stdout) == (0, "nothing is parked\n")
    assert newsroom.tables() == refold()


def test_nothing_is_skipped_without_a_yes(newsroom: Newsroom) -> None:
    poison(newsroom)
    ran = run(newsroom, "parked", "skip", "a")
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "a planted fault of the fold" in ran.stderr
    assert outcomes(newsroom, "a")[2:] == ["parked"] * 4
    assert sum(newsroom.ends().values()) == 10


@pytest.mark.parametrize("command", [("retry",), ("skip",), ("retry", "a", "--tags"), ("retry", "a", "--all")])
def test_one_queue_is_named_in_one_way(newsroom: Newsroom, command: tuple[str, ...]) -> None:
    assert run(newsroom, "parked", *command).returncode == 2


def _of(article_id: str, make: Callable[..., Any], **fields: Any) -> Any:
    """Make an event of an article with an id of its own."""
    return make(article_id=article_id, event_id=new_event_id(), **fields)
