"""Log lines on standard error: plain text in a terminal, JSON elsewhere."""

from __future__ import annotations

import logging
import sys

_CLIENT = "kafka"
"""The logger of kafka-python."""


def configure(level: str) -> None:
    """Write our own log events of a level and above to standard error."""
    import structlog  # noqa: PLC0415 - slow to import, and most commands log nothing

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


def show_library_warnings(level: str) -> None:
    """Write warnings of libraries to standard error, too, for a program that runs unattended."""
    number = max(logging.getLevelNamesMapping()[level.upper()], logging.WARNING)
    logging.basicConfig(level=number, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger(_CLIENT).setLevel(number)
    logging.getLogger(f"{_CLIENT}.net.selector").setLevel(logging.ERROR)  # it warns of every slow batch


def silence_libraries() -> None:
    """Silence Kafka's client in a command, because our own errors tell what is wrong."""
    logging.getLogger(_CLIENT).setLevel(logging.CRITICAL)
