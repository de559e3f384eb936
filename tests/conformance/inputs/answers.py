"""What a subgraph answers: whatever its schema allows, the same each time for the same question."""

# graphql-core declares its wrapping types and its executors generic without naming their arguments everywhere.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final
from zlib import crc32

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute,
    get_operation_ast,
    is_abstract_type,
    is_enum_type,
    is_object_type,
    parse,
    validate,
)

from router.execute.transport import SubgraphUnreachable
from router.serve.cache import LruCache

CHECKED: Final = 10
"""One in so many documents is held to the schema: that costs as much as all that the router does."""

INLINE_CHARACTERS: Final = 1_000
"""Longer questions are read in a thread: how long the event loop is held is to be what the router holds it."""

_KEY: Final = "directive @key(fields: String!) repeatable on OBJECT"
_ENTITIES: Final = "scalar _Any extend type Query { _entities(representations: [_Any!]!): [_Entity]! }"


class Answers:
    """Executes what a subgraph is asked, once it has made sure that the question is a valid one."""

    def __init__(self, sdl: str) -> None:
        entities = [name for name in ("Book", "Author") if f"type {name} " in sdl]
        if "type Query" not in sdl:
            sdl += "type Query { _service: String }"
        if entities:
            sdl += f"{_ENTITIES} union _Entity = {' | '.join(entities)}"
        self._schema: GraphQLSchema = build_schema(_KEY + sdl)
        self._documents: LruCache[str, DocumentNode] = LruCache(2_000, 2_000_000)

    async def answer(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The response to a request.

        Raises:
            AssertionError: the request is not valid; the router must not send such.
        """
        given = {name: "a file" if hasattr(value, "filename") else value for name, value in variables.items()}
        if "files" in given and isinstance(given["files"], list):
            given["files"] = ["a file" for _ in given["files"]]
        document = await self._document(query)
        result: Any = execute(
            self._schema, document, variable_values=given, field_resolver=_resolve, type_resolver=_type_of
        )
        if asyncio.iscoroutine(result):
            result = await result
        return {**result.formatted}

    async def events(self, query: str, variables: Mapping[str, Any], cursor: str | None) -> AsyncGenerator[Any]:
        """The responses of a subscription."""
        document = await self._document(query)
        operation = get_operation_ast(document)
        assert operation is not None
        name: Any = operation.selection_set.selections[0]
        field, number = name.name.value, int(cursor or "0") if (cursor or "0").isdecimal() else 0
        ends = number + (variables.get("upTo") or 2 if field != "for_ever" else 10**9)
        while number < min(ends, number + 50) or field == "for_ever":
            number += 1
            result: Any = execute(
                self._schema,
                document,
                {name.name.value: number, "changed": _Thing("Book", number)},
                variable_values=dict(variables),
                field_resolver=_resolve,
                type_resolver=_type_of,
            )
            if field == "broken" and number > 1:
                raise SubgraphUnreachable("The subgraph has gone.")
            yield {**result.formatted, "extensions": {"cursor": str(number)}}
            await asyncio.sleep(0)

    async def _document(self, query: str) -> DocumentNode:
        document = self._documents.get(query)
        if document is None:
            is_long = len(query) > INLINE_CHARACTERS
            document = await asyncio.to_thread(self._parsed, query) if is_long else self._parsed(query)
            self._documents.put(query, document, len(query))
        return document

    def _parsed(self, query: str) -> DocumentNode:
        document = parse(query, no_location=True)
        errors = validate(self._schema, document) if crc32(query.encode()) % CHECKED == 0 else []
        assert not errors, f"not valid: {query}: {errors[0].message}"
        return document


class _Thing:
    """An object, known by its type and a number."""

    def __init__(self, type_name: str, number: int) -> None:
        self.type_name = type_name
        self.number = number


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    name = info.field_name
    match name:
        case "_entities":
            return [_entity(each) for each in arguments["representations"]]
        case "failing":
            raise GraphQLError("It has failed.", extensions={"code": "FAILED", "exception": {"stacktrace": ["secret"]}})
        case "slow":
            return _slowly()
        case "echo":
            return [arguments[each] for each in sorted(arguments)]
        case _:
            if isinstance(source, dict) and name in source:
                return source[name]
    at = _number(source, name, arguments)
    if isinstance(source, _Thing) and name == "id":
        return str(source.number)
    return _value(info, info.return_type, at)


async def _slowly() -> int:
    await asyncio.sleep(0.001)
    return 1


def _entity(representation: Mapping[str, Any]) -> _Thing:
    return _Thing(representation["__typename"], crc32(str(representation["id"]).encode()) % 50)


def _number(source: Any, name: str, arguments: Mapping[str, Any]) -> int:
    of = f"{source.type_name}{source.number}" if isinstance(source, _Thing) else ""
    return crc32(f"{of}.{name}{sorted(arguments.items())!r}".encode(errors="replace"))


def _value(info: GraphQLResolveInfo[Any], type_: Any, at: int) -> Any:
    if isinstance(type_, GraphQLNonNull):
        return _present(info, type_.of_type, at)
    return None if at % 11 == 0 else _present(info, type_, at)


def _present(info: GraphQLResolveInfo[Any], type_: Any, at: int) -> Any:
    if isinstance(type_, GraphQLList):
        return [_value(info, type_.of_type, at // 3 + each) for each in range(at % 3)]
    if is_object_type(type_):
        return _Thing(type_.name, at % 50)
    if is_abstract_type(type_):
        possible = info.schema.get_possible_types(type_)
        return _Thing(possible[at % len(possible)].name, at % 50)
    if is_enum_type(type_):
        return list(type_.values)[at % len(type_.values)]
    return _scalar(type_.name, at)


def _scalar(name: str, at: int) -> Any:
    match name:
        case "Int":
            return at % 1_000 - 5
        case "Float":
            return at % 997 / 8
        case "Boolean":
            return at % 2 == 0
        case "J":
            return {"a": [at, None, {"__proto__": 1.5}]}
        case "ID":
            return str(at % 7)
        case _:
            return f"text {at % 10} \u20ac\U0001f600\u2028"


def _type_of(value: _Thing, *_: Any) -> str:
    return value.type_name
