"""The ``newsroom`` command: one group, its commands in the files of this folder."""

from __future__ import annotations

import sys

try:
    import click

    from newsroom_infra import logs
    from newsroom_infra.cli import archive, audit, compare, demo, generations, parked, reading, stack, worker, writing
    from newsroom_infra.cli.shared.exits import EXIT_CODES
    from newsroom_schemas.errors import NewsroomError
except KeyboardInterrupt:  # loading takes long enough for somebody to think better of it
    sys.exit("interrupted")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="newsroom-pipeline")
def newsroom() -> None:
    """Run an event-sourced newsroom: emit editorial events, fold them, ask what readers see.

    Settings are NEWSROOM_* variables: see `newsroom settings`.
    """


for _part in (stack, demo, writing, worker, reading, parked, generations, compare, audit, archive):
    for _command in _part.COMMANDS:
        newsroom.add_command(_command)


def main() -> None:
    """Run the command line; a named error becomes its text and its exit code."""
    logs.hush_libraries()
    try:
        newsroom.main(standalone_mode=True)
    except NewsroomError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(EXIT_CODES[error.kind])
