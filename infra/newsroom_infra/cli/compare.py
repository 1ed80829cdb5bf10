"""The command that compares two generations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.options import with_lines
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.cli.views import differences
from newsroom_infra.settings import load

if TYPE_CHECKING:
    from newsroom_consumers.compare.compare import Comparison


@click.command()
@click.argument("a")
@click.argument("b")
@click.option("--common", is_flag=True, help="Compare only articles that both hold completely.")
@with_lines
@prints(CONSUMERS, lambda: _print_comparison, ok=lambda found: found.equal, json=differences.as_json)
def compare(a: str, b: str, *, common: bool) -> Comparison:
    """Compare two generations. Prints what differs from A to B: articles, tag pages, timelines, events.

    Exit 0 if they are equal, 1 if they differ, 3 if there is no such generation, 4 if they have not folded the log
    equally far.
    """
    from newsroom_consumers.compare.compare import compare_common, compare_equal, compared
    from newsroom_infra.app import build

    with compared(build.control(load()), a, b) as sides:
        return compare_common(*sides) if common else compare_equal(*sides)


def _print_comparison(found: Comparison, limit: int) -> None:
    differences.show(differences.lines(found.differences, limit))
    click.echo(_verdict(found))


def _verdict(found: Comparison) -> str:
    articles = "1 article was" if found.left_out == 1 else f"{found.left_out:,} articles were"
    left = f"; {articles} left out, of which one holds more records" if found.left_out else ""
    if found.equal:
        return f"{found.a} and {found.b} are equal{left}"
    return f"from {found.a} to {found.b}: {found.summary}{left}"
