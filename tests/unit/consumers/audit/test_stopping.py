"""Audits that are told to stop say that they have no answer, and leave nothing behind that is in the way."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from support import fold_model as make
from support.memory_log import MemoryLog
from support.record_strategies import PARTITIONS, numbered
from support.writing import READER, records_of

from newsroom_consumers.audit.asof import AsOfProgress, FoldStoppedError, as_of, name_of
from newsroom_consumers.audit.verify import VerificationStoppedError, verify
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.log.cut import end_of
from newsroom_consumers.worker.replay import replay
from newsroom_schemas.errors import Kind

LOG = MemoryLog(PARTITIONS, numbered(records_of(make.created(), make.published()), set()))


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """Fold the log into a generation that is live."""
    control = Control(SqliteDatabase(tmp_path))
    replay(control, "main", LOG, end_of(LOG), READER, stopping=threading.Event())
    control.register("main", this_build(PARTITIONS), now=0)
    return control


@pytest.fixture
def stopping() -> threading.Event:
    """Tell everybody to stop."""
    stopping = threading.Event()
    stopping.set()
    return stopping


def test_a_verification_that_is_stopped_decides_nothing(control: Control, stopping: threading.Event) -> None:
    with pytest.raises(VerificationStoppedError, match="nothing is verified") as stopped:
        verify(control, LOG, READER, stopping=stopping)
    assert stopped.value.kind is Kind.UNDECIDED
    assert [each.name for each in control.all()] == ["main"]


def test_who_waits_for_a_fold_of_somebody_else_can_be_stopped(control: Control, stopping: threading.Event) -> None:
    name, said = name_of(LOG, end_of(LOG)), list[str]()
    report = AsOfProgress(said.append, lambda *_: nullcontext(lambda _: None), stopping)
    with (
        control.database.exclusively(name),
        pytest.raises(FoldStoppedError, match=name),
        as_of(control, LOG, READER, make.NOON, report),
    ):
        pass
    assert said == [f"waiting for {name}: another process folds or reads it"]
