"""The local stack: a broker and a worker kept by a process manager, all of it inside one home.

Example::

    stack.up(Settings(home=Path("/srv/newsroom")), Console())
"""

from newsroom_infra.stack.lifecycle import down, logs, refuse_reset, reset, status, up

__all__ = ["down", "logs", "refuse_reset", "reset", "status", "up"]
