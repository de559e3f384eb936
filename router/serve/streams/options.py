"""Options of `python -m router serve` about streams to clients."""

import argparse
from functools import partial
from typing import Final

from router.serve.config.options import Sets, Switch
from router.serve.streams.settings import Overflow, StreamSettings

_DEFAULTS: Final = StreamSettings()
_WHOSE: Final = {"tenant": "all clients of one tenant", "host": "anonymous clients of one network address"}


def add_stream_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    sets = partial(parser.add_argument, action=Sets)
    parser.add_argument(
        "--defer", action=Switch, key="defer", help="let clients ask for parts of an answer later (default: yes)"
    )
    sets(
        "--slow-readers",
        key="streams.overflow",
        choices=[each.value for each in Overflow],
        help="what happens when a client reads a subscription too slowly: its source waits, its oldest event is "
        f"dropped and it is told so, or its stream ends (default: {_DEFAULTS.overflow.value})",
    )
    sets(
        "--stream-queue",
        key="streams.queue",
        metavar="N",
        help=f"messages that wait for a slow reader before that (default: {_DEFAULTS.queue})",
    )
    sets(
        "--keep-alive",
        key="streams.keep_alive_seconds",
        metavar="SECONDS",
        help="of silence, after which a stream says that it lives, or a client is asked "
        f"(default: {_DEFAULTS.keep_alive_seconds:g})",
    )
    _add_sharing(parser)
    _add_caps(parser)


def _add_sharing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stream-sharing",
        action=Switch,
        key="streams.share",
        help="let equal subscriptions of equal callers have one source of events, if they begin before it has given "
        "any (default: yes)",
    )
    parser.add_argument(
        "--shared-field",
        action=Sets,
        key="streams.shared_fields",
        added=True,
        metavar="FIELD",
        help="a field of the subscription type whose events are the same for all of a tenant with the same scopes: "
        "they have one source; again for more",
    )


def _add_caps(parser: argparse.ArgumentParser) -> None:
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--client-streams",
        key="streams.client_streams",
        read=_cap,
        metavar="N",
        help=f"most streams that one verified client may have open; 0 for any number "
        f"(default: {_DEFAULTS.client_streams})",
    )
    for whose, who in _WHOSE.items():
        sets(
            f"--{whose}-streams",
            key=f"streams.{whose}_streams",
            read=_cap,
            metavar="N",
            help=f"most streams of {who}; 0 for any number (default: 0)",
        )


def _cap(number: str) -> str:
    return "null" if number == "0" else number
