"""What one request carries: who asks, and what it has loaded so far."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from shared.caller import Caller
from shared.errors import Unauthenticated

LoadersT = TypeVar("LoadersT")


@dataclass
class BaseContext(ABC, Generic[LoadersT]):
    """The context of one request; a subgraph adds what its resolvers may reach.

    Attributes:
        identity: the caller, or None for an anonymous request.
        goes_on_after: of a subscription, the cursor of the last event that the client has seen; None if it begins now.
        cursor: of the event that a subscription gives next; whoever subscribes may go on after it.
    """

    identity: Caller | None
    goes_on_after: str | None = field(default=None, init=False)
    cursor: str | None = field(default=None, init=False)
    _loaders: LoadersT | None = field(default=None, init=False, repr=False)

    @property
    def caller(self) -> Caller:
        """The caller.

        Raises:
            Unauthenticated: the request is anonymous.
        """
        if self.identity is None:
            raise Unauthenticated
        return self.identity

    @property
    def loaders(self) -> LoadersT:
        """The loaders of this request; they read as the caller, so there are none for an anonymous request."""
        if self._loaders is None:
            self._loaders = self.make_loaders(self.caller)
        return self._loaders

    def refresh(self) -> None:
        """Forget what was loaded: after a write, and between the events of a subscription."""
        self._loaders = None

    @abstractmethod
    def make_loaders(self, caller: Caller) -> LoadersT:
        """Make the loaders of one request."""


class TokenVerifier(Protocol):
    """Tells who asks."""

    async def presented(self, headers: Mapping[str, str]) -> str | None:
        """The token that a request's headers, their names in lower case, present; None for an anonymous request.

        Raises:
            Unauthenticated: nobody is let in with these.
        """
        ...

    async def caller(self, token: str) -> Caller:
        """The caller that such a token is about, also later on.

        Raises:
            Unauthenticated: it is about nobody, or not good any more.
        """
        ...


ContextFactory: TypeAlias = Callable[[Mapping[str, str]], Awaitable[BaseContext[Any]]]
"""Builds a request's context from its headers, whose names are in lower case."""


def contexts(verifier: TokenVerifier, make: Callable[[Caller | None], BaseContext[LoadersT]]) -> ContextFactory:
    """Make a context factory: an invalid token is refused, a missing one makes an anonymous context."""

    async def context(headers: Mapping[str, str]) -> BaseContext[LoadersT]:
        token = await verifier.presented(headers)
        return make(None if token is None else await verifier.caller(token))

    return context
