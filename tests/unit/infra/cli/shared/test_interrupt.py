"""What the first Ctrl-C does to a command, and what the second does."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from newsroom_infra.cli.shared.interrupt import Interrupt, told_to_stop


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put the handlers of signals back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_work_to_stop_and_the_second_ends_it(number: signal.Signals) -> None:
    stopping = told_to_stop()
    assert not stopping.is_set()
    signal.raise_signal(number)
    assert stopping.is_set()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


def test_ctrl_c_while_an_item_is_handled_lets_that_end_and_takes_no_other() -> None:
    handled = []
    with Interrupt() as interrupt:
        for item in interrupt.watch(iter(range(9))):
            if item == 1:
                signal.raise_signal(signal.SIGINT)
            handled.append(item)
    assert handled == [0, 1]
    assert interrupt.came


def test_ctrl_c_ends_the_wait_for_an_item() -> None:
    def typed() -> Iterator[str]:
        yield "a line"
        signal.raise_signal(signal.SIGINT)
        yield "never read"

    with Interrupt() as interrupt:
        assert list(interrupt.watch(typed())) == ["a line"]
    assert interrupt.came


def test_a_second_ctrl_c_ends_the_command_and_says_what_is_not_known() -> None:
    with Interrupt() as interrupt:
        for _ in interrupt.watch(iter("ab")):
            signal.raise_signal(signal.SIGINT)
            with pytest.raises(SystemExit, match="may or may not be in the log"):
                signal.raise_signal(signal.SIGINT)
