"""Twenty seconds of chaos on each database; `make chaos` gives more of it, with other seeds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chaos.run import run
from chaos.stage import Broker, own_broker
from rich.console import Console

SEEDS = {"sqlite": 22, "postgres": 4}
"""Seeds whose first faults are many, short and various."""
SECONDS = 20.0


@pytest.fixture(scope="module")
def own() -> Iterator[Broker]:
    """Run a broker that may be killed."""
    with own_broker(Console(stderr=True)) as broker:
        yield broker


@pytest.mark.usefixtures("swept")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize("database", SEEDS)
def test_chaos_gives_no_finding(own: Broker, database: str, tmp_path: Path) -> None:
    """The evidence of a failure is in the test's temporary folder."""
    report = run(own, database, seed=SEEDS[database], seconds=SECONDS, folder=tmp_path, console=Console(stderr=True))
    assert report.findings == []
    assert report.words["acknowledged"] > 100
    assert sum(report.faults.values()) > 0
    assert report.looks > 0
    assert report.outcomes["applied"] > sum(report.outcomes.values()) / 3
