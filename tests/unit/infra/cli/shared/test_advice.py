"""Errors of the SDK name no commands; the command line adds them."""

from __future__ import annotations

import pytest

from newsroom_infra.cli.shared.advice import ADVICE, with_advice
from newsroom_schemas.errors import (
    BrokerAwayError,
    ForbiddenTopicError,
    NewsroomError,
    NotAppendedError,
    OvertakenError,
    RecordRefusedError,
    UnknownTopicError,
)

ERRORS = [
    BrokerAwayError("127.0.0.1:9092", 30, "an-id"),
    BrokerAwayError("127.0.0.1:9092", 30, None),
    RecordRefusedError("newsroom.articles", "storm", "too large"),
    OvertakenError("an-id", "storm"),
    NotAppendedError("127.0.0.1:9092", "KafkaTimeoutError"),
    UnknownTopicError("newsroom.articles", "127.0.0.1:9092"),
    ForbiddenTopicError("newsroom.articles", "127.0.0.1:9092"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_of_the_sdk_names_no_command_and_no_setting_of_the_newsrooms_engineers(error: NewsroomError) -> None:
    assert "`" not in str(error)
    assert "NEWSROOM_" not in str(error)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_command_line_adds_its_advice_behind_the_error(error: NewsroomError) -> None:
    assert with_advice(error).startswith(str(error))
    assert with_advice(error).removeprefix(str(error)) == (f". {ADVICE[type(error)]}" if type(error) in ADVICE else "")
