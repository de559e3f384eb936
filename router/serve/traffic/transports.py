"""The transports that a configuration describes."""

import ssl
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit

from router.execute.transport import HttpTransport, Subscriptions, Transport
from router.execute.transport.address import Address
from router.execute.transport.traffic import ManagedTransport, Traffic
from router.serve.traffic.calls import CallHooks
from router.serve.traffic.config import TrafficConfig
from router.serve.traffic.rules import HeaderRule, HeaderRules, Insert, InvalidRule
from router.serve.traffic.steered import SteeredTransport
from router.serve.variants.placement import PlacedTransport


class TrafficError(Exception):
    """A configuration that cannot be: the message says why."""


def build_transports(
    urls: Mapping[str, str],
    config: TrafficConfig | None = None,
    hooks: CallHooks | None = None,
    subscriptions: Mapping[str, Subscriptions] | None = None,
    tls: ssl.SSLContext | None = None,
    placements: Collection[str] | None = None,
) -> dict[str, Transport]:
    """A transport to each subgraph behind HTTP.

    Args:
        urls: by the names of the subgraphs.
        config: how they are asked.
        hooks: around all requests.
        subscriptions: protocols of those subgraphs that have another than the usual one.
        tls: for https; None trusts whom the system trusts.
        placements: of all subgraphs, where others have some that the configuration does not name.

    Raises:
        TrafficError: a URL has credentials, a rule is none, nothing could ever be sent, or there is no such subgraph.
    """
    config = config or TrafficConfig()
    unknown = sorted(set(config.subgraphs) - set(urls))
    if unknown:
        raise TrafficError(f"There is no subgraph {unknown[0]}; there are {', '.join(urls)}.")
    protocols, places = subscriptions or {}, config.placements | frozenset(placements or ())
    transports: dict[str, Transport] = {}
    for name, url in urls.items():
        own = config.of(name)
        traffic = own.traffic or Traffic()
        _refuse_nonsense(name, traffic)
        protocol = own.subscriptions or protocols.get(name, Subscriptions.WEBSOCKET)
        make = partial(_transport, name, traffic=traffic, subscriptions=protocol, tls=tls)
        everybodys = make((own.url or url, *own.replicas))
        if places:
            placed = dict.fromkeys(places, everybodys)
            placed |= {each: make(others) for each, others in own.placements.items()}
            everybodys = PlacedTransport(everybodys, placed)
        transports[name] = steered(everybodys, own.headers, hooks)
    return transports


def _transport(
    subgraph: str, urls: Sequence[str], *, traffic: Traffic, subscriptions: Subscriptions, tls: ssl.SSLContext | None
) -> Transport:
    """One that takes no more care than it is told to: care costs each request some microseconds.

    Raises:
        TrafficError: there is no URL, or one is none or has credentials.
    """
    if not urls:
        raise TrafficError(f"Subgraph {subgraph} has a placement without a URL.")
    for each in urls:
        _refuse_credentials(subgraph, each)
        _refuse_no_url(subgraph, each)
    if len(urls) > 1 or not traffic.is_plain:
        return ManagedTransport(urls, traffic, subscriptions=subscriptions, tls=tls)
    return HttpTransport(
        urls[0],
        timeout=traffic.timeout_seconds,
        max_response_bytes=traffic.max_response_bytes,
        max_connections=traffic.max_connections,
        sharing=traffic.sharing,
        subscriptions=subscriptions,
        tls=tls,
    )


def steered(transport: Transport, rules: tuple[HeaderRule, ...] = (), hooks: CallHooks | None = None) -> Transport:
    """A transport, of whatever kind, with rules for headers and hooks; itself if there are none.

    Raises:
        TrafficError: a rule is none.
    """
    hooks = hooks or CallHooks()
    if not rules and not hooks.before and not hooks.after:
        return transport
    try:
        return SteeredTransport(transport, HeaderRules(rules), hooks)
    except InvalidRule as error:
        raise TrafficError(str(error)) from error


def _refuse_nonsense(subgraph: str, traffic: Traffic) -> None:
    """Refuse what would let nothing through.

    Raises:
        TrafficError: it would.
    """
    if traffic.concurrency is not None and traffic.concurrency.requests < 1:
        raise TrafficError(f"At least one request at a time has to go to subgraph {subgraph}.")
    if traffic.concurrency is not None and not 0 < traffic.concurrency.tenant_share <= 1:
        raise TrafficError(f"A tenant's share of the requests to subgraph {subgraph} is more than 0 and at most 1.")
    if traffic.timeout_seconds <= 0:
        raise TrafficError(f"Subgraph {subgraph} needs some time to answer.")
    if traffic.deadline_header is not None:
        try:
            HeaderRules([Insert(traffic.deadline_header, "0")])
        except InvalidRule as error:
            raise TrafficError(f"Subgraph {subgraph} cannot be told how long it has: {error}") from error


def _refuse_credentials(subgraph: str, url: str) -> None:
    """Refuse a URL with credentials.

    They would go into the header that has the client's own, and URLs are written into logs. Whoever needs them inserts
    the header by a rule.

    Raises:
        TrafficError: it has some.
    """
    place = urlsplit(url).netloc
    if "@" in place:
        raise TrafficError(
            f"The URL of subgraph {subgraph}, at {place.rpartition('@')[2]}, has credentials: leave them out and insert"
            " the header `authorization` instead."
        )


def _refuse_no_url(subgraph: str, url: str) -> None:
    """Refuse what nothing can be asked at.

    Raises:
        TrafficError: it is no URL of HTTP.
    """
    try:
        Address.of(url)
    except ValueError as error:
        raise TrafficError(
            f"A URL of subgraph {subgraph} is none: it has to begin with http:// or https:// and a host."
        ) from error
