"""The topics of a real cluster, compared with what is wanted."""

from __future__ import annotations

from newsroom_infra import topics
from newsroom_infra.settings import Settings


def test_topics_made_by_us_differ_in_nothing(broker: str, topic_prefix: str) -> None:
    settings = Settings(kafka=broker, topic_prefix=topic_prefix)
    assert topics.differences(settings) == ()
    assert topics.ensure(settings) == ()
