"""What an application may use of a WebSocket beside ASGI, where the server offers it.

ASGI's `send` is a coroutine and needs a task that may wait. Where thousands of sockets are sent the same event, that
task costs more than the sending.
"""

from collections.abc import Callable
from typing import Protocol

EXTENSION = "router.wire"
"""The name of the extension in an ASGI scope; its `wire` is a `Wire`."""


class Wire(Protocol):
    """The way out of an accepted WebSocket."""

    on_writable: Callable[[], None] | None
    """To be called when a wire that was not writable is so again; and, with `on_crowded`, once each time."""

    on_crowded: Callable[[], None] | None
    """To be called when it is not writable any more."""

    @property
    def is_writable(self) -> bool:
        """Whether the client reads fast enough for more."""
        ...

    def write(self, text: bytes) -> None:
        """Send a text message, at once; on a socket that is closed it is lost."""
        ...
