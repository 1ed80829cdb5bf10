"""What a home remembers, and homes of other releases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsroom_infra.home import (
    VERSION,
    HomeNoteError,
    HomeVersionError,
    NoPasswordError,
    note_of,
    postgres_password_file,
    remember,
)
from newsroom_infra.settings import Settings, load


@pytest.fixture(autouse=True)
def only_the_home_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NEWSROOM_DATABASE", raising=False)
    monkeypatch.setenv("NEWSROOM_HOME", str(tmp_path))


def note(home: Path, text: str) -> None:
    """Write a home's note as another release would have."""
    (home / "home.json").write_text(text)


def test_what_the_last_up_used_is_the_database_of_every_shell(tmp_path: Path) -> None:
    remember(tmp_path, "/srv/news")
    assert load().database_folder == Path("/srv/news")


def test_a_variable_wins_over_what_the_home_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    remember(tmp_path, "postgres")
    monkeypatch.setenv("NEWSROOM_DATABASE", "sqlite")
    assert load().database_folder == tmp_path / "database"


def test_a_home_without_a_note_is_of_the_first_release_and_uses_sqlite(tmp_path: Path) -> None:
    assert note_of(tmp_path) is None
    assert load().database_place == str(tmp_path / "database")


def test_a_note_is_for_its_owners_eyes_only(tmp_path: Path) -> None:
    remember(tmp_path, "postgresql://desk:secret@db/newsroom")
    assert (tmp_path / "home.json").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["home.json"]


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_a_home_of_a_release_that_is_not_known_is_refused(tmp_path: Path, version: int) -> None:
    note(tmp_path, json.dumps({"version": version, "database": {"kind": "other"}}))
    with pytest.raises(HomeVersionError, match=rf"version {version} .*NEWSROOM_HOME"):
        load()


def test_an_older_note_is_written_anew_by_the_next_up(tmp_path: Path) -> None:
    note(tmp_path, '{"version": 1}')
    assert load().database is None
    remember(tmp_path, "postgres")
    assert json.loads((tmp_path / "home.json").read_text()) == {"version": VERSION, "database": "postgres"}


@pytest.mark.parametrize("text", ["", '{"version": 2, "data', "[]", '{"version": "two"}', '{"database": "postgres"}'])
def test_a_note_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    note(tmp_path, text)
    with pytest.raises(HomeNoteError, match=r"home\.json.*newsroom up"):
        load()


def test_the_local_server_is_asked_with_the_password_of_its_home(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database="postgres", postgres_port=21432)
    file = postgres_password_file(tmp_path)
    with pytest.raises(NoPasswordError, match="newsroom up"):
        _ = settings.database_place
    file.parent.mkdir()
    file.write_text("a/b@c")
    assert settings.database_place == "postgresql://newsroom:a%2Fb%40c@127.0.0.1:21432/postgres"
