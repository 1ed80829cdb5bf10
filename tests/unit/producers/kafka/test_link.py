"""What the errors of Kafka's client say about a record."""

from __future__ import annotations

import pytest
from kafka import errors

from newsroom_producers.kafka.link import failure_kind
from newsroom_producers.kafka.protocols import FailureKind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.MessageSizeTooLargeError(), FailureKind.REFUSED),
        (errors.InvalidTimestampError(), FailureKind.REFUSED),
        (errors.InvalidRecordError(), FailureKind.REFUSED),
        (errors.PolicyViolationError(), FailureKind.REFUSED),
        (errors.KafkaError("part of a batch with an invalid record"), FailureKind.COLLATERAL),
        (errors.IllegalStateError("closed forcefully"), FailureKind.COLLATERAL),
        (errors.OutOfOrderSequenceNumberError(), FailureKind.COLLATERAL),
        (errors.KafkaTimeoutError(), FailureKind.AWAY),
        (errors.KafkaConnectionError(), FailureKind.AWAY),
        (errors.NotEnoughReplicasError(), FailureKind.AWAY),
        (errors.TopicAuthorizationFailedError(), FailureKind.FORBIDDEN),
        (errors.ClusterAuthorizationFailedError(), FailureKind.FORBIDDEN),
    ],
    ids=lambda value: value.name if isinstance(value, FailureKind) else type(value).__name__,
)
def test_an_error_is_the_fault_of_the_record_or_of_something_else(error: Exception, kind: FailureKind) -> None:
    assert failure_kind(error) is kind
