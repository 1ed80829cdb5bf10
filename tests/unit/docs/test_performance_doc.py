"""The page of performance has a place for the figures of every benchmark, and says how to measure them again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "performance.md").read_text("utf-8")
BENCHMARKS = re.findall(r"^(bench[a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_has_one_place_for_its_figures(name: str) -> None:
    assert (PAGE.count(f"<!-- {name} -->"), PAGE.count(f"<!-- /{name} -->")) == (1, 1)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_page_says_how_to_repeat_a_benchmark(name: str) -> None:
    assert f"make {name} REPORT=docs/performance.md" in PAGE


def test_the_page_names_files_that_exist() -> None:
    named = set(re.findall(r"`((?:benchmarks|consumers)/[\w./-]+)`", PAGE))
    assert named
    assert [path for path in named if not (ROOT / path).is_file()] == []
