"""The local stack: broker, database and workers under a process manager, all inside one home folder."""

from newsroom_infra.stack.lifecycle import down, logs, refuse_reset, reset, status, up

__all__ = ["down", "logs", "refuse_reset", "reset", "status", "up"]
