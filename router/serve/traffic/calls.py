"""Hooks around the requests to subgraphs."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from router.execute.terms import Terms
from router.execute.transport.base import SubgraphFailure, SubgraphResponse


@dataclass(slots=True)
class SubgraphCall:
    """A request that is about to be sent.

    Attributes:
        headers: that the subgraph gets, names in lower case; a hook may change them.
        terms: of the operation; `terms.origin` is the client's RequestContext.
        deadline: the event loop's time until which the answer is waited for.
    """

    subgraph: str
    query: str
    variables: Mapping[str, Any] | None
    headers: dict[str, str]
    terms: Terms
    deadline: float | None


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What became of a request.

    Attributes:
        seconds: it took, with everything that was done for it.
        response: None if there was none.
        failure: why there was none.
    """

    seconds: float
    response: SubgraphResponse | None = None
    failure: SubgraphFailure | None = None


class RequestHook(Protocol):
    """Sees each request before it is sent, and may change its headers."""

    def __call__(self, call: SubgraphCall, /) -> Awaitable[None]:
        """Look at a request.

        Raises:
            SubgraphFailure: it is not to be sent.
        """
        ...


class ResponseHook(Protocol):
    """Sees what became of each request; the answer goes on as it is, whatever the hook does."""

    def __call__(self, call: SubgraphCall, outcome: CallOutcome, /) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class CallHooks:
    """Around all requests to subgraphs, each in their order; of a subscription, around its beginning."""

    before: tuple[RequestHook, ...] = ()
    after: tuple[ResponseHook, ...] = ()
