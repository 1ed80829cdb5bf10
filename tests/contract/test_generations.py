"""What people do with generations at odd moments: when none is live, when one is empty, lost or replaced meanwhile."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection
from support import fold_model as make
from support.batches import fold
from support.record_strategies import PARTITIONS, TOPIC, numbered
from support.writing import records_of

from newsroom_consumers.compare.compare import TopicsDifferError, compare_common, compare_rows, compared
from newsroom_consumers.control.build import this_build
from newsroom_consumers.control.control import Control
from newsroom_consumers.database.database import DatabaseAwayError
from newsroom_consumers.database.sqlite import SqliteDatabase
from newsroom_consumers.generations.open import editor_queries
from newsroom_consumers.generations.overview import overview
from newsroom_consumers.generations.promote import Promotion, promote
from newsroom_consumers.generations.unpark import NothingParkedError, waiting
from newsroom_schemas.errors import Kind

LOG = numbered(records_of(make.created(), make.published()), set())


def entered(folder: Path, *names: str) -> Control:
    """Fold a log into some generations, of which none is live."""
    control = Control(SqliteDatabase(folder))
    for now, name in enumerate(names):
        fold(LOG, control.database, [500], name)
        control.enter(name, this_build(PARTITIONS), now=now)
    return control


@pytest.fixture
def control(tmp_path: Path) -> Control:
    """Fold a log into two generations, of which the first is live."""
    control = entered(tmp_path, "main", "trial")
    control.make_live_if_none_is("main")
    return control


def test_where_nothing_was_ever_folded_there_is_no_generation(tmp_path: Path) -> None:
    assert overview(Control(SqliteDatabase(tmp_path)), None) == []


def test_a_generation_without_tables_is_listed_without_what_they_would_tell(control: Control) -> None:
    """As one is whose worker has entered it and died, or whose file somebody has deleted."""
    control.enter("empty", this_build(PARTITIONS), now=9)
    *_, trial, empty = overview(control, None)
    assert (empty.name, empty.size, empty.cursors, empty.rows) == ("empty", None, (), None)
    assert (trial.name, trial.rows is None) == ("trial", False)


def test_where_none_is_live_a_generation_is_promoted_at_once(tmp_path: Path) -> None:
    control = entered(tmp_path, "main")
    assert promote(control, "main", 0) == Promotion(live="main", before=None)
    assert control.live() == "main"


def test_of_an_article_with_nothing_parked_nothing_can_be_skipped(control: Control) -> None:
    with pytest.raises(NothingParkedError, match="nothing is parked of storm"):
        waiting(control, "storm")


def test_generations_that_are_equally_far_are_compared_whole_by_what_they_have_in_common(control: Control) -> None:
    with compared(control, "main", "trial") as sides:
        assert compare_common(*sides) == compare_rows(*sides)


def test_generations_of_different_logs_are_not_compared(control: Control) -> None:
    control.enter("other", this_build({TOPIC: 1}), now=9)
    with pytest.raises(TopicsDifferError, match="made from different logs") as refused:
        compared(control, "main", "other").__enter__()
    assert refused.value.kind is Kind.UNDECIDED


class TornControl(Control):
    """A control database whose server ends some transactions, with the flip in them stored or not."""

    def __init__(self, database: SqliteDatabase, times: int, *, is_stored: bool) -> None:
        super().__init__(database)
        self.times = times
        self.is_stored = is_stored

    def flip(self, old: str, new: str, within: Connection) -> bool:
        """Flip, or fail before or after that."""
        self.times -= 1
        if self.times < 0 or self.is_stored:
            flipped = super().flip(old, new, within)
        if self.times >= 0:
            raise DatabaseAwayError(old, "a worker has ended the transaction")
        return flipped


@pytest.mark.parametrize("is_stored", [True, False])
def test_a_promotion_whose_transaction_is_ended_finds_out_what_became_of_it(
    tmp_path: Path, control: Control, *, is_stored: bool
) -> None:
    torn = TornControl(SqliteDatabase(tmp_path), 1, is_stored=is_stored)
    assert promote(torn, "trial", 30) == Promotion(live="trial", before="main")
    assert control.live() == "trial"


def test_a_promotion_whose_transaction_is_ended_when_its_time_is_over_fails(tmp_path: Path, control: Control) -> None:
    with pytest.raises(DatabaseAwayError):
        promote(TornControl(SqliteDatabase(tmp_path), 1, is_stored=False), "trial", 0)
    assert control.live() == "main"


class Replaced(SqliteDatabase):
    """A folder whose live generation is replaced and dropped just before somebody opens it."""

    def __init__(self, folder: Path, control: Control) -> None:
        super().__init__(folder)
        self._control = control

    def reading(self, name: str) -> AbstractContextManager[Connection]:
        """Replace and drop it, and open what is left."""
        if name == "main" and self._control.live() == name:
            promote(self._control, "trial", 5)
            self._control.drop(name)
        return super().reading(name)


def test_who_opens_a_generation_that_is_being_replaced_gets_the_one_that_replaces_it(
    tmp_path: Path, control: Control
) -> None:
    with editor_queries(Control(Replaced(tmp_path, control))) as editors:
        assert [each.outcome for each in editors.outcomes("storm")] == ["applied", "applied"]
