"""The specifications a schema can link to, and what each version of them defines.

A feature's elements are given under their local names; a link decides what a schema calls them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from graphql import DirectiveDefinitionNode, TypeDefinitionNode, parse

from router.federation.versions import Version

_HOST = "https://specs.apollo.dev/"
FEDERATION: Final = _HOST + "federation"
LINK: Final = _HOST + "link"
CORE: Final = _HOST + "core"
JOIN: Final = _HOST + "join"
TAG: Final = _HOST + "tag"
INACCESSIBLE: Final = _HOST + "inaccessible"
CONNECT: Final = _HOST + "connect"

FED_1_AS: Final = Version(2, 4)
"""The version of Federation 2 that a Federation 1 subgraph is read as."""
LATEST: Final = Version(2, 14)


@dataclass(frozen=True, slots=True)
class Feature:
    """One version of a specification."""

    identity: str
    version: Version
    definitions: str
    """SDL of its directives and types."""
    minimum_federation: Version | None = None
    """Linking to it implies at least this version of Federation."""
    purpose: str | None = None

    @property
    def name(self) -> str:
        return self.identity.rsplit("/", 1)[-1]

    @property
    def url(self) -> str:
        return f"{self.identity}/{self.version}"

    def directives(self) -> Mapping[str, DirectiveDefinitionNode]:
        """Its directives by local name."""
        return _elements(self.definitions)[0]

    def types(self) -> Mapping[str, TypeDefinitionNode]:
        """Its types by local name."""
        return _elements(self.definitions)[1]

    def elements(self) -> frozenset[str]:
        """Everything that can be imported from it, directives with their `@`."""
        return frozenset([*(f"@{name}" for name in self.directives()), *self.types()])


@cache
def _elements(sdl: str) -> tuple[Mapping[str, DirectiveDefinitionNode], Mapping[str, TypeDefinitionNode]]:
    definitions = parse(sdl, no_location=True).definitions if sdl.strip() else ()
    directives = {node.name.value: node for node in definitions if isinstance(node, DirectiveDefinitionNode)}
    types = {node.name.value: node for node in definitions if isinstance(node, TypeDefinitionNode)}
    return directives, types


_LEGACY = """
scalar FieldSet
directive @key(fields: FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE
directive @requires(fields: FieldSet!) on FIELD_DEFINITION
directive @provides(fields: FieldSet!) on FIELD_DEFINITION
directive @external(reason: String) on OBJECT | FIELD_DEFINITION
directive @extends on OBJECT | INTERFACE
"""

_TAG_1 = "directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION"
_TAG_2 = f"{_TAG_1} | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION"
_TAG_3 = f"{_TAG_2} | SCHEMA"

_INACCESSIBLE_1 = "directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION"
_INACCESSIBLE_2 = f"""{_INACCESSIBLE_1} | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE
  | INPUT_OBJECT | INPUT_FIELD_DEFINITION"""

_PROTECTED = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_AUTHENTICATED = f"directive @authenticated on {_PROTECTED}"
_REQUIRES_SCOPES = f"""
scalar Scope
directive @requiresScopes(scopes: [[Scope!]!]!) on {_PROTECTED}
"""
_POLICY = f"""
scalar Policy
directive @policy(policies: [[Policy!]!]!) on {_PROTECTED}
"""
_CONTEXT = """
scalar ContextFieldValue
directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION
directive @fromContext(field: ContextFieldValue) on ARGUMENT_DEFINITION
"""
_COST = """
directive @cost(weight: Int!)
  on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(
  assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true
) on FIELD_DEFINITION
"""
_CACHE_TAG = "directive @cacheTag(format: String!) repeatable on OBJECT | FIELD_DEFINITION"

_SINCE: tuple[tuple[int, int, str], ...] = (
    # first and last minor version of Federation 2 that say it so
    (0, 99, _LEGACY),
    (0, 2, _TAG_2),
    (3, 99, _TAG_3),
    (0, 1, "directive @shareable on OBJECT | FIELD_DEFINITION"),
    (2, 99, "directive @shareable repeatable on OBJECT | FIELD_DEFINITION"),
    (0, 99, _INACCESSIBLE_2),
    (0, 6, "directive @override(from: String!) on FIELD_DEFINITION"),
    (7, 99, "directive @override(from: String!, label: String) on FIELD_DEFINITION"),
    (1, 99, "directive @composeDirective(name: String) repeatable on SCHEMA"),
    (3, 99, "directive @interfaceObject on OBJECT"),
    (5, 99, _AUTHENTICATED),
    (5, 99, _REQUIRES_SCOPES),
    (6, 99, _POLICY),
    (8, 99, _CONTEXT),
    (9, 99, _COST),
    (12, 99, _CACHE_TAG),
)

FEDERATION_1: Final = Feature(FEDERATION, Version(1, 0), f"{_LEGACY}\n{_TAG_2}")

_LINK_1 = """
enum Purpose { SECURITY EXECUTION }
scalar Import
directive @link(url: String, as: String, for: Purpose, import: [Import]) repeatable on SCHEMA
"""
_CORE_1 = "directive @core(feature: String, as: String) repeatable on SCHEMA"
_CORE_2 = """
enum Purpose { SECURITY EXECUTION }
directive @core(feature: String, as: String, for: Purpose) repeatable on SCHEMA
"""


_CONNECT = """
scalar URLPathTemplate
scalar JSONSelection
input ConnectorErrors { message: JSONSelection extensions: JSONSelection }
input HTTPHeaderMapping { name: String! from: String value: String }
input ConnectBatch { maxSize: Int }
input SourceHTTP {
  baseURL: String! headers: [HTTPHeaderMapping!] path: JSONSelection queryParams: JSONSelection
}
input ConnectHTTP {
  GET: URLPathTemplate POST: URLPathTemplate PUT: URLPathTemplate PATCH: URLPathTemplate DELETE: URLPathTemplate
  body: JSONSelection headers: [HTTPHeaderMapping!] path: JSONSelection queryParams: JSONSelection
}
directive @connect(
  source: String, id: String, http: ConnectHTTP, batch: ConnectBatch, errors: ConnectorErrors,
  selection: JSONSelection!, entity: Boolean = false, isSuccess: JSONSelection
) repeatable on FIELD_DEFINITION | OBJECT
directive @source(
  name: String!, http: SourceHTTP!, errors: ConnectorErrors, isSuccess: JSONSelection
) repeatable on SCHEMA
"""


def _federation(minor: int) -> Feature:
    said = (sdl for first, last, sdl in _SINCE if first <= minor <= last)
    return Feature(FEDERATION, Version(2, minor), "\n".join(said))


def _connect(minor: int, federation: int) -> Feature:
    return Feature(CONNECT, Version(0, minor), _CONNECT, Version(2, federation), "EXECUTION")


def _versions() -> tuple[Feature, ...]:
    fed_2 = Version(2, 0)
    return (
        Feature(LINK, Version(1, 0), _LINK_1, fed_2),
        Feature(CORE, Version(0, 1), _CORE_1),
        Feature(CORE, Version(0, 2), _CORE_2, fed_2),
        *(_federation(minor) for minor in range(LATEST.minor + 1)),
        Feature(TAG, Version(0, 1), _TAG_1),
        Feature(TAG, Version(0, 2), _TAG_2),
        Feature(TAG, Version(0, 3), _TAG_3, fed_2),
        Feature(INACCESSIBLE, Version(0, 1), _INACCESSIBLE_1, purpose="SECURITY"),
        Feature(INACCESSIBLE, Version(0, 2), _INACCESSIBLE_2, fed_2, "SECURITY"),
        Feature(_HOST + "authenticated", Version(0, 1), _AUTHENTICATED, Version(2, 5), "SECURITY"),
        Feature(_HOST + "requiresScopes", Version(0, 1), _REQUIRES_SCOPES, purpose="SECURITY"),
        Feature(_HOST + "policy", Version(0, 1), _POLICY, purpose="SECURITY"),
        Feature(_HOST + "context", Version(0, 1), _CONTEXT, purpose="SECURITY"),
        Feature(_HOST + "cost", Version(0, 1), _COST, Version(2, 9)),
        Feature(_HOST + "cacheTag", Version(0, 1), _CACHE_TAG, Version(2, 12), "EXECUTION"),
        _connect(1, 10),
        _connect(2, 11),
        _connect(3, 12),
        _connect(4, 13),
    )


FEATURES: Final[Mapping[tuple[str, Version], Feature]] = {
    (feature.identity, feature.version): feature for feature in _versions()
}


def feature(identity: str, version: Version) -> Feature | None:
    """The specification at exactly this version, if it is one we know."""
    return FEATURES.get((identity, version))
