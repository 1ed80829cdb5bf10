"""``newsroom emit``: a line in, an answer out, in its place and at once."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.logged import logged
from support.stack import free_ports

from newsroom_infra.cli import newsroom

CREATED = b'{"type": "ArticleCreated", "article_id": "storm", "language": "uk", "slug": "s", "headline": "h"}'
PUBLISHED = b'{"type": "ArticlePublished", "article_id": "storm", "language": "uk"}'

INTERRUPTED = "interrupted: what was read by then is sent, the rest is not"

Emit = Callable[..., Result]


@pytest.fixture
def environment(broker: str, topic_prefix: str) -> dict[str, str]:
    """Return the settings of the command."""
    return {"NEWSROOM_KAFKA": broker, "NEWSROOM_TOPIC_PREFIX": topic_prefix}


@pytest.fixture
def emit(environment: dict[str, str]) -> Emit:
    """Run the command on some input."""

    def run(data: bytes, *options: str, **settings: str) -> Result:
        return CliRunner().invoke(newsroom, ["emit", *options], input=data, env={**environment, **settings})

    return run


def answers(result: Result) -> list[dict[str, Any]]:
    """Read what was printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_every_event_is_answered_with_its_place(emit: Emit, topic_prefix: str) -> None:
    result = emit(CREATED + b"\n" + PUBLISHED + b"\n")
    first, second = answers(result)
    assert result.exit_code == 0
    assert first["topic"] == second["topic"] == f"{topic_prefix}.articles"
    assert (first["partition"], first["offset"], second["offset"]) == (second["partition"], 0, 1)
    assert set(first) == {"event_id", "topic", "partition", "offset"}


def test_a_bad_line_is_named_and_does_not_stop_the_others(emit: Emit) -> None:
    lines = [CREATED, b"", b"nonsense", b'{"type": "ArticleMoved"}', b"\xff", PUBLISHED]
    result = emit(b"\n".join(lines))
    assert result.exit_code == 1
    assert [answer.get("line") for answer in answers(result)] == [None, 3, 4, 5, None]


def test_gzip_on_standard_input_is_read_as_such(emit: Emit) -> None:
    result = emit(gzip.compress(CREATED))
    assert (result.exit_code, len(answers(result))) == (0, 1)


def test_the_options_say_who_acts_and_with_which_tool(emit: Emit, broker: str, topic_prefix: str) -> None:
    emit(CREATED, "--actor", "olena", "--source", "cms")
    (record,) = logged(broker, f"{topic_prefix}.articles")
    assert (record.event.actor, record.event.source) == ("olena", "cms")


def start(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the command as a process of its own."""
    command = [sys.executable, "-m", "newsroom_infra", "emit"]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, **environment})


def test_an_absent_broker_is_an_error_for_every_line() -> None:
    address = f"127.0.0.1:{free_ports(1)[0]}"
    with start({"NEWSROOM_KAFKA": address, "NEWSROOM_DELIVERY_TIMEOUT": "0.5"}) as process:
        printed, said = process.communicate(CREATED + b"\nnonsense\n" + PUBLISHED)
    answers = [json.loads(line) for line in printed.splitlines()]
    assert (process.returncode, said) == (1, b"")
    assert [answer["line"] for answer in answers] == [1, 2, 3]
    assert answers[1]["error"].startswith("is not JSON")
    assert all(f"no acknowledgement from the broker at {address}" in answer["error"] for answer in answers[::2])


def test_whoever_writes_into_the_pipe_has_the_answer_before_the_next_line(environment: dict[str, str]) -> None:
    with start(environment) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for offset in range(3):
            process.stdin.write(CREATED + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["offset"] == offset
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_interrupt_ends_the_command_when_what_was_read_is_answered(environment: dict[str, str]) -> None:
    with start(environment) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(CREATED + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["offset"] == 0
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 1
    assert said.decode().splitlines()[0] == INTERRUPTED
