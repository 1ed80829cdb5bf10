"""The demo as a person runs it: loaded by the command, folded by a worker, read back."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner
from support.asked import page, public_text, rows, timeline
from support.kit import SITE, Newsroom
from support.stack import alter_topic, free_ports, fresh_topics
from support.workers import environment, run, worker

from newsroom_consumers.queries.answers import NotFoundError
from newsroom_consumers.store.tables import EDITION, EVENT
from newsroom_infra.cli import newsroom as program
from newsroom_infra.cli.demo import NotUpError
from newsroom_schemas.errors import RecordRefusedError

LANGUAGES = SITE.languages


@pytest.fixture(scope="module")
def newsroom(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """Open a newsroom whose log is empty, with a worker on it."""
    folder = tmp_path_factory.mktemp("demo")
    with (
        fresh_topics(broker, f"demo-{uuid.uuid4().hex[:12]}") as prefix,
        closing(Newsroom(broker, prefix, folder)) as opened,
        worker(opened, folder / "worker.log"),
    ):
        yield opened


@pytest.fixture(scope="module")
def printed(newsroom: Newsroom) -> str:
    """Return what the first demo printed."""
    done = run(newsroom, "demo")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_timeline_of_every_language_is_printed(newsroom: Newsroom, printed: str) -> None:
    for language in LANGUAGES:
        items = newsroom.look(lambda seen, language=language: seen.queries.timeline(language, limit=100)).items  # type: ignore[misc]
        assert len(items) == 8
        assert f"recent news in {language}," in printed
        assert all(item.headline in printed for item in items)


def test_what_is_named_to_try_next_works(newsroom: Newsroom, printed: str) -> None:
    _, _, named = printed.partition("try next")
    commands = [shlex.split(line, comments=True)[1:] for line in named.splitlines() if line]
    assert {words[0] for words in commands} == {"article", "tag", "outcomes"}
    assert [run(newsroom, *words).returncode for words in commands] == [0] * len(commands)


@pytest.mark.usefixtures("printed")
class TestStories:
    """What the demo has to show of a newsroom."""

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_two_stories_share_a_minute(self, newsroom: Newsroom, language: str) -> None:
        both = {"late-book", "old-sourdough"}
        assert both <= set(timeline(newsroom, language))
        assert len({page(newsroom, each, language)["first_published_at"] for each in both}) == 1

    def test_an_update_has_a_note(self, newsroom: Newsroom) -> None:
        updated = page(newsroom, "stork-bridge", "uk")
        assert [note["kind"] for note in updated["notes"]] == ["update"]
        assert updated["updated_at"] > updated["first_published_at"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_correction_has_a_note_in_each_language(self, newsroom: Newsroom, language: str) -> None:
        assert [note["kind"] for note in page(newsroom, "night-tram", language)["notes"]] == ["correction"]

    def test_a_translation_lags_behind_its_source(self, newsroom: Newsroom) -> None:
        editions = {row["language"]: row for row in rows(newsroom, EDITION) if row["article_id"] == "stork-bridge"}
        assert editions["en"]["source_language"] == "uk"
        assert editions["en"]["source_version"] < editions["uk"]["published_version"]
        assert editions["ru"]["source_version"] == editions["uk"]["published_version"]

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_a_takedown_leaves_no_text(self, newsroom: Newsroom, language: str) -> None:
        gone = page(newsroom, "clock-auction", language)
        assert (gone["status"], gone["reason"], gone["languages"]) == ("gone", "legal", [])
        text = public_text(newsroom)
        assert not any(word in text for word in ("вокзальн", "Вокзальн", "station clock", "тихоріцький аукціон"))

    def test_a_scheduled_draft_is_not_public(self, newsroom: Newsroom) -> None:
        with pytest.raises(NotFoundError):
            page(newsroom, "time-capsule", "uk")
        assert "капсул" not in public_text(newsroom)

    def test_a_merged_tag_answers_as_its_target_with_a_label_in_each_language(self, newsroom: Newsroom) -> None:
        labels = {}
        for language in LANGUAGES:
            answer = newsroom.look(lambda seen, language=language: seen.queries.tag("trams", language, limit=9))  # type: ignore[misc]
            labels[language] = answer.tag.label
            assert answer.tag.id == "transport"
            assert {item.article_id for item in answer.items} == {"market-storm", "night-tram"}
        assert labels == {"uk": "Транспорт", "ru": "Транспорт", "en": "Transport"}

    def test_blocks_are_labelled_and_quotes_attributed(self, newsroom: Newsroom) -> None:
        for language, label in {"uk": "Деталі:", "ru": "Подробности:", "en": "Details:"}.items():
            shown = page(newsroom, "stork-bridge", language)
            assert label in {block["label"] for block in shown["blocks"]}
            assert all(block["attribution"] for block in shown["blocks"] if block["kind"] == "quote")
            assert shown["image"]["caption"]
            assert shown["image"]["credit"]

    def test_only_a_lost_race_and_a_hold_are_rejected(self, newsroom: Newsroom) -> None:
        refused = {(row["article_id"], row["reason"]) for row in rows(newsroom, EVENT) if row["outcome"] == "rejected"}
        assert refused == {("market-storm", "version_conflict"), ("clock-auction", "on_hold")}


def test_a_second_demo_changes_nothing_but_event_rows(newsroom: Newsroom, printed: str) -> None:
    before = newsroom.tables()
    assert run(newsroom, "demo").stdout == printed
    after = newsroom.tables()
    assert {name for name in after if after[name] != before[name]} == {"event", "cursor"}
    again = rows(newsroom, EVENT)
    assert sum(row["outcome"] == "duplicate" and not row["differs"] for row in again) == len(before["event"])


def test_without_a_stack_the_demo_says_how_to_start_one(newsroom: Newsroom) -> None:
    (port,) = free_ports(1)
    done = run(newsroom, "demo", kafka=f"127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (4, "")
    assert "`make up`" in done.stderr


def test_without_topics_the_demo_names_them(newsroom: Newsroom) -> None:
    refused = CliRunner().invoke(program, ["demo"], env=environment(newsroom, topic_prefix="nobody-made-these"))
    assert isinstance(refused.exception, NotUpError)
    assert "no topic nobody-made-these.articles, nobody-made-these.tags" in str(refused.exception)


def test_a_demo_whose_events_the_log_refuses_ends_with_the_error_of_the_first(
    newsroom: Newsroom, topic_prefix: str
) -> None:
    alter_topic(newsroom.bootstrap, f"{topic_prefix}.articles", "max.message.bytes", "100")
    refused = CliRunner().invoke(program, ["demo"], env=environment(newsroom, topic_prefix=topic_prefix))
    assert (type(refused.exception), refused.stdout) == (RecordRefusedError, "")


def test_of_a_program_on_the_path_the_demo_says_the_name_only(newsroom: Newsroom, tmp_path: Path) -> None:
    (tmp_path / "newsroom").touch(mode=0o755)
    done = CliRunner().invoke(program, ["demo"], env=environment(newsroom) | {"PATH": str(tmp_path)})
    assert "\n  newsroom tag trams --language en " in done.stdout
