"""Advice: what the newsroom's engineers can run when an error of the SDK reaches the command line.

The errors themselves are also read by the programmers of editorial tools, who have none of these commands.
"""

from __future__ import annotations

from collections.abc import Mapping

from newsroom_schemas.errors import (
    BrokerAwayError,
    NewsroomError,
    NotAppendedError,
    RecordRefusedError,
    UnknownTopicError,
)

ADVICE: Mapping[type[NewsroomError], str] = {
    BrokerAwayError: "`newsroom status` shows whether the local broker is running",
    NotAppendedError: "The same command goes on from what is in the log",
    RecordRefusedError: "`newsroom topics check` compares the topic's settings with what the newsroom needs",
    UnknownTopicError: "`newsroom up` creates missing topics; NEWSROOM_TOPIC_PREFIX sets their prefix",
}


def with_advice(error: NewsroomError) -> str:
    """Return the text of an error, followed by the advice for its class where there is one."""
    advice = ADVICE.get(type(error))
    return f"{error}. {advice}" if advice else str(error)
