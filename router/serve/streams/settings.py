"""How streams to clients behave."""

from dataclasses import dataclass
from enum import Enum


class Overflow(Enum):
    """What happens when a client reads more slowly than events come and its queue is full."""

    WAIT = "wait"
    """The operation waits, and its source with it: nothing is lost, and everything is late."""

    DROP_OLDEST = "drop-oldest"
    """The oldest event makes room; the next one that is sent tells how many are missing (`extensions.gap`)."""

    CLOSE = "close"
    """The stream ends with the error `SLOW_CONSUMER`; with its last cursor the client can come back."""


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Bounds on streams, and how they are kept alive.

    Attributes:
        queue: messages that wait for a slow reader of one connection.
        overflow: what happens when there are more.
        write_seconds: that a message may wait for a slow reader, before its connection is given up.
        keep_alive_seconds: of silence, after which something is sent that means nothing: a comment over SSE, a
            heartbeat over multipart, a ping over WebSockets, which must have been answered when the next one is due.
        init_seconds: until a WebSocket must have sent `connection_init`.
        operations: at the same time on one connection that carries several.
        client_streams: connections that one client may have open: one subject of one tenant, as verified.
        tenant_streams: connections that all clients of one tenant may have open; None for any number.
        host_streams: connections that anonymous clients of one network address may have open; None for any number, as
            many clients may stand behind one proxy.
        reservations: of connections over SSE that were asked for and not opened yet, of all clients.
        reservation_seconds: for which one is kept.
        share: whether equal subscriptions of equal callers, with one token or none and the same headers, have one
            source of events, where they begin before it has given any.
        shared_fields: of the subscription type, whose events, with all below them, are the same for all of a tenant who
            have the same scopes and headers, whoever they are and whenever they began. All of those have one source,
            which the subgraph is asked for in the name of one of them. Where the router has verified who they are,
            `authorization`, `cookie` and traces may differ.
    """

    queue: int = 32
    overflow: Overflow = Overflow.WAIT
    write_seconds: float = 30.0
    keep_alive_seconds: float = 15.0
    init_seconds: float = 3.0
    operations: int = 100
    client_streams: int | None = 200
    tenant_streams: int | None = None
    host_streams: int | None = None
    reservations: int = 10_000
    reservation_seconds: float = 15.0
    share: bool = True
    shared_fields: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises: ValueError: nothing could ever be sent."""
        if self.queue < 1:
            raise ValueError("At least one message has to wait for a slow reader: `queue`.")
        if min(self.write_seconds, self.keep_alive_seconds, self.init_seconds) <= 0:
            raise ValueError("Clients need some time: `write_seconds`, `keep_alive_seconds` and `init_seconds`.")
