"""The history of an article: who did what, what it changed, and who won the races that it lost."""

from __future__ import annotations

from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from integration.conftest import on_both_databases
from support.fold_model import correction, edited
from support.kit import CODEC, Newsroom
from support.raw import RawLog
from support.stories import send
from support.workers import run

from newsroom_consumers.audit.history.history import history
from newsroom_consumers.control.control import Control
from newsroom_consumers.fold.record_rules import RecordReader
from newsroom_consumers.log.kafka import KafkaLog, placement
from newsroom_consumers.queries.answers import NotFoundError
from newsroom_producers.desk import new_event_id
from newsroom_schemas.catalogue import CATALOGUE
from newsroom_schemas.instants import to_rfc3339
from newsroom_schemas.values import Author, Block

Told = dict[str, Any]


NOW = 1_800_000_000_000_000
"""When the histories are told, microseconds."""


def answer_of(newsroom: Newsroom, article_id: str = "storm") -> Told:
    """Fold what is in the log, and tell the history of an article."""
    newsroom.work()
    with closing(KafkaLog(newsroom.bootstrap, newsroom.topics, batch=newsroom.batch)) as log:
        reader = RecordReader(CODEC, tags_topic=newsroom.topics.tags, place=placement(log.partitions))
        answer = history(Control(newsroom.database), log, reader, CODEC.blocks, article_id, now=NOW)
    assert all(event["by_this_build"] is None for event in answer["events"])
    return msgspec.json.decode(msgspec.json.encode(answer), type=Told)


def told(newsroom: Newsroom, article_id: str = "storm") -> list[Told]:
    """Return the events of a history."""
    return list(answer_of(newsroom, article_id)["events"])


def change(event: Told, field: str) -> Told:
    """Return the change of one field."""
    (found,) = [each for each in event["changes"] if each["field"] == field]
    return dict(found)


def marked(event: Told, field: str) -> list[str]:
    """Return the words of a field that differ, with their sign."""
    signs = {"delete": "-", "insert": "+"}
    return [f"{signs[each['op']]}{each['text']}" for each in change(event, field)["words"] if each["op"] in signs]


@on_both_databases
def test_a_lost_edit_is_shown_with_its_editor_and_with_who_won(newsroom: Newsroom) -> None:
    """Scenario 1: petro's edit is in no table, and the history has it: against what he saw, and why it was lost."""
    first = edited(event_id=new_event_id(), headline="Storm over Kyiv", expected_version=1)
    newsroom.desk().create("storm", "uk", headline="Storm")
    send(newsroom, [first])
    newsroom.desk("petro").edit("storm", "uk", headline="Storm over Lviv", lead="Hail.", expected_version=1)
    newsroom.desk().publish("storm", "uk", expected_version=2)
    send(newsroom, [first])
    created, won, lost, published, repeated = told(newsroom)
    assert (lost["actor"], lost["outcome"], lost["reason"]) == ("petro", "rejected", "version_conflict")
    assert lost["compared"] == {"what": "draft", "language": "uk", "from": 1, "to": None}
    assert (marked(lost, "headline"), marked(lost, "lead")) == (["+ over Lviv"], ["+Hail."])
    assert lost["winners"] == [
        {name: won[name] for name in ("event_id", "type", "actor", "recorded_at")} | {"version": 2}
    ]
    assert won["actor"] == "olena"
    assert (marked(created, "headline"), marked(won, "headline")) == (["+Storm"], ["+ over Kyiv"])
    assert published["compared"] == {"what": "readers", "language": "uk", "from": None, "to": 2}
    assert [each["field"] for each in published["changes"]] == ["headline", "slug", "status"]
    assert marked(published, "headline") == ["+Storm over Kyiv"]
    assert (repeated["outcome"], repeated["compared"], repeated["changes"]) == ("duplicate", None, [])


def test_everyone_who_won_is_named(newsroom: Newsroom) -> None:
    """A withdrawal makes a version too: the publication that had not seen it is lost to it as to the edit before."""
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Storm")
    desk.publish("storm", "uk", expected_version=1)
    newsroom.desk("petro").edit("storm", "uk", headline="Hail", expected_version=1)
    newsroom.desk("legal").unpublish("storm", reason="error")
    desk.publish("storm", "uk", expected_version=1)
    lost = told(newsroom)[-1]
    assert [(each["type"], each["actor"], each["version"]) for each in lost["winners"]] == [
        ("ArticleEdited", "petro", 2),
        ("ArticleUnpublished", "legal", 3),
    ]


def test_a_correction_is_shown_as_readers_saw_it(newsroom: Newsroom) -> None:
    """Two edits and a new card reach readers at once: the publication tells what they saw before and see now."""
    desk = newsroom.desk()
    body = (Block(kind="paragraph", text="It rains."), Block(kind="paragraph", text="The Desna rises slowly."))
    desk.create("storm", "uk", headline="Storm on the Desna", blocks=body)
    desk.publish("storm", "uk", expected_version=1)
    desk.edit("storm", "uk", headline="A storm on the Dnipro", expected_version=1)
    fixed = (body[0], Block(kind="paragraph", text="The Dnipro rises slowly."))
    desk.edit("storm", "uk", blocks=fixed, expected_version=2)
    desk.classify("storm", section="weather", tags=("rain",), flags=())
    desk.publish("storm", "uk", expected_version=3, note=correction())
    *_, classified, published = told(newsroom)
    assert published["compared"] == {"what": "readers", "language": "uk", "from": 1, "to": 3}
    assert marked(published, "headline") == ["-Storm", "+A storm", "-Desna", "+Dnipro"]
    same, changed = change(published, "blocks")["blocks"]
    assert (same["op"], changed["op"]) == ("equal", "change")
    (text,) = [field["words"] for field in changed["fields"] if field["field"] == "text"]
    assert [(each["op"], each["text"]) for each in text][1:3] == [("delete", "Desna"), ("insert", "Dnipro")]
    assert change(published, "notes")["after"] == ["correction: The river is the Dnipro."]
    card = {"language": None, "field": "section", "before": None, "after": "weather"}
    assert change(published, "section") == change(classified, "section") == card


def test_a_new_run_is_compared_with_nothing(newsroom: Newsroom) -> None:
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Storm")
    desk.publish("storm", "uk", expected_version=1)
    desk.unpublish("storm", reason="error")
    desk.edit("storm", "uk", headline="Hail", expected_version=2)
    desk.publish("storm", "uk", expected_version=3)
    *_, withdrawn, _, published = told(newsroom)
    assert change(withdrawn, "status") == {"language": "uk", "field": "status", "before": "live", "after": "gone"}
    assert change(withdrawn, "withdrawal")["after"] == {"reason": "error", "note": None, "successor": None}
    assert published["compared"]["from"] is None
    assert marked(published, "headline") == ["+Hail"]
    assert change(published, "status")["before"] == "gone"


def test_a_translation_tells_its_lineage_and_a_refused_one_what_it_wanted(newsroom: Newsroom) -> None:
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Буря")
    for version, headline in ((1, "Storm"), (7, "Tempest")):
        desk.translate(
            "storm", "en", source_language="uk", source_version=version, expected_version=None, headline=headline
        )
    *_, made, refused = told(newsroom)
    assert change(made, "lineage")["after"]["source_version"] == 1
    assert (refused["reason"], marked(refused, "headline")) == ("unknown_source_version", ["-Storm", "+Tempest"])


@on_both_databases
def test_what_is_parked_and_skipped_is_told_as_the_loop_has_it(newsroom: Newsroom, raw_log: RawLog) -> None:
    """The edit behind the poison changes nothing while it waits; once the poison is skipped it is told in its place."""
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Storm")
    raw_log.event(edited(event_id=new_event_id(), headline="Torn"), cut=1)
    desk.edit("storm", "uk", headline="Hail", expected_version=1)
    waiting = told(newsroom)
    assert [each["outcome"] for each in waiting] == ["applied", "parked", "parked"]
    assert [each["changes"] for each in waiting[1:]] == [[], []]
    head = newsroom.look(lambda seen: seen.ledger.head("storm"))
    assert head is not None
    desk.skip(**{name: getattr(head, name) for name in ("key", "topic", "partition", "offset", "sha256")})
    events = told(newsroom)
    assert [each["outcome"] for each in events] == ["applied", "skipped", "applied", "applied"]
    assert marked(events[2], "headline") == ["-Storm", "+Hail"]


def test_records_that_are_no_sound_events_are_told_too(newsroom: Newsroom, raw_log: RawLog) -> None:
    newsroom.desk().create("storm", "uk", headline="Storm")
    raw_log.append(b"storm", None)
    raw_log.event(edited(event_id=new_event_id()), swap=(b"olena", b"ol\0na"))
    raw_log.event(edited(event_id=new_event_id()), key="other")
    assert [each["reason"] for each in told(newsroom)] == [None, "no_value", "invalid_content"]
    assert [each["reason"] for each in told(newsroom, "other")] == ["key_mismatch"]


def test_a_history_is_tied_to_a_seal_and_named_by_what_readers_saw(newsroom: Newsroom) -> None:
    desk = newsroom.desk()
    desk.create("storm", "uk", headline="Storm")
    assert answer_of(newsroom)["headline"] == "Storm"
    desk.publish("storm", "uk", expected_version=1)
    desk.edit("storm", "uk", headline="Hail", expected_version=1)
    answer = answer_of(newsroom)
    assert (answer["headline"], answer["made_at"]) == ("Storm", to_rfc3339(NOW))
    (cut,) = answer["cut"]
    seal = msgspec.json.decode(run(newsroom, "audit", "seal").stdout)
    (cursor,) = [
        each for each in seal["cursors"] if (each["topic"], each["partition"]) == (cut["topic"], cut["partition"])
    ]
    assert (cut["offset"], cut["chain"]) == (cursor["next_offset"], cursor["chain"]) != (0, "")


def test_the_catalogue_tells_what_became_of_its_tags(newsroom: Newsroom) -> None:
    """Labels before and after, and where a tag leads; what was refused says what was wanted."""
    desk = newsroom.desk()
    desk.define_tag("rain", labels={"uk": "Дощ"})
    desk.define_tag("rain", labels={"uk": "Злива", "en": "Rain"})
    desk.define_tag("weather", labels={})
    desk.merge_tag("rain", into="weather")
    desk.define_tag("rain", labels={"uk": "Дощ", "en": "Rain"})
    answer = answer_of(newsroom, CATALOGUE)
    _, defined, weather, merged, refused = answer["events"]
    assert [each["tag_id"] for each in answer["events"]] == ["rain", "rain", "weather", "rain", "rain"]
    assert defined["changes"] == [
        {"language": "en", "field": "label", "before": None, "after": "Rain"},
        {"language": "uk", "field": "label", "before": "Дощ", "after": "Злива"},
    ]
    assert (weather["changes"], change(merged, "into")["after"]) == ([], "weather")
    assert (refused["reason"], change(refused, "label")["after"]) == ("tag_merged", "Дощ")
    shown = run(newsroom, "audit", "history", "--tags").stdout
    assert ("history of the tag catalogue" in shown, "TagDefined rain  applied" in shown) == (True, True)
    assert "label (uk): [-Дощ-] {+Злива+}" in shown


def test_an_article_that_nobody_has_heard_of_has_no_history(newsroom: Newsroom) -> None:
    newsroom.desk().create("storm", "uk", headline="Storm")
    with pytest.raises(NotFoundError, match="unheard-of"):
        told(newsroom, "unheard-of")


HOSTILE = "\x1b[2J\x9b31m\u202e</title><script>alert(1)</script><img src=x onerror=alert(1)> [red]:storm: &amp; \"'"
"""What does something in a careless terminal, or a careless page."""


def test_the_command_tells_people_programs_and_browsers(newsroom: Newsroom, tmp_path: Path) -> None:
    """Texts are shown and do nothing, wherever somebody has put them; a page is written whole or not at all."""
    desk = newsroom.desk(HOSTILE)
    body = (Block(kind="paragraph", text=HOSTILE, label=HOSTILE),)
    authors = (Author(id="a", name=HOSTILE),)
    desk.create("storm", "uk", headline=HOSTILE, slug=HOSTILE, lead=HOSTILE, authors=authors, blocks=body)
    desk.edit("storm", "uk", headline="Буря", expected_version=1)
    newsroom.desk("petro").edit("storm", "uk", headline="Hail", expected_version=1)
    desk.publish("storm", "uk", expected_version=2, note=correction(HOSTILE))
    desk.unpublish("storm", reason="error", note=HOSTILE)
    events = told(newsroom)

    page = tmp_path / "storm.html"
    json, text = run(newsroom, "audit", "history", "storm", "--json"), run(newsroom, "audit", "history", "storm")
    written = run(newsroom, "audit", "history", "storm", "--html", str(page))
    assert [each.returncode for each in (json, text, written)] == [0, 0, 0]
    assert (json.stderr, text.stderr, written.stdout) == ("", "", "")
    assert "for its owner's eyes only" in written.stderr
    piped = run(newsroom, "audit", "history", "storm", "--html", "-")
    assert (piped.stdout[:15], page.stat().st_mode & 0o777) == ("<!doctype html>", 0o600)
    assert msgspec.json.decode(json.stdout)["events"] == events
    assert "{+Буря+}" in text.stdout
    assert "lost to" in text.stdout
    assert [sign for sign in "\x1b\x9b\u202e" if sign in text.stdout + page.read_text()] == []
    tags = _Tags(page.read_text())
    assert tags.open == []
    assert tags.seen.isdisjoint({"script", "img"})
    assert {"ins", "del"} < tags.seen
    assert [name for name in tags.attributes if name.startswith("on") or name in {"src", "href"}] == []
    assert "Буря" in tags.text
    assert "<script>alert(1)</script>" in tags.text
    assert list(tmp_path.glob(".storm*")) == []


class _Tags(HTMLParser):
    """The elements of a page, as a browser would find them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_that_cannot_be_written_leaves_the_one_before(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.desk().create("storm", "uk", headline="Storm")
    newsroom.work()
    (tmp_path / "page").mkdir()
    for page, problem in ((tmp_path / "missing" / "page.html", "cannot be written"), (tmp_path / "page", "directory")):
        answered = run(newsroom, "audit", "history", "storm", "--html", str(page))
        assert (answered.returncode != 0, answered.stdout, problem in answered.stderr) == (True, "", True)
    unknown = run(newsroom, "audit", "history", "unheard-of", "--html", str(tmp_path / "unheard-of.html"))
    assert (unknown.returncode, (tmp_path / "unheard-of.html").exists()) == (3, False)
