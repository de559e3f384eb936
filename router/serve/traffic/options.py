"""Options of `python -m router serve` about the way to the subgraphs."""

import argparse
from collections.abc import Sequence
from dataclasses import replace

from router.execute.transport.traffic import Breaking, Concurrency, Hedging, Retries, Traffic
from router.serve.traffic.config import SubgraphTraffic, TrafficConfig
from router.serve.traffic.transports import TrafficError

_DEFAULTS = Traffic()


def add_traffic_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument(
        "--timeout",
        type=float,
        default=_DEFAULTS.timeout_seconds,
        metavar="SECONDS",
        help="of a subgraph's answer, with all attempts (default: %(default)s)",
    )
    parser.add_argument(
        "--replica",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="another place where a subgraph can be reached; it takes its part of the requests",
    )
    parser.add_argument(
        "--concurrency",
        type=int,
        metavar="N",
        help="most requests to one subgraph at the same time; others wait, and tenants take turns (default: no limit)",
    )
    parser.add_argument(
        "--hedge",
        metavar="SECONDS",
        help="ask twice when an answer takes so long; `auto`: longer than 95 %% of the last ones (default: never)",
    )
    parser.add_argument(
        "--deadline-header",
        default=_DEFAULTS.deadline_header,
        metavar="NAME",
        help="tells subgraphs how many milliseconds are left; empty for none (default: %(default)s)",
    )
    _add_switch(parser, "sharing", "let identical requests that are under way to a subgraph be one")
    _add_switch(parser, "retries", "send queries again that did not reach a subgraph, at most one more of ten")
    _add_switch(parser, "breaker", "send nothing to a subgraph that fails, until it answers a probe")
    _add_switch(parser, "tracing", "tell subgraphs which trace a request is part of")


def traffic_of(arguments: argparse.Namespace) -> TrafficConfig:
    """What the options say.

    Raises:
        TrafficError: they say nothing that could be.
    """
    traffic = Traffic(
        timeout_seconds=arguments.timeout,
        sharing=arguments.sharing,
        deadline_header=arguments.deadline_header or None,
        tracing=arguments.tracing,
        retries=Retries() if arguments.retries else None,
        hedging=_hedging(arguments.hedge),
        breaking=Breaking() if arguments.breaker else None,
        concurrency=None if arguments.concurrency is None else Concurrency(arguments.concurrency),
    )
    return TrafficConfig(traffic, subgraphs=_replicas(arguments.replica))


def _add_switch(parser: argparse.ArgumentParser, name: str, what: str) -> None:
    parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=True, help=f"{what} (default: yes)")


def _replicas(given: Sequence[str]) -> dict[str, SubgraphTraffic]:
    found: dict[str, SubgraphTraffic] = {}
    for each in given:
        name, _, url = each.partition("=")
        if not url:
            raise TrafficError(f"{each!r} is no NAME=URL.")
        known = found.get(name, SubgraphTraffic())
        found[name] = replace(known, replicas=(*known.replicas, url))
    return found


def _hedging(after: str | None) -> Hedging | None:
    match after:
        case None:
            return None
        case "auto":
            return Hedging()
        case seconds:
            try:
                return Hedging(after_seconds=float(seconds))
            except ValueError as error:
                raise TrafficError(f"{seconds!r} is neither a number of seconds nor `auto`.") from error
