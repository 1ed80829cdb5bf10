"""What a person sees of steps and downloads, on a terminal and in a log file."""

from __future__ import annotations

import io
import re

from rich.console import Console

from newsroom_infra.stack.progress import Report


def shown(*, terminal: bool) -> list[str]:
    """Run one step and one download of two files; give the lines that stay."""
    written = io.StringIO()
    report = Report(Console(file=written, force_terminal=terminal, width=80))
    with report.step("formatting storage"):
        pass
    with report.files("fetching jars", 2) as arrived:
        arrived(3_000_000)
        arrived(4_000_000)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.getvalue()).replace("\r", "\n").splitlines()


def test_a_log_file_gets_plain_lines() -> None:
    assert shown(terminal=False) == ["formatting storage", "fetching jars: 2 to come", "fetching jars: 2 files, 7 MB"]


def test_a_terminal_is_told_how_long_a_step_took_and_how_many_files_came() -> None:
    lines = shown(terminal=True)
    assert "formatting storage: done in 0.0 s" in lines
    assert any("2/2 7 MB" in line for line in lines)
