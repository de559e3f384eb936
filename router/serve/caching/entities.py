"""Answers to `_entities`: each entity is kept for itself, and only those are asked for that are not there."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, cast

from router.execute.json import JSONObject
from router.execute.transport.base import MalformedResponse, SubgraphRequest, SubgraphResponse
from router.execute.transport.flights import Flights
from router.execute.transport.http import parse_reply
from router.serve.caching.answers import Answer, handed_on, read_answer, reply_of, text_of
from router.serve.caching.config import Scope
from router.serve.caching.counts import ENTITIES
from router.serve.caching.identity import Use, key_of, sorted_json
from router.serve.caching.joining import led_or_joined
from router.serve.caching.kept import Kept
from router.serve.caching.policy import Policy
from router.serve.caching.shapes import Group, Shape, Shapes
from router.serve.caching.store import Entry, Found
from router.serve.caching.tags import NoTag, tags_of

_NULL: Final = b"null"


@dataclass(slots=True)
class _Item:
    """One representation.

    Attributes:
        number: among those of its group.
        text: the representation as JSON.
        starts: what its keys begin with, by scope.
        body: of the entity, as soon as it is known.
    """

    group: Group
    number: int
    representation: Mapping[str, Any]
    text: bytes
    starts: Mapping[Scope, bytes]
    body: bytes | None = None

    def key(self, scope: Scope) -> bytes:
        """Under which the entity is, if it is of that scope."""
        return key_of(self.starts[scope], self.text)


@dataclass(slots=True)
class _Asked:
    """A request of which some entities are not there."""

    request: SubgraphRequest
    shape: Shape
    use: Use
    items: list[_Item]
    moment: int
    missing: list[_Item] = field(default_factory=list[_Item])

    def key(self, scope: Scope) -> bytes:
        """The same for whoever misses the same."""
        return b"".join(each.key(scope) for each in self.missing)

    def of_missing(self) -> SubgraphRequest:
        """A request for those alone."""
        variables = dict(self.request.variables or {})
        for group in self.shape.groups:
            variables[group.variable] = [each.representation for each in self.missing if each.group is group]
        return self.request.as_whole(self.moment, variables)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a subgraph gave.

    Attributes:
        bodies: of the missing entities in their order, `null` for what was not there; None if they do not fit.
        entries: those that were kept, with their scopes.
    """

    response: SubgraphResponse
    answer: Answer | None
    bodies: Sequence[bytes] | None = None
    entries: Sequence[tuple[Scope, Entry] | None] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all that was asked for was kept."""
        return self.bodies is not None and None not in self.entries


class Entities:
    """Of one subgraph."""

    def __init__(self, kept: Kept, shapes: Shapes) -> None:
        self._kept = kept
        self._shapes = shapes
        self._flights: Flights[_Outcome] = Flights()

    async def fetch(self, request: SubgraphRequest, shape: Shape, use: Use) -> SubgraphResponse:
        """Take the entities that are there, and ask for the others.

        Raises:
            SubgraphFailure: there were others, and no answer.
        """
        scopes = use.scopes(shape.scopes)
        items = _items(request, shape, use)
        if items is None:
            return await self._kept.pass_by(request, use)
        keys = [each.key(scope) for scope in scopes for each in items] if use.reads else []
        found = await self._kept.look(use, keys)
        if found is None:
            return await self._kept.pass_by(request, use)
        asked = _Asked(request, shape, use, items, found.moment)
        self._take(asked, scopes, found)
        asked.missing = [each for each in items if each.body is None]
        if use.reads:
            missing = len(asked.missing)
            self._kept.counts.look(ENTITIES, found=len(items) - missing, missing=missing)
        if not asked.missing:
            return parse_reply(request, reply_of(text_of(_data(shape, items))))
        return await self._answer(asked, scopes[0])

    def _take(self, asked: _Asked, scopes: Sequence[Scope], found: Found) -> None:
        """Take what is there."""
        now = time.time()
        items = asked.items
        shown = [{self._kept.subgraph: each.group.types | {each.representation["__typename"]}} for each in items]
        for number, entry in enumerate(found.entries):
            at = number % len(items)
            if entry is not None and items[at].body is None and found.is_valid(entry, shown[at], now):
                items[at].body = entry.body
                asked.use.account.take(entry, scopes[number // len(items)], now)

    async def _answer(self, asked: _Asked, scope: Scope) -> SubgraphResponse:
        """The answer with what the subgraph gives, perhaps to somebody who asks for the same at the same time.

        As with root fields, others than the same caller ask for themselves, unless they would find it where they look.
        """
        own = asked.use.is_own(scope)
        outcome, led = await led_or_joined(
            self._flights,
            (asked.key(scope), asked.moment) if asked.use.reads else None,
            partial(self._ask, asked),
            serves=lambda made: made.is_complete and (own or all(each and each[0] is scope for each in made.entries)),
        )
        self._account(asked, outcome)
        if led and len(asked.missing) == len(asked.items):
            return handed_on(asked.request, outcome.response, outcome.answer)
        return parse_reply(asked.request, reply_of(_combined(asked, outcome)))

    def _account(self, asked: _Asked, outcome: _Outcome) -> None:
        account = asked.use.account
        if not outcome.is_complete:
            account.refuse()
        for each in outcome.entries:
            if each is not None:
                scope, entry = each
                account.ask(Policy(entry.seconds, scope), entry.moment, entry.tags)

    async def _ask(self, asked: _Asked) -> _Outcome:
        response = await self._kept.inner.fetch(asked.of_missing())
        answer = read_answer(response, worth=self._is_worth(asked))
        if answer is None:
            return _Outcome(response, None)
        bodies = _bodies(asked, answer)
        if bodies is None:
            return _Outcome(response, answer)
        failed = _failed(asked, answer)
        entries = [
            None if failed is None or number in failed else self._entry(asked, answer, number, body)
            for number, body in enumerate(bodies)
        ]
        kept = [
            (item.key(each[0]), each[1]) for item, each in zip(asked.missing, entries, strict=True) if each is not None
        ]
        asked.shape.scopes.update(each[0] for each in entries if each is not None)
        if kept:
            await self._kept.keep(asked.use, ENTITIES, kept)
        return _Outcome(response, answer, bodies, entries)

    def _is_worth(self, asked: _Asked) -> bool:
        """Whether the schema lets anything be kept, or it must be put together with what was there."""
        if len(asked.missing) < len(asked.items):
            return True
        kinds = {(id(each.group), each.representation["__typename"]): each for each in asked.missing}
        return any(
            self._shapes.said_of(each.group, each.representation["__typename"]).seconds > 0 for each in kinds.values()
        )

    def _entry(self, asked: _Asked, answer: Answer, number: int, body: bytes) -> tuple[Scope, Entry] | None:
        """What is to be kept of an entity, and for whom; None for nothing."""
        item = asked.missing[number]
        type_name: str = item.representation["__typename"]
        policy = self._kept.policy(self._shapes.said_of(item.group, type_name), answer.headers, asked.use)
        if policy is None or body == _NULL or not answer.keepable or not self._kept.fits(body):
            return None
        own = answer.entity_tags[number] if number < len(answer.entity_tags) else ()
        if own is None or answer.tags is None:
            return None
        try:
            tags = tags_of(self._shapes.formats_of(type_name), item.representation)
        except NoTag:
            return None
        entry = Entry(body, time.time(), policy.seconds, asked.moment, (*tags, *own, *answer.tags))
        return policy.scope, entry


def _items(request: SubgraphRequest, shape: Shape, use: Use) -> list[_Item] | None:
    """The representations of all groups with their keys; None if there is one that nothing can be said of."""
    variables = request.variables or {}
    items: list[_Item] = []
    for group in shape.groups:
        given: Any = variables.get(group.variable)
        used = sorted_json({name: variables[name] for name in group.variables if name in variables})
        if not isinstance(given, list) or used is None:
            return None
        starts = {scope: key_of(group.prefix, use.partition(scope), used) for scope in Scope}
        for number, each in enumerate(cast("list[Mapping[str, Any]]", given)):
            text = sorted_json(each)
            if text is None or not isinstance(each.get("__typename"), str):
                return None
            items.append(_Item(group, number, each, text, starts))
    return items


def _bodies(asked: _Asked, answer: Answer) -> list[bytes] | None:
    """The missing entities, in their order; None if they are not what was asked for."""
    if answer.data is None:
        return [_NULL] * len(asked.missing) if answer.errors else None
    entities = answer.entities()
    if entities is None:
        return None
    bodies: list[bytes] = []
    for group in asked.shape.groups:
        expected = sum(each.group is group for each in asked.missing)
        given = entities.get(group.alias)
        if given is None and not (group.alias in entities and answer.errors):
            return None
        bodies += [_NULL] * expected if given is None else [bytes(each) for each in given]
        if given is not None and len(given) != expected:
            return None
    return bodies


def _failed(asked: _Asked, answer: Answer) -> set[int] | None:
    """Which of the missing entities have errors; None if that cannot be told, and may be all."""
    places = _places(asked)
    failed: set[int] = set()
    for each in answer.errors:
        at = places.get(_start(each))
        if at is None:
            return None
        failed.add(at)
    return failed


def _combined(asked: _Asked, outcome: _Outcome) -> bytes:
    """An answer with what was there and what came, as if all had come.

    Raises:
        MalformedResponse: what came does not fit.
    """
    if outcome.answer is None or outcome.bodies is None:
        raise MalformedResponse(f"Subgraph {asked.request.subgraph} did not answer with what it was asked for.")
    for item, body in zip(asked.missing, outcome.bodies, strict=True):
        item.body = body
    places = _places(asked)
    errors = [_moved(each, asked.missing, places) for each in outcome.answer.errors]
    return text_of(_data(asked.shape, asked.items), errors, outcome.answer.extensions)


def _data(shape: Shape, items: Sequence[_Item]) -> bytes:
    groups: list[bytes] = []
    for group in shape.groups:
        bodies = b",".join(each.body or _NULL for each in items if each.group is group)
        groups.append(b'"%b":[%b]' % (group.alias.encode(), bodies))
    return b"{%b}" % b",".join(groups)


def _places(asked: _Asked) -> dict[tuple[Any, Any], int]:
    """Where the missing entities were in what came: a group's key and a number there."""
    places: dict[tuple[Any, Any], int] = {}
    counts: dict[str, int] = {}
    for at, each in enumerate(asked.missing):
        number = counts.get(each.group.alias, 0)
        counts[each.group.alias] = number + 1
        places[each.group.alias, number] = at
    return places


def _start(error: Any) -> tuple[Any, Any]:
    """Where an error's path begins."""
    path: Any = cast("JSONObject", error).get("path") if isinstance(error, dict) else None
    if isinstance(path, list) and len(cast("list[Any]", path)) > 1:
        name, number = cast("list[Any]", path)[:2]
        if isinstance(name, str) and isinstance(number, int):
            return name, number
    return None, None


def _moved(error: Any, missing: Sequence[_Item], places: Mapping[tuple[Any, Any], int]) -> Any:
    """An error with the path that it has in the whole."""
    start = _start(error)
    at = places.get(start)
    if at is None:
        return error
    return {**error, "path": [start[0], missing[at].number, *error["path"][2:]]}
