"""What a schema links to, and what the linked elements are called in it.

Source: https://specs.apollo.dev/link/v1.0
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import DirectiveNode

from router.federation.features import FEDERATION, Feature, feature
from router.federation.urls import FeatureUrl


@dataclass(frozen=True, slots=True)
class Import:
    """An element brought in under a name of the schema's choice; directives are written with their `@`."""

    name: str
    alias: str

    @property
    def is_directive(self) -> bool:
        return self.name.startswith("@")


@dataclass(frozen=True, slots=True)
class Link:
    """One `@link`."""

    url: FeatureUrl
    alias: str
    """What the feature is called here: the namespace of everything not imported."""
    imports: tuple[Import, ...] = ()
    purpose: str | None = None
    node: DirectiveNode | None = None

    @property
    def feature(self) -> Feature | None:
        """The specification, where it is one we know."""
        return feature(self.url.identity, self.url.version)

    def directive_name(self, name: str) -> str:
        """What the schema calls the feature's directive `name`, without the `@`."""
        for imported in self.imports:
            if imported.name == f"@{name}":
                return imported.alias.removeprefix("@")
        return self.alias if name == self.url.name else f"{self.alias}__{name}"

    def type_name(self, name: str) -> str:
        """What the schema calls the feature's type `name`."""
        for imported in self.imports:
            if imported.name == name:
                return imported.alias
        return f"{self.alias}__{name}"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an element of a schema comes from."""

    link: Link
    name: str
    """What the feature itself calls it, without `@`."""


@dataclass(slots=True)
class Links:
    """Every link of a schema."""

    by_identity: dict[str, Link] = field(default_factory=dict[str, Link])
    by_alias: dict[str, Link] = field(default_factory=dict[str, Link])
    by_import: dict[str, Origin] = field(default_factory=dict[str, Origin])

    @classmethod
    def of(cls, links: Iterable[Link]) -> "Links":
        """Index `links`; on a clash of names the first one keeps the name."""
        found = cls()
        for link in links:
            found.add(link)
        return found

    def add(self, link: Link) -> None:
        self.by_identity.setdefault(link.url.identity, link)
        self.by_alias.setdefault(link.alias, link)
        for imported in link.imports:
            self.by_import.setdefault(imported.alias, Origin(link, imported.name.removeprefix("@")))

    def __iter__(self) -> Iterator[Link]:
        return iter(self.by_identity.values())

    @property
    def federation(self) -> Link | None:
        """The link to Federation 2, None in a Federation 1 schema."""
        return self.by_identity.get(FEDERATION)

    def directive(self, name: str) -> Origin | None:
        """Which feature's directive the schema calls `@name`."""
        imported = self.by_import.get(f"@{name}")
        if imported is not None:
            return imported
        if name in self.by_alias:
            link = self.by_alias[name]
            return self._unless_renamed(Origin(link, link.url.name), "@")
        return self._prefixed(name, "@")

    def type(self, name: str) -> Origin | None:
        """Which feature's type the schema calls `name`."""
        return self.by_import.get(name) or self._prefixed(name, "")

    def _prefixed(self, name: str, sigil: str) -> Origin | None:
        alias, separator, local = name.partition("__")
        link = self.by_alias.get(alias) if separator else None
        return self._unless_renamed(Origin(link, local), sigil) if link else None

    def _unless_renamed(self, origin: Origin, sigil: str) -> Origin | None:
        """An imported element has left its namespaced name to whoever takes it."""
        renamed = any(imported.name == f"{sigil}{origin.name}" for imported in origin.link.imports)
        return None if renamed else origin
