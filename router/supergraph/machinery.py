"""Which definitions of a supergraph belong to its machinery, and what they are called there.

Source: https://specs.apollo.dev/link/v1.0, section "name conventions".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    ListValueNode,
    ObjectValueNode,
    SchemaDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    ValueNode,
)

from router.supergraph.values import arguments_of

_BUILT_IN = frozenset({"skip", "include", "deprecated", "specifiedBy", "oneOf"})
_HIDDEN_FEATURES = frozenset(
    {"link", "core", "join", "inaccessible", "tag", "connect", "context", "cost", "source", "cacheTag"}
    | {"authenticated", "requiresScopes", "policy", "federation"}
)


@dataclass(frozen=True, slots=True)
class Machinery:
    """The names under which this supergraph links its features.

    Attributes:
        namespaces: feature name → prefix of its elements (`join` → `join` for `join__Graph`).
        imports: name as used here → feature, for directives and types without a prefix.
    """

    namespaces: Mapping[str, str]
    imports: Mapping[str, str]

    @classmethod
    def of(cls, supergraph: DocumentNode) -> "Machinery":
        namespaces: dict[str, str] = {}
        imports: dict[str, str] = {}
        for directive in _schema_directives(supergraph):
            url = arguments_of(directive).get("url", arguments_of(directive).get("feature"))
            if directive.name.value in {"link", "core"} and isinstance(url, StringValueNode):
                _read_link(directive, url.value, namespaces, imports)
        return cls(namespaces, imports)

    def name(self, feature: str, element: str) -> str:
        """What an element of a feature is called: `name("join", "type")` is usually `join__type`."""
        return f"{self.namespaces.get(feature, feature)}__{element}"

    def main_name(self, feature: str) -> str:
        """What the directive is called that bears the name of its feature: `context` of the feature `context`."""
        imported = (used for used, of in self.imports.items() if of == feature)
        return next(imported, self.namespaces.get(feature, feature))

    def owns(self, node: DefinitionNode) -> bool:
        """Whether clients must not see this definition because it belongs to a feature."""
        if isinstance(node, DirectiveDefinitionNode):
            return self._feature_of(node.name.value) in _HIDDEN_FEATURES
        return isinstance(node, TypeDefinitionNode) and "__" in node.name.value and self._is_prefixed(node.name.value)

    def is_inaccessible(self, node: Any) -> bool:
        names = {"inaccessible", self.namespaces.get("inaccessible", "inaccessible")}
        names |= {used for used, feature in self.imports.items() if feature == "inaccessible"}
        directives = cast("Sequence[DirectiveNode]", node.directives or ())
        return any(each.name.value in names for each in directives)

    def _is_prefixed(self, name: str) -> bool:
        prefix = name.partition("__")[0]
        return prefix in self.namespaces.values() or prefix in _HIDDEN_FEATURES

    def _feature_of(self, name: str) -> str:
        if name in _BUILT_IN:
            return ""
        prefix = name.partition("__")[0]
        for feature, namespace in self.namespaces.items():
            if prefix == namespace:
                return feature
        return self.imports.get(name, prefix)


def _schema_directives(supergraph: DocumentNode) -> Sequence[DirectiveNode]:
    return [
        directive
        for definition in supergraph.definitions
        if isinstance(definition, SchemaDefinitionNode)
        for directive in definition.directives or ()
    ]


def _read_link(directive: DirectiveNode, url: str, namespaces: dict[str, str], imports: dict[str, str]) -> None:
    arguments = arguments_of(directive)
    parts = url.rstrip("/").split("/")
    feature = parts[-2] if parts[-1].startswith("v") and len(parts) > 1 else parts[-1]
    alias = arguments.get("as")
    namespaces[feature] = alias.value if isinstance(alias, StringValueNode) else feature
    imported = arguments.get("import")
    if isinstance(imported, ListValueNode):
        for item in imported.values:
            name = _imported_name(item)
            if name is not None:
                imports[name.lstrip("@")] = feature


def _imported_name(item: ValueNode) -> str | None:
    if isinstance(item, StringValueNode):
        return item.value
    if isinstance(item, ObjectValueNode):
        fields = {each.name.value: each.value for each in item.fields}
        used = fields.get("as", fields.get("name"))
        return used.value if isinstance(used, StringValueNode) else None
    return None
