"""Options of `python -m router serve` about the way to the subgraphs."""

import argparse
from functools import partial
from typing import Final

from router.execute import Subscriptions
from router.execute.transport.traffic import Traffic
from router.serve.config.options import Plain, Sets, Switch

_DEFAULTS: Final = Traffic()


def add_traffic_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    sets = partial(parser.add_argument, action=Sets)
    sets(
        "--subscription",
        key="traffic.subgraphs.{}.subscriptions",
        metavar="NAME=PROTOCOL",
        help=f"of a subgraph's subscriptions: {', '.join(each.value for each in Subscriptions)} (default: websocket)",
    )
    sets(
        "--timeout",
        key="traffic.all.timeout_seconds",
        metavar="SECONDS",
        help=f"of a subgraph's answer, with all attempts (default: {_DEFAULTS.timeout_seconds:g})",
    )
    sets(
        "--replica",
        key="traffic.subgraphs.{}.replicas",
        added=True,
        metavar="NAME=URL",
        help="another place where a subgraph can be reached; it takes its part of the requests",
    )
    sets(
        "--concurrency",
        key="traffic.all.concurrency.requests",
        metavar="N",
        help="most requests to one subgraph at the same time; others wait, and tenants take turns (default: no limit)",
    )
    sets(
        "--hedge",
        key="traffic.all.hedging",
        read=_hedging,
        metavar="SECONDS",
        help="ask twice when an answer takes so long; `auto`: longer than 95 %% of the last ones (default: never)",
    )
    sets(
        "--deadline-header",
        key="traffic.all.deadline_header",
        metavar="NAME",
        help=f"tells subgraphs how many milliseconds are left; empty for none (default: {_DEFAULTS.deadline_header})",
    )
    _add_switches(parser)


def _add_switches(parser: argparse.ArgumentParser) -> None:
    for name, key, what in (
        ("sharing", "sharing", "let identical requests that are under way to a subgraph be one"),
        ("retries", "retries", "send queries again that did not reach a subgraph, at most one more of ten"),
        ("breaker", "breaking", "send nothing to a subgraph that fails, until it answers a probe"),
        ("tracing", "tracing", "tell subgraphs which trace a request is part of"),
    ):
        parser.add_argument(f"--{name}", action=Switch, key=f"traffic.all.{key}", help=f"{what} (default: yes)")


def _hedging(after: str) -> Plain:
    return "true" if after == "auto" else {"after_seconds": after}
