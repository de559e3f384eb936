"""Variants of one graph: what a kind of clients is shown of it, and all that depends on that."""

import logging
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Final, NamedTuple

from graphql import GraphQLSchema

from router.plan.nodes import QueryPlan
from router.serve.access.identity import Identity
from router.serve.cache import LruCache
from router.serve.demand.prices import Prices
from router.serve.documents import Documents
from router.serve.errors import OVERLOADED, Refused
from router.serve.limits import Limits
from router.serve.turns import Turns
from router.serve.variants.contracts import ContractError, Contracts, PublicPart
from router.serve.variants.policy import ContractTags, TenantPolicy

logger = logging.getLogger(__name__)

UNSERVABLE: Final = "CONTRACT_UNSERVABLE"

BOUNDS: Final = 64
"""Of costs that are kept for one variant; tenants of one plan have one."""


class Showing(NamedTuple):
    """What a kind of clients is shown."""

    contract: ContractTags
    introspection: bool
    suggestions: bool


class GraphVariant:
    """One variant. It is itself a part of the keys under which anything is kept that was made for it."""

    def __init__(
        self, part: PublicPart, limits: Limits, documents: Documents, prices: Prices, tags: ContractTags
    ) -> None:
        self.part = part
        self.tags = tags
        self.limits = limits
        self.documents = documents
        self.prices = prices
        self._bounded: LruCache[float, Prices] = LruCache(BOUNDS, BOUNDS)

    @property
    def schema(self) -> GraphQLSchema:
        return self.part.schema

    def prices_up_to(self, operation_cost: float | None) -> Prices:
        """The prices of the variant where one operation may cost so much; None is what holds for all."""
        if operation_cost is None:
            return self.prices
        known = self._bounded.get(operation_cost)
        if known is None:
            known = self.prices.up_to(operation_cost)
            self._bounded.put(operation_cost, known, 1)
        return known

    def shown(self, plan: QueryPlan) -> QueryPlan:
        """A plan of the whole graph, for clients of this variant."""
        return self.part.restrict(plan) if self.tags else plan


class GraphVariants:
    """The variants of one supergraph: those that were used last, and the whole."""

    def __init__(
        self,
        whole: GraphVariant,
        contracts: Contracts | None,
        most: int,
        dropped: Callable[[GraphVariant], None],
    ) -> None:
        """Begin with the whole.

        Args:
            whole: what is shown without any policy.
            contracts: makes parts of it; None where there can be none.
            most: variants that are kept.
            dropped: is told of those that are not kept any more.
        """
        self.whole = whole
        self._contracts = contracts
        self._most = most
        self._dropped = dropped
        self._known: dict[Showing, GraphVariant | Refused] = {}
        message = "Too many variants of the graph are being made."
        self._turns = Turns(whole.limits.planning_seconds, OVERLOADED, message)

    def __len__(self) -> int:
        return len(self._known)

    async def of(self, policy: TenantPolicy, identity: Identity | None) -> GraphVariant:
        """The variant for a caller.

        Raises:
            Refused: the policy's contract leaves none, or too many others are being made.
        """
        if policy.shows_all:
            return self.whole
        limits = self.whole.limits
        introspection = policy.introspects(identity, otherwise=limits.introspection)
        suggestions = limits.suggestions if policy.suggestions is None else policy.suggestions
        showing = Showing(policy.contract, introspection, suggestions)
        found = self._known.pop(showing, None)
        if found is not None:
            self._known[showing] = found  # the last one to go
        elif self._is_whole(showing):
            return self.whole
        else:
            found = await self._made(showing, None if identity is None else identity.tenant)
        if isinstance(found, Refused):
            raise Refused(found.errors, found.status)
        return found

    def _is_whole(self, showing: Showing) -> bool:
        limits = self.whole.limits
        return not showing.contract and showing[1:] == (limits.introspection, limits.suggestions)

    async def _made(self, showing: Showing, tenant: str | None) -> GraphVariant | Refused:
        """Make a variant apart from the event loop, once for all who wait for it."""
        async with self._turns.turn(tenant) as run:
            known = self._known.get(showing)
            if known is None:
                part = self._part_in_use(showing.contract) or await run(self._part, showing.contract)
                known = part if isinstance(part, Refused) else self._variant(showing, part)
                self._keep(showing, known)
        return known

    def _part_in_use(self, tags: ContractTags) -> PublicPart | None:
        variants = (self.whole, *self._known.values())
        return next((each.part for each in variants if isinstance(each, GraphVariant) and each.tags == tags), None)

    def _part(self, tags: ContractTags) -> PublicPart | Refused:
        if self._contracts is None:
            return _unservable(tags, "there is no supergraph that parts could be made of")
        try:
            return self._contracts.part(tags)
        except ContractError as error:
            return _unservable(tags, str(error))

    def _variant(self, showing: Showing, part: PublicPart) -> GraphVariant:
        whole = self.whole
        limits = replace(whole.limits, introspection=showing.introspection, suggestions=showing.suggestions)
        documents = whole.documents.of(part.schema, limits)
        return GraphVariant(part, limits, documents, whole.prices.of_schema(part.schema), showing.contract)

    def _keep(self, showing: Showing, made: GraphVariant | Refused) -> None:
        self._known[showing] = made
        while len(self._known) > self._most:
            dropped = self._known.pop(next(iter(self._known)))
            if isinstance(dropped, GraphVariant):
                self._dropped(dropped)


def _unservable(tags: ContractTags, why: str) -> Refused:
    logger.error("The contract %s cannot be served: %s", tags, why)
    message = "What this tenant sees of the graph cannot be served."
    return Refused.because(message, UNSERVABLE, HTTPStatus.SERVICE_UNAVAILABLE)
