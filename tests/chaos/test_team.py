"""How a worker ends is noted: a clean end when it is told to is none of the checker's business, any other is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from chaos.team import end
from support.workers import Worker

_WAITS = "signal.signal(signal.SIGTERM, lambda *_: sys.exit({})); print('following', flush=True); signal.pause()"
Start = Callable[[str], Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process that runs some Python in place of a worker."""
    with ExitStack() as started:

        def run(body: str) -> Worker:
            line = [sys.executable, "-c", f"import signal, sys; {body}"]
            file = started.enter_context((tmp_path / "said").open("wb"))
            process = started.enter_context(subprocess.Popen(line, stdout=file, stderr=file))
            started.callback(process.kill)
            return Worker(process, tmp_path / "said")

        yield run


def test_a_worker_that_ends_well_when_told_to_is_no_finding(start: Start) -> None:
    assert end(start(_WAITS.format(0))) is None


def test_a_worker_that_ends_with_another_code_is_told(start: Start) -> None:
    assert end(start(_WAITS.format(3))) == "a worker ended with 3 after SIGTERM: following"


def test_a_worker_that_had_ended_before_it_was_told_to_is_told(start: Start) -> None:
    broken = start("sys.exit('broken')")
    assert broken.exit_code() == 1
    assert end(broken) == "a worker ended with 1 by itself: broken"


def test_a_worker_that_found_another_one_in_its_place_is_no_finding(start: Start) -> None:
    assert end(start("sys.exit('another worker writes main: SQLite takes one.')")) is None
