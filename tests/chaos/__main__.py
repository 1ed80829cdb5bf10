"""``python -m chaos``: attack a newsroom of its own for some minutes, and say what came of its promises."""

from __future__ import annotations

import argparse
import shutil
import signal
import statistics
import sys
import tempfile
from pathlib import Path

from chaos.run import Report, run
from chaos.stage import own_broker
from rich.console import Console

_SHOWN = 30
"""Findings to print; all are in the folder."""


def main() -> None:
    """Parse the command line, run, print, and exit with 1 on any finding."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the same faults for the same seed (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long to break things (default: %(default)s)")
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=True, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="newsroom-chaos-"))
    try:
        with own_broker(console) as broker:
            report = run(
                broker,
                options.database,
                seed=options.seed,
                seconds=options.minutes * 60,
                folder=folder,
                console=console,
            )
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        console.print("interrupted: everything is stopped, and nothing was checked")
        sys.exit(130)
    _print(report, folder)
    sys.exit(1 if report.findings else 0)


def _print(report: Report, folder: Path) -> None:
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"seed {report.of.seed}, {report.of.database}, {report.of.seconds:.0f} s")
    console.print(f"sends: {_counted(report.words)}; {report.records:,} records in the log")
    console.print(f"outcomes: {_counted(report.outcomes)}")
    console.print(f"faults: {_counted(report.faults)}; {sum(report.faults.values())} in all")
    for kind, seconds in sorted(report.recoveries.items()):
        middle = statistics.median(seconds)
        console.print(
            f"  recovered from {kind}: {middle:.1f} s (median of {len(seconds)}), {max(seconds):.1f} s at most"
        )
    promotions = ", ".join(f"{seconds:.0f}" for seconds in report.promotions) or "none"
    console.print(f"promotions, seconds from the replay's begin: {promotions}; {report.replays_killed} replays killed")
    for each in report.skipped:
        console.print(f"not as planned: {each}")
    console.print(f"{report.looks:,} looks at what was live; {report.snapshots} snapshots taken in the storm")
    console.print(f"{len(report.findings)} findings in {report.generations} generations and these snapshots")
    for finding in report.findings[:_SHOWN]:
        console.print(f"  {finding}", markup=False)
    if report.findings:
        (folder / "findings.txt").write_text("\n".join(map(str, report.findings)))
        console.print(f"evidence: {folder}")
    else:
        shutil.rmtree(folder)


def _counted(counts: object) -> str:
    assert isinstance(counts, dict)
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda each: -each[1]))


if __name__ == "__main__":
    main()
