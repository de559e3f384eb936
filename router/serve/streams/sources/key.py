"""Which subscriptions may share a source of events: whatever could tell two of them apart is part of their keys.

Source of the class of mistakes: CVE-2024-32971, one request's answer given to another.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Final, NamedTuple

from router.serve.caching.identity import sorted_json
from router.serve.operation import Operation
from router.serve.request import RequestContext

TELLING: Final = frozenset({"authorization", "cookie", "traceparent", "tracestate", "baggage"})
"""Headers that say who asks, and as part of what: where that was verified, no event depends on them that does not
depend on who asks."""


class Key(NamedTuple):
    """Equal for subscriptions that get the same events in the same words.

    Attributes:
        operation: as an engine has planned it, for what its caller may see and for what holds for the tenant. It is the
            place of an object in memory, which is kept by whoever keeps the key.
        variables: as JSON.
        caller: all of a caller that events may depend on.
        lasts: who comes later may still join; otherwise only until there is an event, as the source may have
            something to say to each newcomer that others do not get.
    """

    operation: int
    variables: str
    caller: Hashable
    lasts: bool


def key_of(
    operation: Operation, variables: Mapping[str, Any], context: RequestContext, shared_fields: Collection[str]
) -> Key | None:
    """The key of a subscription; None where it cannot be told which others are equal.

    Args:
        operation: what is asked.
        variables: coerced.
        context: who asks.
        shared_fields: of the subscription type, whose events do not depend on who of a tenant asks.
    """
    written = sorted_json(variables)
    if written is None or context.cache_use is not None:
        return None
    lasts = _is_known(context) and all(field in shared_fields for field in operation.root_fields)
    caller = _of_a_tenant(context) if lasts else _alike(context)
    return Key(id(operation), written.decode(), caller, lasts)


def _is_known(context: RequestContext) -> bool:
    """Whether the router can tell who is of the caller's tenant: hooks may keep that to themselves."""
    return context.identity is not None or context.principal is None


def _of_a_tenant(context: RequestContext) -> Hashable:
    """What callers of one tenant have in common: `operation` stands for what else they may see.

    Of whom nothing was verified here, subgraphs may learn the tenant by any header.
    """
    identity, given = context.identity, context.headers.items()
    if identity is None:
        return None, frozenset(given), context.seconds, _placement(context)
    headers = frozenset((name, value) for name, value in given if name.lower() not in TELLING)
    return (identity.tenant, identity.scopes), headers, context.seconds, _placement(context)


def _alike(context: RequestContext) -> Hashable:
    """Everything: one token with all that it says, or none, and the same headers."""
    return (
        context.identity,
        frozenset(context.headers.items()),
        id(context.principal),  # nobody knows what it means to the hooks; it is kept with the source
        context.rollout,
        context.seconds,
        context.address,
        context.cache_control,
        _placement(context),
    )


def _placement(context: RequestContext) -> str | None:
    return None if context.policy is None else context.policy.placement
