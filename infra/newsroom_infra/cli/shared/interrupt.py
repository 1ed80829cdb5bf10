"""What Ctrl-C and SIGTERM do: end the input of a command, stop work that can continue later, or abort a proof."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import ClassVar, Self, TypeVar

from newsroom_schemas.errors import Kind, NewsroomError

Item = TypeVar("Item")


def told_to_stop() -> threading.Event:
    """Return an event that SIGTERM or Ctrl-C sets from now on. Work that checks it stops where it can continue later.

    A second signal raises ``KeyboardInterrupt`` at once.
    """
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if stopping.is_set():
            raise KeyboardInterrupt
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return stopping


class ProofStoppedError(NewsroomError):
    """A proof was stopped before its end, so that nothing is known."""

    kind: ClassVar[Kind] = Kind.UNDECIDED

    def __init__(self) -> None:
        """No arguments: the text is always the same."""
        super().__init__("stopped: nothing is proven. Start again")


@contextmanager
def stoppable() -> Iterator[None]:
    """End a proof at once, but cleanly, on Ctrl-C or SIGTERM. Raises ``ProofStoppedError``."""
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise ProofStoppedError from interrupt
    finally:
        signal.signal(signal.SIGTERM, former)


_TWICE = "interrupted twice: what has no answer may or may not be in the log"


class Interrupt:
    """A context in which the first Ctrl-C ends the items that it watches, and the second one ends the command."""

    def __init__(self) -> None:
        self.came = False
        """Whether Ctrl-C was pressed."""
        self._is_waiting = False

    def __enter__(self) -> Self:
        self._former = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGINT, self._former)

    def watch(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield the items until Ctrl-C, which also ends a wait for the next one."""
        while not self.came:
            try:
                self._is_waiting = True
                item = next(items)
                self._is_waiting = False
            except (StopIteration, KeyboardInterrupt):
                self._is_waiting = False
                return
            yield item

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        """Handle the signal: raise out of a wait for an item, but never while one is being sent."""
        if self.came:
            raise SystemExit(_TWICE)
        self.came = True
        if self._is_waiting:
            raise KeyboardInterrupt
