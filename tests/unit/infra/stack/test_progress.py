"""The steps of ``newsroom up`` as people see them: alive on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re

from rich.console import Console

from newsroom_infra.stack.progress import UpProgress


def report(*, terminal: bool) -> list[str]:
    """Run a step, and fetch two files of three; return the lines that are left, and those that were there meanwhile."""
    file = io.StringIO()
    shown = UpProgress(Console(file=file, force_terminal=terminal, width=120, color_system=None))
    with shown.step("formatting storage"):
        pass
    with shown.files("fetching jars", 3) as arrived:
        arrived(1_500_000)
        arrived(2_500_000)
    return [re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", line).rstrip() for line in re.split(r"[\r\n]+", file.getvalue())]


def test_elsewhere_each_step_is_a_line_before_it_begins() -> None:
    assert report(terminal=False) == [
        "formatting storage",
        "fetching jars: 3 to come",
        "fetching jars: 3 files, 4 MB",
        "",
    ]


def test_a_terminal_shows_a_step_while_it_runs_and_then_how_long_it_took() -> None:
    lines = report(terminal=True)
    assert any(line.endswith(" formatting storage") for line in lines)
    assert any(re.fullmatch(r"formatting storage: done in \d\.\d s", line) for line in lines)


def test_a_terminal_shows_how_many_files_have_arrived() -> None:
    lines = report(terminal=True)
    assert any(re.fullmatch(r"fetching jars ━.* 2/3 4 MB", line) for line in lines)
    assert "fetching jars: 3 files, 4 MB" in lines
    assert "fetching jars: 3 to come" not in lines
