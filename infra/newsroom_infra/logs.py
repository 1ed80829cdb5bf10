"""What the programs say while they run: one line for each event, for people in a terminal, as JSON elsewhere."""

from __future__ import annotations

import logging
import sys

import structlog

_CLIENT = "kafka"
"""The logger of kafka-python."""


def configure(level: str) -> None:
    """Send our own events to standard error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    terminal = sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def hear_libraries(level: str) -> None:
    """Send what libraries warn of to standard error, too, as a program does that nobody watches."""
    number = max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING)
    logging.basicConfig(level=number, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger(_CLIENT).setLevel(number)
    logging.getLogger(f"{_CLIENT}.net.selector").setLevel(logging.ERROR)  # it warns of every batch that takes long


def hush_libraries() -> None:
    """Keep the broker's client from speaking beside a command, whose own errors say what is wrong."""
    logging.getLogger(_CLIENT).setLevel(logging.CRITICAL)
