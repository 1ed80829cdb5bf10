"""The architecture page is true: its paths exist, every folder is in it, and its floors are those that are enforced."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PACKAGES = (
    "schemas/newsroom_schemas",
    "producers/newsroom_producers",
    "consumers/newsroom_consumers",
    "infra/newsroom_infra",
)


def _section(package: str) -> str:
    """Return the section of a package: from its heading to the next."""
    return re.split(r"^## ", PAGE, flags=re.MULTILINE)[1 + PACKAGES.index(package)]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_path_that_a_section_names_exists(package: str) -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", _section(package), flags=re.MULTILINE)
    named = [path for row in rows for path in re.findall(r"`([^`]+)`", row)]
    assert named
    assert [path for path in named if not (ROOT / package / path).exists()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_is_in_its_section(package: str) -> None:
    folders = [each.parent.name for each in (ROOT / package).glob("*/__init__.py")]
    assert [folder for folder in folders if f"`{folder}/`" not in _section(package)] == []


def test_the_floors_are_those_that_are_enforced() -> None:
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (floors,) = (each["layers"] for each in tool["contracts"] if each["name"] == "the floors of the read side")
    shown = re.search(r"```text\n(audit\n.*?)```", PAGE, flags=re.DOTALL)
    assert shown is not None
    folders = [floor for floor in floors if floor != "files | progress | waiting"]
    assert [line.replace("│", "|") for line in shown[1].splitlines()] == folders
