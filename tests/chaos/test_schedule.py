"""The schedule of faults."""

from __future__ import annotations

from itertools import islice

import pytest
from chaos.schedule import blows, kinds


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_the_same_seed_gives_the_same_faults_and_another_one_others(database: str) -> None:
    first, again, other = (list(islice(blows(seed, database), 50)) for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_every_kind_of_fault_comes_before_any_comes_again(database: str) -> None:
    wanted = kinds(database)
    found = [(fault.kind, fault.target) for blow in islice(blows(7, database), len(wanted)) for fault in blow.faults]
    assert sorted(found) == sorted(wanted)
