"""The ``newsroom`` command: one group, its commands in the files of this folder."""

from __future__ import annotations

import gc
import sys

try:
    import click

    from newsroom_infra import logs
    from newsroom_infra.cli.shared.advice import with_advice
    from newsroom_infra.cli.shared.exits import EXIT_CODES
    from newsroom_infra.cli.shared.lazy import LazyGroup
    from newsroom_schemas.errors import NewsroomError
except KeyboardInterrupt:  # importing takes long enough for somebody to press Ctrl-C
    sys.exit("interrupted")

_HERE = "newsroom_infra.cli"
_ALLOCATIONS = 50_000
"""Objects between two garbage collections: imports make many objects and no garbage."""
_COMMANDS = {
    "up": (f"{_HERE}.stack:up", "Start the local stack."),
    "down": (f"{_HERE}.stack:down", "Stop the local stack and keep its data."),
    "status": (f"{_HERE}.stack:status", "Show which processes run."),
    "logs": (f"{_HERE}.stack:logs", "Print the last lines of the logs."),
    "reset": (f"{_HERE}.stack:reset", "Stop the local stack and drop its data."),
    "topics": (f"{_HERE}.topics:topics", "Check the topics of the log."),
    "settings": (f"{_HERE}.settings:settings", "Print every setting with its meaning."),
    "demo": (f"{_HERE}.demo:demo", "Load a small newsroom of invented stories."),
    "emit": (f"{_HERE}.emit:emit", "Send events to the log."),
    "import": (f"{_HERE}.import_:import_", "Create and publish finished stories."),
    "worker": (f"{_HERE}.worker:worker", "Follow the log into a generation."),
    "article": (f"{_HERE}.article:article", "Print an article as readers see it."),
    "timeline": (f"{_HERE}.timeline:timeline", "Print the recent-news timeline."),
    "tag": (f"{_HERE}.tag:tag", "Print the stories that carry a tag."),
    "outcomes": (f"{_HERE}.outcomes:outcomes", "Print the outcomes of an article's events."),
    "wait": (f"{_HERE}.wait:wait", "Wait until all of the log is folded."),
    "parked": (f"{_HERE}.parked:parked", "List, retry or skip parked records."),
    "generations": (f"{_HERE}.generations:generations", "List the generations."),
    "replay": (f"{_HERE}.replay:replay", "Fold the log into another generation."),
    "promote": (f"{_HERE}.promote:promote", "Make a generation live."),
    "compare": (f"{_HERE}.compare:compare", "Compare two generations."),
    "audit": (f"{_HERE}.audit:audit", "Prove what readers see and saw."),
    "log": (f"{_HERE}.archive:log", "Export, verify and import the log."),
}


@click.group(
    cls=LazyGroup, lazy=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(package_name="newsroom-pipeline")
def newsroom() -> None:
    """Run an event-sourced newsroom: emit editorial events, fold them, ask what readers see.

    Settings are NEWSROOM_* variables: see `newsroom settings`.
    """


def main() -> None:
    """Run the command line; a named error becomes its text and its exit code."""
    gc.set_threshold(_ALLOCATIONS)
    logs.silence_libraries()
    try:
        newsroom.main(standalone_mode=True)
    except NewsroomError as error:
        click.echo(f"error: {with_advice(error)}", err=True)
        sys.exit(EXIT_CODES[error.kind])
