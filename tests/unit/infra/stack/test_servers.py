"""Storage and ports of the stack's servers: what fails is named, and leaves nothing half made."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from newsroom_infra.stack import broker, ports, postgres
from newsroom_infra.stack.errors import FolderError, NoPostgresError, PortInUseError, StartError


def test_storage_of_the_broker_that_cannot_be_formatted_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="StorageTool failed with exit code 1"):
        broker.format_storage(tmp_path, {"NEWSROOM_BROKER": "server.properties", "NEWSROOM_JAVA": "false"})
    assert not (tmp_path / "kafka").exists()


def test_a_database_that_cannot_be_made_is_an_error_and_what_a_killed_try_left_is_removed(tmp_path: Path) -> None:
    """PostgreSQL takes no empty password."""
    (tmp_path / "data.partial-1").mkdir()
    with pytest.raises(StartError, match="initdb failed with exit code"):
        postgres.make_data(tmp_path / "data", "")
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "data.partial-1").exists()


def test_a_folder_of_the_database_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "postgres").touch()
    with pytest.raises(FolderError, match="NEWSROOM_HOME"):
        postgres.make(tmp_path)


def test_where_postgres_is_not_installed_the_error_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NoPostgresError, match=r"pip install 'newsroom-pipeline\[stack\]'"):
        postgres.program("initdb")


@pytest.mark.parametrize("visible", [True, False])
def test_a_port_in_use_is_named_with_its_holder_where_that_can_be_seen(
    monkeypatch: pytest.MonkeyPatch, *, visible: bool
) -> None:
    def denied(_: str) -> NoReturn:
        raise psutil.AccessDenied

    if not visible:
        monkeypatch.setattr("psutil.net_connections", denied)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortInUseError) as caught:
            ports.check({"NEWSROOM_KAFKA_PORT": port})
    holder = f"{psutil.Process().name()} (process {psutil.Process().pid})" if visible else "another process"
    assert f"port {port} on 127.0.0.1 is in use by {holder}" in str(caught.value)
