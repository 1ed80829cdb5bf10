"""Progress on standard error: a bar where that is a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import os
import re
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from newsroom_infra.cli.shared import progress


class Terminal(io.StringIO):
    """A standard error that says it is a terminal, and keeps all that is written to it."""

    def isatty(self) -> bool:
        return True


CLEARED = "\x1b[2K"
"""What a terminal is told last, so that the bar's line is empty again."""


@pytest.fixture(autouse=True)
def wide_and_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_bar_counts_up_to_the_total_and_disappears() -> None:
    with redirect_stderr(Terminal()) as terminal, progress.counting(1_200, "records") as show:
        show(300)
        show(600)
    assert "900 of 1,200 records, " in terminal.getvalue()
    assert " s left" in terminal.getvalue()
    assert terminal.getvalue().endswith(CLEARED)


def test_the_bar_of_a_file_that_is_read_to_its_end_says_that_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "stories").write_bytes(b"two\nlines\n")
    with (
        redirect_stderr(Terminal()) as terminal,
        (tmp_path / "stories").open("rb") as file,
        progress.reading(file) as show,
    ):
        file.read()
        show("2 stories")
    assert re.search(r"━ 2 stories \d:\d\d:\d\d 0:00:00\n", terminal.getvalue())
    assert terminal.getvalue().endswith(CLEARED)


def test_of_a_file_without_a_size_nobody_can_say_what_is_left() -> None:
    ours, theirs = os.pipe()
    os.close(theirs)
    for file in (os.fdopen(ours, "rb"), io.BytesIO(b"two\nlines\n")):
        with redirect_stderr(Terminal()) as terminal, file, progress.reading(file) as show:
            file.read()
            show("2 stories")
        assert re.search(r" 2 stories \d:\d\d:\d\d *\n", terminal.getvalue())


def test_a_bar_is_not_moved_again_a_moment_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_BAR_SECONDS", 3600)
    with redirect_stderr(Terminal()) as terminal, progress.reading(io.BytesIO()) as show:
        show("1 stories")
        show("2 stories")
    assert "1 stories" in terminal.getvalue()
    assert "2 stories" not in terminal.getvalue()


@pytest.mark.parametrize(("seconds", "lines"), [(0, 2), (3600, 0)])
def test_elsewhere_a_line_is_printed_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, seconds: float, lines: int
) -> None:
    monkeypatch.setattr(progress, "_PLAIN_SECONDS", seconds)
    with progress.counting(4, "records") as count, progress.reading(io.BytesIO()) as show:
        count(3)
        show("3 stories")
    said = capsys.readouterr().err
    assert said.count("\n") == lines
    assert ("3 of 4 records" in said, "3 stories" in said) == (bool(lines), bool(lines))
