"""What became of parked records, as people read it."""

from __future__ import annotations

import pytest

from newsroom_consumers.queries.answers import Instant, RecordOutcome, SkipFate
from newsroom_infra.cli.views.parked import print_fates, print_parked, print_skipped

SKIP = RecordOutcome(
    event_id="e9",
    type="RecordSkipped",
    language=None,
    outcome="applied",
    reason=None,
    facts={},
    recorded_at=Instant(0),
    actor="olena",
    partition=3,
    offset=14,
)


def test_where_nothing_is_parked_the_list_and_a_retry_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_parked([])
    print_fates([])
    assert capsys.readouterr().out == "nothing is parked\n" * 2


@pytest.mark.parametrize(
    ("outcome", "reason", "said"),
    [
        ("rejected", "nothing_to_skip", "not skipped: nothing_to_skip. It was not the first parked record any more; "),
        ("duplicate", None, "not skipped: duplicate. It was not the first parked record any more; "),
        ("applied", None, "skipped, by event e9 at 3:14"),
    ],
)
def test_a_skip_says_whether_it_came_in_time(
    capsys: pytest.CaptureFixture[str], outcome: str, reason: str | None, said: str
) -> None:
    fields = {name: getattr(SKIP, name) for name in SKIP.__struct_fields__} | {"outcome": outcome, "reason": reason}
    print_skipped(SkipFate(skip=RecordOutcome(**fields), article_id="storm", records=0, outcomes={}, parked=None))
    printed = capsys.readouterr().out
    assert printed.startswith(said)
    assert ("`newsroom outcomes`" in printed) == (outcome != "applied")
