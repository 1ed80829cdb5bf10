"""What the errors of Kafka's client say about a record."""

from __future__ import annotations

import pytest
from kafka import errors

from newsroom_producers.kafka.protocols import Fault
from newsroom_producers.kafka.transport import _fault


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (errors.MessageSizeTooLargeError(), Fault.REFUSED),
        (errors.InvalidTimestampError(), Fault.REFUSED),
        (errors.InvalidRecordError(), Fault.REFUSED),
        (errors.PolicyViolationError(), Fault.REFUSED),
        (errors.KafkaError("part of a batch with an invalid record"), Fault.COLLATERAL),
        (errors.IllegalStateError("closed forcefully"), Fault.COLLATERAL),
        (errors.OutOfOrderSequenceNumberError(), Fault.COLLATERAL),
        (errors.KafkaTimeoutError(), Fault.AWAY),
        (errors.KafkaConnectionError(), Fault.AWAY),
        (errors.NotEnoughReplicasError(), Fault.AWAY),
        (errors.TopicAuthorizationFailedError(), Fault.FORBIDDEN),
        (errors.ClusterAuthorizationFailedError(), Fault.FORBIDDEN),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else type(value).__name__,
)
def test_an_error_is_the_fault_of_the_record_or_of_something_else(error: Exception, fault: Fault) -> None:
    assert _fault(error) is fault
