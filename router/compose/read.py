"""Read a subgraph's SDL into a typed schema."""

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLSyntaxError,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    Source,
    TypeDefinitionNode,
    TypeExtensionNode,
    print_ast,
)

from router.compose.build import Builder
from router.compose.defaults import normalize_defaults
from router.compose.limits import DEFAULT, Measure
from router.compose.model import ROOT_NAMES, ObjectType, RootKind, Schema
from router.compose.read_links import read_links
from router.compose.rules import invalid_link_directive_usage as usage
from router.compose.subgraph import Subgraph, SubgraphSchema
from router.federation.errors import CompositionError, ErrorCode, FederationError, Location, locations
from router.federation.features import (
    CONNECT,
    CORE,
    FEATURES,
    FED_1_AS,
    FEDERATION,
    FEDERATION_1,
    JOIN,
    LINK,
    Feature,
)
from router.federation.links import Import, Link, Links
from router.federation.urls import FeatureUrl
from router.federation.versions import Version

FEDERATION_FIELDS = ("_entities", "_service")
FEDERATION_TYPES = ("_Any", "_Entity", "_Service")
_LINK_TYPES = ("link__Purpose", "link__Import")
"""What `@link` needs where a schema uses it without linking to it."""
_NEVER_MEANT = frozenset({LINK, CORE, JOIN, CONNECT})


def read(subgraph: Subgraph, measure: Measure | None = None) -> SubgraphSchema:
    """Parse a subgraph, as far as `measure` allows, and give every federation directive its meaning.

    Raises:
        FederationError: the SDL does not parse, or its link to the link specification itself cannot be made out.

    """
    document = parse_sdl(subgraph, measure or Measure(DEFAULT))
    links, faults = read_links(document)
    schema = _typed(subgraph.name, subgraph.url, document, links)
    schema.faults = tuple(faults)
    return schema


def parse_sdl(subgraph: Subgraph, measure: Measure) -> DocumentNode:
    """The document of a subgraph, its places named for the subgraph.

    Raises:
        FederationError: INVALID_GRAPHQL.

    """
    try:
        return measure.parse(Source(subgraph.sdl, subgraph.name))
    except GraphQLSyntaxError as error:
        places = tuple(Location(subgraph.name, at.line, at.column) for at in error.locations or ())
        fault = CompositionError(ErrorCode.INVALID_GRAPHQL, error.message, places, subgraph.name)
        raise FederationError([fault]) from error


class _Reading:
    """One pass over a document."""

    def __init__(self, document: DocumentNode, links: Links) -> None:
        self._document = document
        self._links = links
        self._renames = _root_renames(document)
        self._builder = Builder(self._rename, self._meaning)

    def schema(self) -> Schema:
        schema = Schema()
        self._read_types(schema)
        self._read_roots(schema)
        self._read_directives(schema)
        self._read_itself(schema)
        features = defined_by_features(self._links)
        for name, type_ in features.types.items():
            schema.types.setdefault(name, type_)
        for name, definition in features.directives.items():
            schema.directives.setdefault(name, definition)
        if "link" not in schema.directives and schema.itself.named("link"):
            link = FEATURES[LINK, Version(1, 0)]
            define_feature(schema, Link(FeatureUrl(LINK, "link", link.version), "link"), link)
        normalize_defaults(schema)
        return schema

    def _read_types(self, schema: Schema) -> None:
        extensions: list[TypeExtensionNode] = []
        for node in self._document.definitions:
            if isinstance(node, TypeDefinitionNode):
                name = self._rename(node.name.value)
                if name not in schema.types:
                    schema.types[name] = self._builder.new_type(node)
                    self._builder.declare(schema.types[name], node)
            elif isinstance(node, TypeExtensionNode):
                extensions.append(node)
        for node in extensions:
            name = self._rename(node.name.value)
            if name not in schema.types:
                schema.types[name] = self._builder.new_type(node)
            self._builder.declare(schema.types[name], node)

    def _read_roots(self, schema: Schema) -> None:
        for kind, declared in _declared_roots(self._document).items():
            schema.roots[kind] = self._rename(declared)
        for kind, name in ROOT_NAMES.items():
            # a type of another kind may bear the name of a root that nothing declares; queries there must be
            if isinstance(schema.types.get(name), ObjectType) or (kind == "query" and name in schema.types):
                schema.roots.setdefault(kind, name)
        # every subgraph answers `_service` and `_entities`, so that every subgraph has a query root
        name = schema.roots.setdefault("query", ROOT_NAMES["query"])
        query = schema.types.setdefault(name, ObjectType(name=name, coordinate=name, defined=True))
        if isinstance(query, ObjectType):
            for machinery in FEDERATION_FIELDS:
                query.fields.pop(machinery, None)

    def _read_directives(self, schema: Schema) -> None:
        for node in self._document.definitions:
            if isinstance(node, DirectiveDefinitionNode):
                name = node.name.value
                if self._links.federation is None and _is_lax(node):
                    continue
                schema.directives.setdefault(name, self._builder.directive(node, name))

    def _read_itself(self, schema: Schema) -> None:
        for node in self._document.definitions:
            if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
                schema.itself.directives.extend(self._builder.applied(node.directives))
                if schema.itself.node is None:
                    schema.itself.node = node
            if isinstance(node, SchemaDefinitionNode) and node.description is not None:
                schema.itself.description = node.description.value

    def _rename(self, name: str) -> str:
        return self._renames.get(name, name)

    def _meaning(self, name: str) -> str | None:
        return directive_meaning(self._links, name)


def _is_lax(node: DirectiveDefinitionNode) -> bool:
    """Whether this is how Federation 1 libraries used to define a directive with a field set: not quite right."""
    if node.name.value not in {"key", "requires", "provides"}:
        return False
    types = [print_ast(argument.type) for argument in node.arguments or () if argument.name.value == "fields"]
    return not node.arguments or (len(node.arguments) == 1 and types[:1] in (["String"], ["_FieldSet"], ["FieldSet"]))


def directive_meaning(links: Links, name: str) -> str | None:
    """What Federation calls the directive that a schema with `links` calls `@name`."""
    origin = links.directive(name)
    if origin is not None:
        known = origin.link.feature
        if known is None or known.identity in _NEVER_MEANT or origin.name not in known.directives():
            return None
        return origin.name
    return name if links.federation is None and name in FEDERATION_1.directives() else None


def defined_by_features(links: Links) -> Schema:
    """All that the linked features define, under the names that the links give."""
    schema = Schema()
    if links.federation is None:
        define_feature(schema, None, FEDERATION_1)
    for link in links:
        known = link.feature
        # a schema that uses `@core`, the forerunner of `@link`, has to define it
        if known is not None and known.identity not in {JOIN, CORE}:
            define_feature(schema, link, known)
    return schema


def define_feature(schema: Schema, link: Link | None, known: Feature) -> None:
    """Add to `schema` what `known` defines, under the names that `link` gives; what is there already stays."""
    type_name = _fed_1_type if link is None else link.type_name
    local = known.types()
    builder = Builder(lambda name: type_name(name) if name in local else name, lambda _: None)
    for name, node in local.items():
        if type_name(name) not in schema.types:
            type_ = builder.new_type(node)
            builder.declare(type_, node)
            schema.types[type_name(name)] = type_
    for name, node in known.directives().items():
        actual = name if link is None else link.directive_name(name)
        schema.directives.setdefault(actual, builder.directive(node, actual))


def _fed_1_type(name: str) -> str:
    return f"_{name}"


def _declared_roots(document: DocumentNode) -> dict[RootKind, str]:
    found: dict[RootKind, str] = {}
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for operation in node.operation_types or ():
                found.setdefault(operation.operation.value, operation.type.name.value)
    return found


def _root_renames(document: DocumentNode) -> dict[str, str]:
    """The names of root types that are not the default ones, and those they are to have if no other type has them."""
    nodes = document.definitions
    taken = {node.name.value for node in nodes if isinstance(node, TypeDefinitionNode | TypeExtensionNode)}
    roots = _declared_roots(document).items()
    return {name: ROOT_NAMES[kind] for kind, name in roots if ROOT_NAMES[kind] not in {name, *taken}}


def is_federation_machinery(links: Links, name: str) -> bool:
    """Whether the type `name` belongs to Federation itself rather than to the subgraph's graph."""
    if name in FEDERATION_TYPES or name == "_FieldSet" or (name in _LINK_TYPES and LINK not in links.by_identity):
        return True
    origin = links.type(name)
    return origin is not None and origin.link.url.identity in {FEDERATION, LINK, CORE, CONNECT}


def upgraded_links(links: Links) -> Links:
    """The links of a Federation 1 schema, and one to the version of Federation 2 it is read as.

    Raises:
        FederationError: UNSUPPORTED_FEATURE, INVALID_LINK_DIRECTIVE_USAGE, where the links do not go with that one.

    """
    core = links.by_identity.get(CORE)
    if core is not None:
        message = "Federation 2 knows no @core: link to features by @link(url:), and to Federation 2 itself."
        raise FederationError([CompositionError(ErrorCode.UNSUPPORTED_FEATURE, message, locations(core.node))])
    known = FEATURES[FEDERATION, FED_1_AS]
    imports = tuple(Import(f"@{name}", f"@{name}") for name in known.directives())
    url = FeatureUrl(FEDERATION, "federation", FED_1_AS)
    federation = Link(url, "federation", imports)
    usage.check(federation, links)
    return Links.of([*links, federation])


def with_links(subgraph: SubgraphSchema, links: Links) -> SubgraphSchema:
    """The subgraph's document read anew, under other links."""
    return _typed(subgraph.name, subgraph.url, subgraph.document, links)


def _typed(name: str, url: str, document: DocumentNode, links: Links) -> SubgraphSchema:
    return SubgraphSchema(
        name=name,
        url=url,
        document=document,
        schema=_Reading(document, links).schema(),
        links=links,
        version=Version(1, 0) if links.federation is None else links.federation.url.version,
        is_federation_1=links.federation is None,
    )
