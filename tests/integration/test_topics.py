"""The topics of a real cluster, compared with what is wanted."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from support.stack import free_ports

from newsroom_consumers.log.kafka import KafkaLog
from newsroom_consumers.log.log import MissingTopicError
from newsroom_consumers.waiting import until
from newsroom_infra import topics
from newsroom_infra.cli import newsroom
from newsroom_infra.settings import Settings
from newsroom_infra.topics import ClusterError, TopicDifference
from newsroom_schemas.errors import Kind
from newsroom_schemas.topics import Topics


def check(settings: Settings, *options: str) -> tuple[int, str]:
    """Run ``newsroom topics check``; give its exit code and what it printed."""
    result = CliRunner().invoke(newsroom, ["topics", "check", *options], env=settings.variables())
    return result.exit_code, result.output


def test_topics_made_by_us_differ_in_nothing(broker: str, topic_prefix: str) -> None:
    settings = Settings(kafka=broker, topic_prefix=topic_prefix)
    assert topics.differences(settings) == ()
    code, printed = check(settings)
    assert code == 0
    assert "as wanted" in printed


def test_topics_that_exist_are_not_created_again(broker: str, topic_prefix: str) -> None:
    assert topics.ensure(Settings(kafka=broker, topic_prefix=topic_prefix)) == ()


def test_missing_topics_are_differences(broker: str) -> None:
    settings = Settings(kafka=broker, topic_prefix="nobody-made-these")
    missing = [
        TopicDifference(where=name, setting="exists", wanted="yes", found="no") for name in topics.wanted(settings)
    ]
    assert list(topics.differences(settings)) == missing


def test_a_log_without_its_topics_says_what_creates_them(broker: str) -> None:
    with pytest.raises(MissingTopicError, match=r"has no topic nobody-made-these\.articles: `newsroom up` creates it"):
        KafkaLog(broker, Topics.of("nobody-made-these"), batch=1)


def test_every_other_setting_is_named_and_none_is_altered(broker: str, topic_prefix: str) -> None:
    settings = Settings(kafka=broker, topic_prefix=topic_prefix)
    altered = {"retention.ms": "60000", "cleanup.policy": "compact", "max.message.bytes": "1048588"}
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topics.tags, configs=altered)])
    assert until(lambda: bool(topics.differences(settings)), 10)
    topics.ensure(settings)
    found = topics.differences(settings)
    assert {difference.where for difference in found} == {settings.topics.tags}
    assert {difference.setting: difference.found for difference in found} == altered
    code, printed = check(settings, "--json")
    assert code == 1
    assert [row["setting"] for row in json.loads(printed)] == [difference.setting for difference in found]
    code, printed = check(settings)
    assert (code, [text for text in (*altered, *altered.values()) if text not in printed]) == (1, [])


def test_a_larger_limit_for_records_is_as_good(broker: str, topic_prefix: str) -> None:
    settings = Settings(kafka=broker, topic_prefix=topic_prefix)
    configs = {"max.message.bytes": "5000000", "retention.ms": "60000"}
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topics.tags, configs=configs)])
    assert until(lambda: bool(topics.differences(settings)), 10)
    assert [difference.setting for difference in topics.differences(settings)] == ["retention.ms"]


def test_another_number_of_partitions_is_a_difference(broker: str, topic_prefix: str) -> None:
    settings = Settings(kafka=broker, topic_prefix=topic_prefix)
    with KafkaAdminClient(bootstrap_servers=broker) as admin:
        admin.create_partitions({settings.topics.tags: 3})
    assert until(lambda: bool(topics.differences(settings)), 10)
    (difference,) = topics.differences(settings)
    assert (difference.setting, difference.wanted, difference.found) == ("partitions", "1", "3")


def test_a_cluster_that_is_away_is_an_error_that_could_not_tell() -> None:
    (port,) = free_ports(1)
    with pytest.raises(ClusterError, match=f"127.0.0.1:{port}") as caught:
        topics.differences(Settings(kafka=f"127.0.0.1:{port}"))
    assert caught.value.kind is Kind.UNDECIDED
