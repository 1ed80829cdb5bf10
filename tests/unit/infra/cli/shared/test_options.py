"""Options that several commands share."""

from __future__ import annotations

from typing import NoReturn

import pytest
from click.testing import CliRunner

from newsroom_infra.cli import newsroom


@pytest.mark.parametrize("command", ["emit", "import"])
@pytest.mark.parametrize("error", [KeyError("getpwuid(): uid not found: 4711"), OSError("No username set")])
def test_whoever_has_no_login_name_is_asked_for_an_actor(
    monkeypatch: pytest.MonkeyPatch, command: str, error: Exception
) -> None:
    """Python before 3.13 raises the one, later releases the other."""

    def nobody() -> NoReturn:
        raise error

    monkeypatch.setattr("getpass.getuser", nobody)
    ended = CliRunner().invoke(newsroom, [command], input=b"")
    assert (ended.exit_code, "give --actor" in ended.stderr) == (2, True)
