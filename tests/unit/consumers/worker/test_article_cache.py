"""A worker keeps as many articles in memory between batches as it is told: it loads the others again."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import fold_model as make
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, PLACE, TOPIC, real, record_of
from support.writing import READER

from newsroom_consumers.control.control import Control
from newsroom_consumers.database import open_database
from newsroom_consumers.store.steps import Step
from newsroom_consumers.worker.follow import follow


class _Folded:
    """Stops a worker once it has gone so many times round, and counts how often it loads articles."""

    def __init__(self, turns: int) -> None:
        self.loads = 0
        self._turns = turns

    def is_set(self) -> bool:
        return self._turns == 0

    def wait(self, timeout: float) -> bool:
        del timeout
        return self.is_set()

    def observe(self, step: Step) -> None:
        self._turns -= step is Step.REPORTED
        self.loads += step is Step.LOADED


@pytest.mark.parametrize(("cached", "loads"), [(0, 4), (1, 3), (2, 2)])
def test_an_article_that_is_not_among_those_kept_is_loaded_again(tmp_path: Path, cached: int, loads: int) -> None:
    """A batch for each event of two articles, A, A, B, A: where one is kept, the last A is loaded again."""
    a, b = [id_ for id_ in map(str, range(100)) if PLACE(TOPIC, id_.encode()) == 0][:2]
    events = [make.created(event_id=f"e{number}", article_id=id_) for number, id_ in enumerate((a, a, b, a))]
    log = MemoryLog(PARTITIONS, [record_of(real(each), offset=at) for at, each in enumerate(events)], sizes=(1,))
    worker = _Folded(len(events))
    control = Control(open_database(tmp_path))
    follow(control, "main", log, READER, worker, cached=cached, observer=worker.observe)
    assert worker.loads == loads
