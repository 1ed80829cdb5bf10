"""Other writers may use Kafka's transactions: their markers take offsets and are not records."""

from __future__ import annotations

from contextlib import closing

from kafka import KafkaProducer
from support.kit import Newsroom


def test_a_generation_reaches_the_end_of_a_log_that_ends_in_markers(newsroom: Newsroom) -> None:
    """One transaction is committed, one aborted; ``work`` ends only when the cursors are at the log's end."""
    newsroom.desk().create("storm", "uk", headline="Буря")
    with closing(KafkaProducer(bootstrap_servers=newsroom.bootstrap, transactional_id="other-writer")) as other:
        other.init_transactions()
        for finish in (other.commit_transaction, other.abort_transaction):
            other.begin_transaction()
            other.send(newsroom.topics.articles, key=b"storm", value=None)
            finish()
    newsroom.work()
    outcomes = newsroom.look(lambda seen: seen.ledger.outcomes("storm"))
    assert [(each.outcome, each.reason) for each in outcomes] == [("applied", None), ("rejected", "no_value")]
    newsroom.desk().publish("storm", "uk", expected_version=1)
    newsroom.work()
    assert newsroom.look(lambda seen: seen.queries.article("storm", "uk")).status == "live"
