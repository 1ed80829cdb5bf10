"""What ``newsroom promote`` says."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.store.generation import Generation
from newsroom_infra.cli import newsroom

BUILD = this_build({"newsroom.articles": 6, "newsroom.tags": 1})


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """Return the control database of a home with empty generations: two of this build, and one of an older one."""
    control = Control(open_database(tmp_path / "database"))
    for name, build in {"main": BUILD, "trial": BUILD, "old": BUILD._replace(fold_version=0)}.items():
        with closing(control.database.session(name)) as session:
            Generation(session)
        control.enter(name, build, now=0)
    return control


def promote(home: Path, name: str) -> tuple[int, str, str]:
    """Run the command; return its exit code, and what it printed for people and for engineers."""
    variables = {"NEWSROOM_HOME": str(home), "NEWSROOM_DATABASE": ""}
    ended = CliRunner().invoke(newsroom, ["promote", name, "--timeout", "5"], env=variables)
    return ended.exit_code, ended.stdout, ended.stderr


def test_a_promotion_says_what_is_live_and_in_place_of_what(control: Control, tmp_path: Path) -> None:
    assert promote(tmp_path, "main") == (0, "main is live\n", "")
    assert promote(tmp_path, "trial") == (0, "trial is live, in place of main\n", "")
    assert promote(tmp_path, "trial") == (0, "trial is live already\n", "")


def test_whoever_promotes_a_generation_of_another_build_is_told_who_can_move_it(
    control: Control, tmp_path: Path
) -> None:
    warning = "old was made by another build: only workers of that build can move it\n"
    assert promote(tmp_path, "old") == (0, "old is live\n", warning)
