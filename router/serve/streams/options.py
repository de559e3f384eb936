"""Options of `python -m router serve` about streams to clients."""

import argparse

from router.serve.streams.settings import Overflow, StreamSettings

_DEFAULTS = StreamSettings()


def add_stream_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--defer",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let clients ask for parts of an answer later (default: yes)",
    )
    parser.add_argument(
        "--slow-readers",
        choices=[each.value for each in Overflow],
        default=_DEFAULTS.overflow.value,
        help="what happens when a client reads a subscription too slowly: its source waits, its oldest event is "
        "dropped and it is told so, or its stream ends (default: %(default)s)",
    )
    parser.add_argument(
        "--stream-queue",
        type=int,
        default=_DEFAULTS.queue,
        metavar="N",
        help="messages that wait for a slow reader before that (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-alive",
        type=float,
        default=_DEFAULTS.keep_alive_seconds,
        metavar="SECONDS",
        help="of silence, after which a stream says that it lives, or a client is asked (default: %(default)s)",
    )
    parser.add_argument(
        "--client-streams",
        type=int,
        default=_DEFAULTS.client_streams,
        metavar="N",
        help="most streams that one verified client may have open; 0 for any number (default: %(default)s)",
    )
    for whose in ("tenant", "host"):
        parser.add_argument(
            f"--{whose}-streams",
            type=int,
            default=0,
            metavar="N",
            help=f"most streams of {_WHOSE[whose]}; 0 for any number (default: %(default)s)",
        )


_WHOSE = {"tenant": "all clients of one tenant", "host": "anonymous clients of one network address"}


def streams_of(arguments: argparse.Namespace) -> StreamSettings:
    """What the options say."""
    return StreamSettings(
        queue=max(arguments.stream_queue, 1),
        overflow=Overflow(arguments.slow_readers),
        keep_alive_seconds=arguments.keep_alive,
        client_streams=arguments.client_streams or None,
        tenant_streams=arguments.tenant_streams or None,
        host_streams=arguments.host_streams or None,
    )
