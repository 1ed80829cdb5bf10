"""The pipeline: many records in flight, the result of each in order, and none lost when the broker refuses one of them.

How a refused record is found, and what is sent again, is in ``recovery.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from newsroom_producers.kafka.protocols import Link, SendUnit
from newsroom_producers.kafka.recovery import recover
from newsroom_producers.kafka.window import Window
from newsroom_producers.receipts import SendResult


class Pipeline:
    """One stream of sends over a link: records in, the result of each out, in the same order."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._window = Window(link)

    def results(self, units: Iterable[SendUnit | None]) -> Iterator[SendResult]:
        """Send every unit and yield the result of each record; ``None`` settles what is in flight before it goes on.

        So does an interrupt or an error of ``units``, before it is raised again.
        """
        try:
            for unit in units:
                if unit is None:
                    yield from self._rest()
                    continue
                for item in unit:
                    self._window.add(item)
                while self._window and (self._window.is_full() or self._window.is_first_known()):
                    yield self._next()
        except (Exception, KeyboardInterrupt):
            yield from self._rest()
            raise
        yield from self._rest()

    def _rest(self) -> Iterator[SendResult]:
        """Yield the results of all that is in flight."""
        if self._window:
            self._link.flush()
        while self._window:
            yield self._next()

    def _next(self) -> SendResult:
        """Wait for the first result of the window, and remove it there."""
        while (result := self._window.await_first()) is None:
            recover(self._window)
        self._window.remove_first()
        return result
