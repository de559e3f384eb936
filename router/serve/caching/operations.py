"""Operations over cached parts: their whole answers, and what their clients are told."""

import time
from collections.abc import Mapping
from typing import Any

from router.execute import Executor, Response, Transport
from router.execute.json import read_json, write_json
from router.plan.nodes import Fetch, OperationKind, QueryPlan
from router.serve.caching.account import NAME
from router.serve.caching.caches import Caches
from router.serve.caching.config import Scope
from router.serve.caching.counts import ANSWERS
from router.serve.caching.identity import Use, digest, key_of, sorted_json
from router.serve.caching.store import Entry, Found
from router.serve.caching.transport import CachingTransport
from router.serve.request import RequestContext

NO_STORE = "no-store"

Shown = dict[str, frozenset[str]]
"""Types whose values are in an answer, by subgraph."""


class CachedOperation:
    """One planned operation."""

    def __init__(self, caches: Caches, plan: QueryPlan, name: bytes | None, shown: Shown | None) -> None:
        """Args: `name` tells the operation apart, and `shown` its answers; None where these are not kept as a whole."""
        self._caches = caches
        self._name = name if plan.kind is OperationKind.QUERY and shown is not None else None
        self._is_query = plan.kind is OperationKind.QUERY
        self._shown: Shown = shown or {}
        self._subgraphs = tuple(self._shown)
        self._scopes: set[Scope] = set()

    async def execute(
        self,
        executor: Executor,
        variables: Mapping[str, Any],
        context: RequestContext,
        seconds: float | None,
        *,
        raw: bool,
    ) -> Response:
        """Answer the operation, see `Executor.execute`."""
        context = self._caches.begin(context)
        use = context.cache_use
        written = None if self._name is None or use is None else sorted_json(variables)
        if self._name is None or use is None or written is None:
            response = await executor.execute(variables, context.headers, context.terms(seconds), raw=raw)
        else:
            scopes = use.scopes(self._scopes)
            keys = [key_of(self._name, use.partition(scope), written) for scope in scopes] if use.reads else []
            found = await self._caches.store.look(use.tenant, self._subgraphs, keys)
            known = None if found is None else self._known(found, scopes, use, raw=raw)
            if use.reads and found is not None:
                self._caches.counts.look(ANSWERS, found=int(known is not None), missing=int(known is None))
            if known is not None:
                response = known
            else:
                response = await executor.execute(variables, context.headers, context.terms(seconds), raw=raw)
                await self._keep(use, self._name, written, response)
        self._tell(response, context, use)
        return response

    def _known(self, found: Found, scopes: tuple[Scope, ...], use: Use, *, raw: bool) -> Response | None:
        """The answer, if it is there."""
        now = time.time()
        for entry, scope in zip(found.entries, scopes, strict=False):
            if entry is not None and found.is_valid(entry, self._shown, now):
                use.account.take(entry, scope, now)
                return Response(raw=entry.body) if raw else Response(read_json(entry.body))
        return None

    async def _keep(self, use: Use, name: bytes, variables: bytes, response: Response) -> None:
        """Keep an answer for as long as all its parts may be kept."""
        account = use.account
        policy = account.policy()
        if policy is None or response.errors or response.extensions:
            return
        body = write_json(response.data) if response.raw is None else response.raw
        if len(body) > self._caches.config.max_entry_bytes:
            return
        stored = time.time() - account.age
        entry = Entry(body, stored, account.age + policy.seconds, int(account.moment), tuple(account.tags))
        self._scopes.add(policy.scope)
        entries = [(key_of(name, use.partition(policy.scope), variables), entry)]
        self._caches.counts.store(ANSWERS, entries)
        await self._caches.store.keep(use.tenant, entries)

    def _tell(self, response: Response, context: RequestContext, use: Use | None) -> None:
        """Tell the client, and the caches between it and here, how long they may keep the answer.

        What is public among the callers of a tenant is private to whoever does not know tenants.

        Source: https://www.rfc-editor.org/rfc/rfc9111#name-age
        """
        vary = {*self._caches.varying, *(each.lower() for each in context.headers)}
        told = {"cache-control": NO_STORE, "vary": ", ".join(sorted(vary))}
        if use is None:
            told["cache-status"] = f"{NAME}; fwd={'bypass' if context.cache_control is None else 'request'}"
        elif not self._is_query:
            told["cache-status"] = f"{NAME}; fwd=method"
        else:
            account = use.account
            policy = None if response.errors else account.policy()
            told["cache-status"] = account.status(read=use.reads)
            if policy is not None:
                public = policy.scope is Scope.PUBLIC and not use.known
                scope = (Scope.PUBLIC if public else Scope.PRIVATE).value
                told["cache-control"] = f"max-age={round(account.age + policy.seconds)}, {scope}"
                told["age"] = str(int(account.age))
        response.headers = {**response.headers, **told}


def named(*parts: Any) -> bytes:
    """What tells an operation apart, of all that shapes its plan and what plans are made for."""
    return digest(parts)


def shown_by(plan: QueryPlan, transports: Mapping[str, Transport]) -> Shown | None:
    """What answers of a plan show; None if something in them is never kept."""
    shown: dict[str, frozenset[str]] = {}
    for fetch in plan.fetches:
        transport = _caching(transports[fetch.subgraph])
        types = None if transport is None else _types(fetch, transport)
        if types is None:
            return None
        shown[fetch.subgraph] = shown.get(fetch.subgraph, frozenset()) | types
    return shown or None


def _caching(transport: Transport) -> CachingTransport | None:
    """What looks into the cache, within whatever is around it."""
    within: Transport | None = transport
    while within is not None and not isinstance(within, CachingTransport):
        within = getattr(within, "inner", None)
    return within


def _types(fetch: Fetch, transport: CachingTransport) -> frozenset[str] | None:
    shape = transport.shapes.read(fetch.text)
    if shape is None:
        return None
    entities = {
        name
        for group in fetch.entities
        for each in group.representations
        for name in (each.on if each.typename is None else {*each.on, each.typename})
    }
    return shape.types.union(entities, *(group.types for group in shape.groups))
