"""From a supergraph to a variant of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLSchema, parse

from router.compose.contracts.contract import Contract
from router.compose.contracts.mask import Mask, Reasons
from router.compose.contracts.reach import reachable_types
from router.compose.model import Applied, Element, Schema, elements
from router.compose.pipeline import Refused
from router.compose.printer import print_schema
from router.compose.read import define_feature
from router.compose.read_supergraph import is_machinery, read_supergraph_schema
from router.compose.rules import inaccessible
from router.federation.errors import CompositionError, ErrorCode, FederationError
from router.federation.features import FEATURES, INACCESSIBLE
from router.federation.links import Link, Links
from router.federation.urls import FeatureUrl
from router.federation.values import EnumName
from router.federation.versions import Version
from router.supergraph.api_schema import build_api_schema

_HIDING = FEATURES[INACCESSIBLE, Version(0, 2)]


@dataclass(frozen=True, slots=True)
class Variant:
    """A supergraph that shows what a contract asks for."""

    supergraph_sdl: str

    @property
    def api_schema(self) -> GraphQLSchema:
        """What clients of the variant see."""
        return build_api_schema(parse(self.supergraph_sdl, no_location=True))


def apply_contract(supergraph_sdl: str, contract: Contract) -> Variant | Refused:
    """The variant of a supergraph, from whatever composer, or why the contract leaves none."""
    try:
        schema, links = read_supergraph_schema(supergraph_sdl)
        _hide(schema, links, contract)
    except FederationError as refused:
        return Refused(refused.errors)
    return Variant(print_schema(schema))


def _hide(schema: Schema, links: Links, contract: Contract) -> None:
    types = [name for name in schema.types if not is_machinery(links, name)]
    mask = Mask(schema, contract, types)
    mask.by_tags()
    mask.what_is_left_empty()
    _mark(schema, _hiding_link(schema, links), mask.hidden)
    errors = list(_errors(schema, mask.hidden))
    if errors:
        raise FederationError(errors)
    if contract.hide_unreachable:
        reached = reachable_types(schema, lambda element: not mask.is_hidden(element))
        unreached = {name: "as nothing leads to it" for name in types if name not in reached}
        _mark(schema, _hiding_link(schema, links), unreached)


def _hiding_link(schema: Schema, links: Links) -> Link:
    """The link to `@inaccessible`, made if the supergraph has none."""
    found = links.by_identity.get(INACCESSIBLE)
    if found is None:
        found = Link(FeatureUrl.parse(_HIDING.url), _HIDING.name)
        schema.itself.directives.append(Applied("link", {"url": _HIDING.url, "for": EnumName("SECURITY")}))
        define_feature(schema, found, _HIDING)
        links.add(found)
    return found


def _mark(schema: Schema, link: Link, hidden: Reasons) -> None:
    name = link.directive_name("inaccessible")
    for element in elements(schema):
        if element.coordinate in hidden and not element.has("inaccessible"):
            element.directives.append(Applied(name, {}, "inaccessible"))


class _Explained(inaccessible.Visible):
    """What clients see, with errors that say why an element is hidden; subgraphs are not at fault and not named."""

    def __init__(self, schema: Schema, hidden: Reasons) -> None:
        super().__init__(schema, lambda _: ())
        self._hidden = hidden

    def error(self, code: ErrorCode, message: str, *elements: Element) -> CompositionError:
        reasons = [
            f'The contract hides "{element.coordinate}" {self._hidden[element.coordinate]}.'
            for element in elements
            if element.coordinate in self._hidden
        ]
        return CompositionError(code, " ".join([message, *reasons]))


def _errors(schema: Schema, hidden: Reasons) -> Iterator[CompositionError]:
    visible = _Explained(schema, hidden)
    for rule in inaccessible.RULES:
        yield from rule(visible)
