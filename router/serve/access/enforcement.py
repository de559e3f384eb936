"""Enforce the access rules of a supergraph, request by request."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from http import HTTPStatus
from time import time
from typing import Final, Protocol, TypeAlias

from graphql import DocumentNode

from router.execute.project import UNAUTHORIZED, UNAUTHORIZED_MESSAGE
from router.plan.nodes import OperationKind, QueryPlan
from router.serve.access.identity import Identity
from router.serve.access.touched import NOTHING, Touched
from router.serve.cache import LruCache
from router.serve.errors import Refused
from router.serve.request import GraphQLRequest, RequestContext
from router.supergraph import Supergraph
from router.supergraph.access import AccessKind, AccessRules, Denied, Requirement, Requirements

_CACHED: Final = 1_000
_CACHED_CHARACTERS: Final = 2_000_000
_NOBODYS: Final = frozenset[str]()

Find: TypeAlias = Callable[[str], Awaitable[DocumentNode]]
"""Gives the valid document of a text."""


class Policies(Protocol):
    """Decides on policies: once per request, for all that its operation may need."""

    def __call__(self, names: frozenset[str], context: RequestContext, /) -> Awaitable[Collection[str]]:
        """Those of the policies that the caller meets."""
        ...


class PlanWithout(Protocol):
    """Plans an operation without what is denied."""

    def __call__(
        self,
        document: DocumentNode,
        operation_name: str | None,
        labels: frozenset[str],
        deferring: frozenset[str] | None,
        denied: Denied,
        /,
    ) -> QueryPlan: ...


@dataclass(frozen=True, slots=True)
class Access:
    """How access rules are enforced.

    Attributes:
        reject: refuse an operation that selects anything its caller may not see. Otherwise that is null, with an error
            for each place, and everything else is answered.
        policies: decides on policies; without it nobody meets any.
    """

    reject: bool = False
    policies: Policies | None = None


class Enforcement:
    """The rules of one supergraph at work."""

    def __init__(self, supergraph: Supergraph, rules: AccessRules, plan: PlanWithout, access: Access) -> None:
        """Args: `plan` is asked wherever something is denied."""
        self.plan = plan
        self._supergraph = supergraph
        self._rules = rules
        self._access = access
        self._touched: LruCache[tuple[str, str | None], Touched] = LruCache(_CACHED, _CACHED_CHARACTERS)
        self._denied: LruCache[Requirements, Denied] = LruCache(_CACHED, _CACHED)

    async def failing(self, request: GraphQLRequest, context: RequestContext, find: Find) -> Requirements:
        """What the operation may need and its caller does not have.

        Raises:
            Refused: the document is not valid.
        """
        key = (request.query, request.operation_name)
        touched = self._touched.get(key)
        if touched is None:
            document = await find(request.query)
            touched = Touched.by(self._supergraph, self._rules, document, request.operation_name)
            self._touched.put(key, touched, len(request.query))
        if not touched.requirements:
            return NOTHING
        granted = await self._granted(touched.policies, context)
        identity = _current(context.identity)
        return frozenset(each for each in touched.requirements if not _meets(each, identity, granted))

    def denied(self, failing: Requirements) -> Denied:
        """What a caller may not see who does not meet these."""
        known = self._denied.get(failing)
        if known is None:
            known = self._rules.denied(failing)
            self._denied.put(failing, known, 1)
        return known

    def check(self, plan: QueryPlan, context: RequestContext) -> None:
        """Refuse an operation as a whole, if that is asked for or nothing is left of a subscription.

        Raises:
            Refused: with an error for each place that the caller may not see.
        """
        if plan.denied and (self._access.reject or (plan.kind is OperationKind.SUBSCRIPTION and not plan.fetches)):
            status = HTTPStatus.UNAUTHORIZED if context.identity is None else HTTPStatus.FORBIDDEN
            raise Refused(
                [
                    {"message": UNAUTHORIZED_MESSAGE, "path": list(place), "extensions": {"code": UNAUTHORIZED}}
                    for place in plan.denied
                ],
                status,
            )

    async def _granted(self, names: frozenset[str], context: RequestContext) -> frozenset[str]:
        if not names or self._access.policies is None:
            return _NOBODYS
        return frozenset(await self._access.policies(names, context))


def _current(identity: Identity | None) -> Identity | None:
    """The caller as long as their token holds: a connection may outlive it."""
    if identity is None or identity.expires is None or identity.expires > time():
        return identity
    return None


def _meets(requirement: Requirement, identity: Identity | None, granted: frozenset[str]) -> bool:
    match requirement.kind:
        case AccessKind.AUTHENTICATED:
            return identity is not None
        case AccessKind.SCOPES:
            scopes = _NOBODYS if identity is None else identity.scopes
            return any(option <= scopes for option in requirement.options)
        case AccessKind.POLICIES:
            return any(option <= granted for option in requirement.options)
