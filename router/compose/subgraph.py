"""A subgraph: as it is given, and as it is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from graphql import DocumentNode

from router.compose.facts import Facts
from router.compose.model import Applied, Element, Schema, elements
from router.federation.errors import CompositionError
from router.federation.links import Links
from router.federation.versions import Version


@dataclass(frozen=True, slots=True)
class Subgraph:
    """What is to be composed."""

    name: str
    url: str
    sdl: str


@dataclass(frozen=True, slots=True)
class RunningSubgraph:
    """A subgraph that is asked for its SDL at `address`; `url` is where the router is to find it."""

    name: str
    url: str
    address: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(eq=False)
class SubgraphSchema:
    """A subgraph's SDL, read; upgraded to Federation 2 by the time subgraphs are merged."""

    name: str
    url: str
    document: DocumentNode
    schema: Schema
    links: Links
    version: Version
    """Of Federation; what a Federation 1 schema is read as, once upgraded."""
    is_federation_1: bool = False
    faults: tuple[CompositionError, ...] = ()
    """What is wrong with its links; those at fault are missing from `links`."""

    @cached_property
    def facts(self) -> Facts:
        """What follows from the directives. Read only while the schema does not change."""
        return Facts(self.schema, is_federation_1=self.is_federation_1)

    def forget_facts(self) -> None:
        """To be called after the schema changed."""
        self.__dict__.pop("facts", None)

    def directive_name(self, meaning: str) -> str:
        """What this schema calls Federation's directive."""
        link = self.links.federation
        return meaning if link is None else link.directive_name(meaning)

    def applications(self, meaning: str) -> Iterator[tuple[Element, Applied]]:
        """Where Federation's directive is applied."""
        for element in elements(self.schema):
            for applied in element.directives:
                if applied.meaning == meaning:
                    yield element, applied


Subgraphs = Sequence[SubgraphSchema]
