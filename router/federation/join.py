"""The join specification: how a supergraph says which subgraph resolves what.

Source: https://specs.apollo.dev/join/v0.3, and the tables of versions 0.4 and 0.5 in Federation's change log.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from router.federation.features import JOIN, Feature
from router.federation.versions import Version

_ANY_TYPE = "OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR"


def _join(minor: int, federation: int) -> Feature:
    label = ", overrideLabel: String" if minor >= 4 else ""  # noqa: PLR2004 - the version that added it
    context = ", contextArguments: [ContextArgument!]" if minor >= 5 else ""  # noqa: PLR2004 - the same
    sdl = f"""
scalar FieldSet
enum Graph
directive @graph(name: String!, url: String!) on ENUM_VALUE
directive @type(
  graph: Graph!, key: FieldSet, extension: Boolean! = false, resolvable: Boolean! = true,
  isInterfaceObject: Boolean! = false
) repeatable on {_ANY_TYPE}
directive @field(
  graph: Graph, requires: FieldSet, provides: FieldSet, type: String, external: Boolean, override: String,
  usedOverridden: Boolean{label}{context}
) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @implements(graph: Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @unionMember(graph: Graph!, member: String!) repeatable on UNION
directive @enumValue(graph: Graph!) repeatable on ENUM_VALUE
"""
    if minor >= 4:  # noqa: PLR2004 - the version that added it
        sdl += """
scalar DirectiveArguments
directive @directive(
  graphs: [Graph!], name: String!, args: DirectiveArguments
) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION
"""
    if minor >= 5:  # noqa: PLR2004 - the version that added it
        sdl += """
scalar FieldValue
input ContextArgument { name: String! type: String! context: String! selection: FieldValue! }
"""
    return Feature(JOIN, Version(0, minor), sdl, Version(2, federation), "EXECUTION")


JOIN_VERSIONS: Final = (_join(5, 8), _join(4, 7), _join(3, 0))
"""The versions we print, newest first."""


def join_for(federation: Version) -> Feature:
    """The oldest join specification that can say everything of `federation`."""
    for spec in JOIN_VERSIONS:
        if spec.minimum_federation is not None and federation >= spec.minimum_federation:
            return spec
    return JOIN_VERSIONS[-1]


def graph_names(subgraphs: Iterable[str]) -> Mapping[str, str]:
    """The value of `join__Graph` for each subgraph's name, distinct for distinct names."""
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for name in subgraphs:
        alike[_enum_value(name)].append(name)
    return {
        name: value if len(names) == 1 else f"{value}_{position}"
        for value, names in alike.items()
        for position, name in enumerate(names, 1)
    }


def _enum_value(name: str) -> str:
    value = re.sub(r"\W", "_", name, flags=re.ASCII)
    if value[:1].isdigit():
        value = f"_{value}"
    if re.search(r"_\d+$", value):
        # leaves the numbered names to those that need telling apart
        value = f"{value}_"
    return value.upper()
