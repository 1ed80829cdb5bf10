"""What readers saw at an instant."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click

from newsroom_infra import logs
from newsroom_infra.cli import views
from newsroom_infra.cli.shared import progress
from newsroom_infra.cli.shared.extras import CONSUMERS
from newsroom_infra.cli.shared.instants import instant_given
from newsroom_infra.cli.shared.interrupt import told_to_stop
from newsroom_infra.cli.shared.options import with_after, with_language, with_limit
from newsroom_infra.cli.shared.output import prints
from newsroom_infra.settings import Settings, load
from newsroom_schemas.instants import to_datetime, to_rfc3339

if TYPE_CHECKING:
    from newsroom_consumers.queries.answers import GoneArticle, LiveArticle, TagPage, TimelinePage
    from newsroom_consumers.queries.readers import ReaderQueries

T = TypeVar("T")


@click.group("as-of")
@click.argument("instant", metavar="TIME", type=instant_given)
@click.pass_context
def as_of(context: click.Context, instant: int) -> None:
    """Show what readers saw at an instant. The log is folded up to TIME: an article, the timeline or a tag.

    TIME is RFC 3339, such as 2025-02-07T18:35:00Z, or a local time of the newsroom, such as '2025-02-07 20:35'. Records
    stamped up to TIME count. Answers are those of `newsroom article`, `timeline` and `tag`. The instant and
    the records that count are printed to standard error.
    """
    context.obj = instant


@as_of.command()
@click.argument("article_id", metavar="ID")
@with_language
@click.pass_obj
@prints(CONSUMERS, lambda: views.article.print_article)
def article(instant: int, article_id: str, language: str) -> LiveArticle | GoneArticle:
    """Print an article as readers saw it. That is its page, or why it was gone; exit 3 if there was none.

    Only the article's own records are folded, and the tags' for their labels. Related articles are left out, because
    they depend on other records.
    """
    from newsroom_consumers.audit.asof import article_as_of
    from newsroom_infra.app import build
    from newsroom_infra.app.log import kafka_log, record_reader

    settings = load()
    control, site, observer = build.control(settings), build.site(settings), _say_moment(settings, instant)
    with closing(kafka_log(settings)) as log:
        reader = record_reader(log)
        return article_as_of(
            control, log, reader, site, instant=instant, article_id=article_id, language=language, observer=observer
        )


@as_of.command()
@with_language
@with_limit
@with_after
@click.pass_obj
@prints(CONSUMERS, lambda: views.lists.print_timeline)
def timeline(instant: int, language: str, limit: int, after: str | None) -> TimelinePage:
    """Print the timeline as readers saw it. The newest story comes first.

    Folds the whole log up to TIME, and keeps the result for the next question about the same time.
    """
    return _ask(instant, lambda readers: readers.timeline(language, limit=limit, after=after))


@as_of.command()
@click.argument("tag_id", metavar="TAG")
@with_language
@with_limit
@with_after
@click.pass_obj
@prints(CONSUMERS, lambda: views.lists.print_tag)
def tag(instant: int, tag_id: str, language: str, limit: int, after: str | None) -> TagPage:
    """Print the stories that carried a tag. The newest comes first; exit 3 if there was no such tag.

    Folds the whole log up to TIME, and keeps the result for the next question about the same time.
    """
    return _ask(instant, lambda readers: readers.tag(tag_id, language, limit=limit, after=after))


def moment(instant: int, cut: Mapping[Any, int], zone: ZoneInfo, *, now: int) -> str:
    """Return a sentence: the instant (microseconds) of an answer, and the offset where each partition ends."""
    at = to_datetime(instant)
    try:
        local = f" ({at.astimezone(zone):%Y-%m-%d %H:%M:%S} in {zone.key})"
    except OverflowError:  # the first and the last day of the calendar, elsewhere on Earth
        local = ""
    ends = ", ".join(f"{topic}/{partition}:{offset}" for (topic, partition), offset in sorted(cut.items()) if offset)
    said = f"as of {to_rfc3339(instant)}{local}, {f'records before {ends}' if ends else 'before every record'}"
    return f"{said}; that is in the future: the answer is what the log says now" if instant > now else said


def _say_moment(settings: Settings, instant: int) -> Callable[[Mapping[Any, int]], None]:
    """Return a function that prints the instant and the cut of an answer to standard error."""
    zone, now = ZoneInfo(settings.timezone), time.time_ns() // 1000
    return lambda cut: click.echo(moment(instant, cut, zone, now=now), err=True)


def _ask(instant: int, question: Callable[[ReaderQueries], T]) -> T:
    """Fold the log up to an instant, or reuse an earlier fold, and return the answer. Progress is on standard error."""
    from newsroom_consumers.audit import asof
    from newsroom_consumers.generations.open import reader_queries
    from newsroom_infra.app import build
    from newsroom_infra.app.log import log_or_archive, record_reader

    settings = load()
    logs.configure(settings.log_level)
    report = asof.AsOfProgress(
        say=partial(click.echo, err=True),
        show=progress.counting,
        stopping=told_to_stop(),
        observer=_say_moment(settings, instant),
    )
    control = build.control(settings)
    with (
        log_or_archive(settings, None) as log,
        asof.as_of(control, log, record_reader(log), instant, report) as name,
        reader_queries(control, build.site(settings), name) as readers,
        asof.then(instant),
    ):
        return question(readers)
