"""Where we answer otherwise than the reference, by identifier of the set, and why."""

from collections.abc import Mapping

from tests.conformance.composition.corpus import Case

_ONE_OF = (
    "`@oneOf` is a directive of GraphQL itself (September 2025, section 3.13.5), and is carried into the supergraph; "
    "the reference takes it for unknown, or loses it."
)
_NO_CODE = "The reference refuses with an internal error that has no code; we refuse with one."
_LINK_ERROR = (
    "The reference reports the directive that is not imported as unknown, and not the import that failed, which is the "
    "cause (link specification 1.0, `import`)."
)
_INDIRECT_KEY = (
    "A key that needs a second entity from the subgraph it leads to can be had through a third subgraph, as the "
    "federation specification lets keys be resolved from anywhere; the reference does not look that far."
)
_NO_LINK = "The enum is that of `@link` itself, which the schema uses without linking to it."

_BY_TEST = (("@requires with a lot of nested entities", _INDIRECT_KEY),)
_BY_ID: Mapping[str, str] = {
    "guild-1679": _LINK_ERROR,
    "guild-1680": _LINK_ERROR,
    "guild-1681": _LINK_ERROR,
    "guild-2775": _LINK_ERROR,
    "guild-2988": _LINK_ERROR,
    "grafbase-provides/provides_scalar": _NO_LINK,
}


def reason(case: Case) -> str | None:
    """Why we may differ on this set; None, where we may not."""
    if "None" in case.reference.codes:
        return _NO_CODE
    if any("@oneOf" in subgraph.sdl for subgraph in case.subgraphs):
        return _ONE_OF
    for words, why in _BY_TEST:
        if words in case.test:
            return why
    return _BY_ID.get(case.id)
