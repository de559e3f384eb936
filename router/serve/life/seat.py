"""What a worker is told by the process that supervises it."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

WORKER: Final = "ROUTER_WORKER"
"""The variable with the worker's number, from 0; metrics tell the workers apart by it."""

LISTENER: Final = "ROUTER_LISTENER_FD"
READY: Final = "ROUTER_READY_FD"
PARENT: Final = "ROUTER_PARENT_FD"


@dataclass(frozen=True, slots=True)
class Seat:
    """The place of one worker among others.

    Attributes:
        listener: that all share.
        ready: file descriptor, to be written to when the worker answers.
        parent: file descriptor that ends when the parent does.
    """

    listener: socket.socket
    ready: int
    parent: int

    @staticmethod
    def is_taken(environment: Mapping[str, str] = os.environ) -> bool:
        """Whether somebody supervises this process."""
        return LISTENER in environment

    @classmethod
    def taken(cls, environment: Mapping[str, str] = os.environ) -> "Seat | None":
        """That of this process, to be taken once; None if nobody supervises it."""
        if not cls.is_taken(environment):
            return None
        return cls(socket.socket(fileno=int(environment[LISTENER])), int(environment[READY]), int(environment[PARENT]))

    def say_ready(self) -> None:
        """Let the parent know that this worker answers."""
        os.write(self.ready, b"1")
        os.close(self.ready)

    def watch_parent(self, ended: Callable[[], None]) -> None:
        """Call back when the parent is gone, however it went."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            loop.remove_reader(self.parent)
            ended()

        loop.add_reader(self.parent, read)
