"""Every entity of every subgraph, and the tokens with which somebody behind the router would ask for it."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graphql import (
    ConstDirectiveNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    StringValueNode,
    build_schema,
    is_leaf_type,
    is_required_argument,
)
from pydantic import SecretStr

from shared.caller import Caller
from shared.router_tokens import HEADER
from shared.tokens import caller_of
from studium.gateway import identify
from studium.trust import signer
from tests.isolation.graph import SUPERGRAPH, Operation

SUBGRAPHS: Final = SUPERGRAPH.parent / "subgraphs"


@dataclass(frozen=True, slots=True)
class EntityKey:
    """A field by which a subgraph finds an entity."""

    subgraph: str
    type_name: str
    field: str
    selection: str

    def __str__(self) -> str:
        return f"{self.subgraph}: {self.type_name} by {self.field}"

    def operation(self, values: list[str]) -> Operation:
        """Ask for the entities with some values of the key."""
        found = f"__typename ... on {self.type_name} {{ {self.selection} }}"
        return Operation(
            f"query Entities($all: [_Any!]!) {{ _entities(representations: $all) {{ {found} }} }}",
            {"all": [{"__typename": self.type_name, self.field: value} for value in values]},
        )


def entity_keys(folder: Path = SUBGRAPHS) -> list[EntityKey]:
    """All of them, as the subgraphs' schemas say it."""
    return [key for path in sorted(folder.glob("*.graphql")) for key in _keys(path)]


def _keys(path: Path) -> Iterator[EntityKey]:
    schema = build_schema(path.read_text(), assume_valid=True, assume_valid_sdl=True)
    for name, type_ in schema.type_map.items():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and type_.ast_node:
            for directive in type_.ast_node.directives or ():
                if directive.name.value == "key" and "_entities" in _root_fields(schema):
                    yield from _key(path.stem, name, type_, _said(directive))


def _root_fields(schema: GraphQLSchema) -> set[str]:
    return set(schema.query_type.fields) if schema.query_type else set()


def _said(directive: ConstDirectiveNode) -> dict[str, Any]:
    values = {each.name.value: each.value for each in directive.arguments or ()}
    fields = values["fields"]
    assert isinstance(fields, StringValueNode)
    return {"fields": fields.value, "resolvable": getattr(values.get("resolvable"), "value", True)}


def _key(subgraph: str, name: str, type_: GraphQLObjectType | GraphQLInterfaceType, said: dict[str, Any]) -> Any:
    """A key of several fields is walked field by field: the others are then missing, which is refused alike."""
    if said["resolvable"]:
        leaves = [
            field
            for field, one in type_.fields.items()
            if is_leaf_type(_leaf(one)) and not any(is_required_argument(each) for each in one.args.values())
        ]
        for field in said["fields"].replace("{", " ").replace("}", " ").split():
            if field in type_.fields:
                yield EntityKey(subgraph, name, field, " ".join(leaves))


def _leaf(field: Any) -> Any:
    inner = field.type
    while hasattr(inner, "of_type"):
        inner = inner.of_type
    return inner


def caller_with(token: str) -> Caller:
    """Whoever an access token is about; its signature is not looked at."""
    claims = token.split(".")[1]
    return caller_of(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4))))


def router_token(key: str, caller: Caller, subgraph: str) -> str:
    """What the router would send along to one subgraph for a caller, signed with its private key."""
    return signer(SecretStr(key)).token(identify(caller, time.time() + 600), subgraph)


def router_headers(token: str) -> dict[str, str]:
    return {HEADER: f"Bearer {token}"}
