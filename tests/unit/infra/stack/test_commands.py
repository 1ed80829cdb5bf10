"""The stack's commands where nothing runs: exit codes, JSON, refusals."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NoReturn

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from newsroom_infra.cli import newsroom
from newsroom_infra.settings import Settings
from newsroom_infra.stack import parts
from newsroom_infra.stack.errors import DiskFullError, NoLogsError, ResetRefusedError, WorkersError
from newsroom_infra.stack.lifecycle import check_disk


def run(home: Path, *arguments: str, **variables: str) -> Result:
    """Run a command with a home of its own."""
    return CliRunner().invoke(newsroom, arguments, env={"NEWSROOM_HOME": str(home), "NEWSROOM_KAFKA": "", **variables})


def test_status_of_what_does_not_run_exits_with_1(tmp_path: Path) -> None:
    result = run(tmp_path, "status", "--json", NEWSROOM_KAFKA_PORT="21001")
    assert result.exit_code == 1
    stopped = {"state": "stopped", "pid": None, "uptime": None}
    assert json.loads(result.output) == [
        {"process": "kafka", **stopped, "port": 21001},
        {"process": "worker", **stopped, "port": None},
    ]


def test_status_of_postgres_has_a_server_and_its_workers_and_names_the_database(tmp_path: Path) -> None:
    variables = {"NEWSROOM_DATABASE": "postgres", "NEWSROOM_POSTGRES_PORT": "21432", "NEWSROOM_WORKERS": "3"}
    found = {row["process"]: row["port"] for row in json.loads(run(tmp_path, "status", "--json", **variables).output)}
    workers = {"worker-1": None, "worker-2": None, "worker-3": None}
    assert found == {"kafka": 19092, "postgres": 21432, **workers}
    assert "database: PostgreSQL on 127.0.0.1:21432" in run(tmp_path, "status", **variables).output


def test_a_database_of_ones_own_has_workers_and_no_server_and_shows_no_password(tmp_path: Path) -> None:
    variables = {"NEWSROOM_DATABASE": "postgresql://desk:secret@db/newsroom", "NEWSROOM_WORKERS": "2"}
    found = json.loads(run(tmp_path, "status", "--json", **variables).output)
    assert [row["process"] for row in found] == ["kafka", "worker-1", "worker-2"]
    assert "database: PostgreSQL at postgresql://desk:***@db/newsroom" in run(tmp_path, "status", **variables).output


@pytest.mark.parametrize("database", ["", "sqlite", "some folder"])
def test_sqlite_takes_one_worker(tmp_path: Path, database: str) -> None:
    result = run(tmp_path, "up", NEWSROOM_DATABASE=database, NEWSROOM_WORKERS="2")
    assert isinstance(result.exception, WorkersError)
    assert "DATABASE=postgres" in str(result.exception)


def test_there_are_no_more_workers_than_partitions_unless_asked_for(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database="postgres")
    assert len(parts.workers(settings)) == min(len(os.sched_getaffinity(0)), 7)
    assert len(parts.workers(replace(settings, workers=9))) == 9


def test_down_of_what_does_not_run_makes_no_home(tmp_path: Path) -> None:
    result = run(tmp_path / "home", "down")
    assert (result.exit_code, result.output) == (0, "nothing was running\n")
    assert not (tmp_path / "home").exists()


def test_a_reset_of_what_was_never_started_makes_no_home(tmp_path: Path) -> None:
    assert run(tmp_path / "home", "reset", "--yes").exit_code == 0
    assert not (tmp_path / "home").exists()


def test_following_logs_ends_by_ctrl_c_as_it_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "kafka.log").touch()

    def interrupted(command: list[str], **_: object) -> NoReturn:
        assert command[-2:] == ["-F", str(tmp_path / "logs" / "kafka.log")]
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.run", interrupted)
    result = run(tmp_path, "logs", "--follow")
    assert (result.exit_code, result.output) == (0, "")


def test_logs_prints_the_last_lines_of_a_program(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "kafka.log").write_text("one\ntwo\nthree\n")
    assert run(tmp_path, "logs", "kafka", "-n", "2").exit_code == 0
    assert capfd.readouterr().out == "two\nthree\n"


def test_logs_of_worker_are_those_of_all_workers(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "logs").mkdir()
    for name in ("kafka", "worker-1", "worker-2"):
        (tmp_path / "logs" / f"{name}.log").write_text(f"{name} said this\n")
    assert run(tmp_path, "logs", "worker").exit_code == 0
    said = capfd.readouterr().out
    assert "worker-1 said this" in said
    assert "worker-2 said this" in said
    assert "kafka" not in said
    assert "there are kafka, worker-1, worker-2" in str(run(tmp_path, "logs", "../secret").exception)


def test_logs_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    assert isinstance(run(tmp_path, "logs").exception, NoLogsError)


def test_a_reset_that_is_not_confirmed_drops_nothing(tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    result = CliRunner().invoke(newsroom, ["reset"], input="n\n", env={"NEWSROOM_HOME": str(tmp_path)})
    assert result.exit_code == 1
    assert (tmp_path / "kafka").exists()


def test_a_reset_keeps_the_jars_and_what_is_not_ours(tmp_path: Path) -> None:
    names = ("kafka/data", "jars", "database", "folder")
    for name in names:
        (tmp_path / name).mkdir(parents=True)
    kept = {"folder/main.lock", "folder/letter.txt", "folder/my-holiday.sqlite", "jars/a.jar", "lock"}
    for name in ("folder/control.sqlite", "folder/main.sqlite", "folder/main.sqlite-wal", *kept):
        (tmp_path / name).touch()
    assert run(tmp_path, "reset", "--yes", NEWSROOM_DATABASE=str(tmp_path / "folder")).exit_code == 0
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == kept
    assert not (tmp_path / "kafka").exists()


@pytest.mark.parametrize("variable", ["NEWSROOM_KAFKA", "NEWSROOM_DATABASE"])
def test_a_reset_of_what_is_not_the_stacks_own_is_refused(tmp_path: Path, variable: str) -> None:
    result = run(tmp_path, "reset", "--yes", **{variable: "postgresql://somewhere/else"})
    assert isinstance(result.exception, ResetRefusedError)
    assert result.exception.variable == variable


def test_settings_are_printed_with_secrets_masked(tmp_path: Path) -> None:
    result = run(tmp_path, "settings", "--json", NEWSROOM_DATABASE="postgresql://desk:secret@db/newsroom")
    values = {row["variable"]: row["value"] for row in json.loads(result.output)}
    assert values["NEWSROOM_HOME"] == str(tmp_path)
    assert values["NEWSROOM_DATABASE"] == "postgresql://desk:***@db/newsroom"
    assert "secret" not in run(tmp_path, "settings", NEWSROOM_DATABASE="postgresql://desk:secret@db/n").output


def test_too_little_disk_is_an_error_that_says_how_much_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(DiskFullError, match="NEWSROOM_HOME"):
        check_disk(tmp_path, 10**18)
