"""Answers to root fields: each is kept as a whole."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from router.execute.transport.base import SubgraphRequest, SubgraphResponse
from router.execute.transport.flights import Flights
from router.execute.transport.http import parse_reply
from router.serve.caching.answers import Answer, handed_on, read_answer, reply_of, text_of
from router.serve.caching.counts import ROOTS
from router.serve.caching.identity import Use, key_of, sorted_json
from router.serve.caching.joining import led_or_joined
from router.serve.caching.kept import Kept
from router.serve.caching.policy import Policy
from router.serve.caching.shapes import Shape
from router.serve.caching.store import Entry
from router.serve.caching.tags import NoTag


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request whose answer is not there.

    Attributes:
        variables: as text.
        key: under which the answer most likely will be.
        own: that is one of the caller's own.
        moment: of the store's clock before it is asked.
    """

    request: SubgraphRequest
    shape: Shape
    use: Use
    variables: bytes
    key: bytes
    own: bool
    moment: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a subgraph gave; without an entry nothing of it may be kept."""

    response: SubgraphResponse
    answer: Answer | None
    key: bytes = b""
    policy: Policy | None = None
    entry: Entry | None = None


class Roots:
    """Of one subgraph."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._flights: Flights[_Outcome] = Flights()

    async def fetch(self, request: SubgraphRequest, shape: Shape, use: Use) -> SubgraphResponse:
        """Take the answer if it is there, or ask for it.

        Raises:
            SubgraphFailure: there was none.
        """
        variables = sorted_json(request.variables)
        if variables is None:
            return await self._kept.pass_by(request, use)
        scopes = use.scopes(shape.scopes)
        keys = [key_of(shape.prefix, use.partition(scope), variables) for scope in scopes]
        found = await self._kept.look(use, keys if use.reads else ())
        if found is None:
            return await self._kept.pass_by(request, use)
        now = time.time()
        for entry, scope in zip(found.entries, scopes, strict=False):
            if entry is not None and found.is_valid(entry, {self._kept.subgraph: shape.types}, now):
                use.account.take(entry, scope, now)
                self._kept.counts.look(ROOTS, found=1, missing=0)
                return parse_reply(request, reply_of(entry.body))
        if use.reads:
            self._kept.counts.look(ROOTS, found=0, missing=1)
        own = use.is_own(scopes[0])
        return await self._answer(_Asked(request, shape, use, variables, keys[0], own, found.moment))

    async def _answer(self, asked: _Asked) -> SubgraphResponse:
        """What the subgraph gives, perhaps to somebody who asks for the same at the same time.

        Whether an answer may be shared is not known before it is there: then others than the same caller ask for
        themselves, unless they would find it where they look.
        """
        outcome, led = await led_or_joined(
            self._flights,
            (asked.key, asked.moment) if asked.use.reads else None,
            partial(self._ask, asked),
            serves=lambda made: made.entry is not None and (asked.own or made.key == asked.key),
        )
        entry = outcome.entry
        if entry is None:
            asked.use.account.refuse()
        else:
            asked.use.account.ask(outcome.policy, entry.moment, entry.tags)
        if led or entry is None:
            return handed_on(asked.request, outcome.response, outcome.answer)
        return parse_reply(asked.request, reply_of(entry.body))

    async def _ask(self, asked: _Asked) -> _Outcome:
        response = await self._kept.inner.fetch(asked.request.as_whole(asked.moment))
        answer = read_answer(response, worth=asked.shape.said.seconds > 0)
        if answer is None:
            return _Outcome(response, None)
        policy = self._kept.policy(asked.shape.said, answer.headers, asked.use)
        tags = _tags(asked.shape, asked.request.variables or {}, answer)
        if policy is None or tags is None or answer.errors or answer.data is None or not answer.keepable:
            return _Outcome(response, answer)
        body = text_of(answer.data)
        if not self._kept.fits(body):
            return _Outcome(response, answer)
        entry = Entry(body, time.time(), policy.seconds, asked.moment, tags)
        key = key_of(asked.shape.prefix, asked.use.partition(policy.scope), asked.variables)
        asked.shape.scopes.add(policy.scope)
        await self._kept.keep(asked.use, ROOTS, [(key, entry)])
        return _Outcome(response, answer, key, policy, entry)


def _tags(shape: Shape, variables: Mapping[str, Any], answer: Answer) -> tuple[str, ...] | None:
    """All tags of an answer; None if one cannot be made."""
    if answer.tags is None:
        return None
    try:
        return (*shape.tags(variables), *answer.tags)
    except NoTag:
        return None
