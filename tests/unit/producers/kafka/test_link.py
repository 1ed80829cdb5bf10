"""What the errors of Kafka's client say about a record, and about the client itself."""

from __future__ import annotations

from typing import Any

import pytest
from kafka import errors

from newsroom_producers.kafka.link import KafkaLink, close_producer, failure_kind
from newsroom_producers.kafka.protocols import FailureKind, PendingRecord
from newsroom_schemas.errors import ForbiddenTopicError, NewsroomError, RecordRefusedError, UnknownTopicError


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


class Client:
    """A client of Kafka that takes no record, and whose thread does not end."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self._sender = self
        self.is_forced = False

    def send(self, *_: Any, **__: Any) -> None:
        """Refuse at once."""
        raise self.error

    def force_close(self) -> None:
        """Note that it was asked to drop everything."""
        self.is_forced = True

    def close(self, timeout: float) -> None:
        """Time out."""
        raise errors.KafkaTimeoutError(f"nothing has ended within {timeout} s")


class Link(KafkaLink):
    """A link over such a client."""

    def __init__(self, error: Exception) -> None:
        super().__init__("127.0.0.1:9092", 1)
        self._client = Client(error)

    def _open(self) -> Client:
        return self._client


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (errors.KafkaTimeoutError(), UnknownTopicError),
        (errors.TopicAuthorizationFailedError(), ForbiddenTopicError),
        (errors.MessageSizeTooLargeError(), RecordRefusedError),
    ],
)
def test_a_record_that_the_client_does_not_even_take_is_an_error_of_ours(
    error: Exception, said: type[NewsroomError]
) -> None:
    with pytest.raises(said, match=r"newsroom\.articles"):
        Link(error).post(PendingRecord("e1", "newsroom.articles", b"storm", b"x", []))


def test_a_client_that_does_not_end_is_made_to_drop_what_it_has_and_is_told_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client(errors.KafkaError())
    close_producer(client, 0)
    assert client.is_forced
    assert "the producer's thread does not end" in caplog.text
