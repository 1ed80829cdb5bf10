"""Every planted bug is caught by its name within seconds; the same fault does a sound build no harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from chaos.bugs import BUGS
from chaos.scenes import Scene, a_crash, a_fast_clock, a_frozen_worker, a_rollback, a_second_send, an_edit
from support.kit import Newsroom


class Case(NamedTuple):
    """What happens to a build, and how the checker has to name what comes of it, at least."""

    happens: Callable[[Scene], None]
    kind: str


CASES = {
    "cursor-apart": Case(a_crash, "lost"),
    "unfenced": Case(a_frozen_worker, "zombie-write"),
    "no-dedupe": Case(a_second_send, "duplicate"),
    "by-timestamp": Case(a_fast_clock, "reordered"),
    "draft-shown": Case(an_edit, "leaked"),
    "not-sought-back": Case(a_rollback, "lost"),
}

FAULTS = ("cursor-apart", "unfenced", "not-sought-back")
"""Cases in which a worker comes to grief; in the others all that happens is editorial acts."""


def on_its_database(bug: str) -> Any:
    """Return the case with the database that can have it."""
    return pytest.param(bug, "postgres" if bug == "unfenced" else "sqlite", id=bug)


@pytest.mark.parametrize(("bug", "database"), [on_its_database(bug) for bug in CASES])
def test_a_planted_bug_is_caught(bug: str, newsroom: Newsroom, tmp_path: Path) -> None:
    found = Scene(newsroom, tmp_path, bug).play(CASES[bug].happens)
    assert CASES[bug].kind in {each.kind for each in found}, found


@pytest.mark.parametrize(("bug", "database"), [on_its_database(bug) for bug in FAULTS])
def test_the_same_fault_does_a_sound_build_no_harm(bug: str, newsroom: Newsroom, tmp_path: Path) -> None:
    assert Scene(newsroom, tmp_path, "none").play(CASES[bug].happens) == []


def test_no_bug_is_left_out() -> None:
    assert CASES.keys() == BUGS.keys() - {"none"}
