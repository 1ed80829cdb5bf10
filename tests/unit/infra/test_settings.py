"""Settings come from variables, go to other processes as variables, and are shown without their secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsroom_infra.settings import Settings, SettingsError, described, load, masked
from newsroom_schemas.errors import Kind


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings().variables():
        monkeypatch.delenv(name, raising=False)


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sent = Settings(home=tmp_path, kafka_port=21001, database="some folder", languages=("en", "uk"), kafka="a:1,b:2")
    for name, value in sent.variables().items():
        monkeypatch.setenv(name, value)
    received = load()
    assert (received.home, received.kafka_port, received.languages) == (tmp_path, 21001, ("en", "uk"))
    assert received.bootstrap == "a:1,b:2"
    assert received.database_folder == Path("some folder").resolve()


def test_a_database_url_is_sent_as_it_is(tmp_path: Path) -> None:
    url = "postgresql://desk:pass%40word@db/newsroom"
    assert Settings(home=tmp_path, database=url).variables()["NEWSROOM_DATABASE"] == url


def test_what_is_not_set_is_no_variable(tmp_path: Path) -> None:
    assert "NEWSROOM_KAFKA" not in Settings(home=tmp_path).variables()


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSROOM_KAFKA", "")
    assert load().kafka is None


def test_every_wrong_variable_is_named_with_what_it_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSROOM_KAFKA_PORT", "abc")
    monkeypatch.setenv("NEWSROOM_TIMEZONE", "Europe")
    with pytest.raises(SettingsError) as caught:
        load()
    assert set(caught.value.problems) == {"NEWSROOM_KAFKA_PORT", "NEWSROOM_TIMEZONE"}
    assert "'abc'" in str(caught.value)
    assert caught.value.kind is Kind.USAGE


def test_a_slip_in_the_word_for_a_database_makes_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSROOM_DATABASE", "postgresql")
    with pytest.raises(SettingsError, match="write postgres"):
        load()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://desk:pa:ss@db/newsroom", "postgresql://desk:***@db/newsroom"),
        (
            "postgresql://db/newsroom?user=desk&password=pa%20ss&sslmode=require",
            "postgresql://db/newsroom?user=desk&password=***&sslmode=require",
        ),
        ("postgresql://desk@db:5432/newsroom", "postgresql://desk@db:5432/newsroom"),
        ("some folder/with:colon@sign", "some folder/with:colon@sign"),
    ],
)
def test_the_password_of_a_url_is_masked(value: str, shown: str) -> None:
    assert masked(value) == shown


def test_every_setting_is_described_by_its_variable_and_meaning(tmp_path: Path) -> None:
    rows = {row["variable"]: row for row in described(Settings(home=tmp_path, database="postgresql://a:b@c/d"))}
    assert rows["NEWSROOM_HOME"]["value"] == str(tmp_path)
    assert rows["NEWSROOM_DATABASE"]["value"] == "postgresql://a:***@c/d"
    assert all(row["meaning"] for row in rows.values())


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("KAFKA_PORT", "abc", "expected a whole number (found 'abc')"),
        ("KAFKA_PORT", "65536", "expected a whole number <= 65535 (found '65536')"),
        ("WORKERS", "many", "expected a whole number (found 'many')"),
        ("WORKERS", "0", "expected a whole number >= 1 (found '0')"),
        ("DELIVERY_TIMEOUT", "nan", "expected a number > 0.0 (found 'nan')"),
        ("LOG_LEVEL", "loud", "expected text matching regex '^(debug|info|warning|error)$' (found 'loud')"),
        ("TIMEZONE", "Europe", "no such time zone (found 'Europe')"),
    ],
)
def test_a_problem_says_what_was_expected(monkeypatch: pytest.MonkeyPatch, name: str, text: str, problem: str) -> None:
    monkeypatch.setenv(f"NEWSROOM_{name}", text)
    with pytest.raises(SettingsError) as caught:
        load()
    assert caught.value.problems == {f"NEWSROOM_{name}": problem}
