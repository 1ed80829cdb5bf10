"""How long a command waits has to be a number of seconds that can pass."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from newsroom_infra.cli import newsroom


@pytest.mark.parametrize("command", [["wait"], ["promote", "next"], ["parked", "retry", "story"]])
@pytest.mark.parametrize("seconds", ["nan", "-1", "soon"])
def test_a_timeout_that_is_no_number_of_seconds_is_a_usage_error(command: list[str], seconds: str) -> None:
    answered = CliRunner().invoke(newsroom, [*command, "--timeout", seconds])
    assert answered.exit_code == 2
    assert "--timeout" in answered.output
