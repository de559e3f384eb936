"""Compose small graphs: one SDL per subgraph, each linked to Federation 2 unless it says otherwise."""

from router.compose import Composed, CompositionError, HintCode, Refused, Subgraph, compose
from router.federation.features import FEATURES, FEDERATION, LATEST

_IMPORTS = ", ".join(sorted(f'"{name}"' for name in FEATURES[FEDERATION, LATEST].elements() if name[0] == "@"))
LINK = f'extend schema @link(url: "https://specs.apollo.dev/federation/{LATEST}", import: [{_IMPORTS}])'
FEDERATION_1 = "# a schema of Federation 1\n"
"""At the start of an SDL: no link is added."""


def outcome(**sdls: str) -> Composed | Refused:
    """What composing subgraphs of these names gives."""
    return compose([Subgraph(name, f"http://{name}", _linked(sdl)) for name, sdl in sdls.items()])


def _linked(sdl: str) -> str:
    return sdl if sdl.startswith(FEDERATION_1) or "@link" in sdl else f"{LINK}\n{sdl}"


def supergraph(**sdls: str) -> str:
    """The SDL of the supergraph that the subgraphs compose into."""
    found = outcome(**sdls)
    assert isinstance(found, Composed), found
    return found.supergraph_sdl


def errors(**sdls: str) -> tuple[CompositionError, ...]:
    """All that is wrong with the subgraphs; nothing, if they compose."""
    found = outcome(**sdls)
    return found.errors if isinstance(found, Refused) else ()


def codes(**sdls: str) -> set[str]:
    """The codes of all that is wrong with the subgraphs."""
    return {error.code.value for error in errors(**sdls)}


def hints(**sdls: str) -> set[HintCode]:
    """The codes of what is remarked on composed subgraphs."""
    found = outcome(**sdls)
    assert isinstance(found, Composed), found
    return {hint.code for hint in found.hints}
