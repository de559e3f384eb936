"""Where we answer otherwise than the reference, and why.

Beside what the corpora show below, mutated corpora found that the reference lets through what GraphQL forbids, and that
we refuse it (INVALID_GRAPHQL), as nothing good comes of it:

- An argument, an enum value or an argument of an applied directive that is given twice: "each argument must have a
  unique name", "each enum value must be unique" (GraphQL October 2021, sections 3.13, 3.9 and 5.4.2).
- `extend input T` of an object `T`, of which the reference makes one type: "the named type must already be defined and
  must be an Input Object type" (section 3.10.3).
- `1.0` for an `ID` or an `Int`, and `[]` for an input object: to JavaScript they are what fits (section 5.6.1).
- A `@link` to link itself that types `for` as a string: "for: link__Purpose" (link specification 1.0).

Where several errors meet, the reference at times tells only that which made it stop, by accident of its order: an
object implementing what another subgraph has as an object is told as INVALID_GRAPHQL by it and as TYPE_KIND_MISMATCH by
us. An import that is an empty string is no import to it, and INVALID_LINK_DIRECTIVE_USAGE to us.
"""

from tests.conformance.composition.corpus import Case

_ONE_OF = (
    "`@oneOf` is a directive of GraphQL itself (September 2025, section 3.13.5), and is carried into the supergraph; "
    "the reference takes it for unknown, or loses it."
)
_NO_CODE = "The reference refuses with an internal error that has no code; we refuse with one."
_INDIRECT_KEY = (
    "A key that needs a second entity from the subgraph it leads to can be had through a third subgraph, as the "
    "federation specification lets keys be resolved from anywhere; the reference does not look that far. That such "
    "graphs are answered right is shown by the plans in tests/router/plan/cases/indirect_keys.graphql."
)
_BY_TEST = (("@requires with a lot of nested entities", _INDIRECT_KEY),)


def reason(case: Case) -> str | None:
    """Why we may differ on this set; None, where we may not."""
    if "None" in case.reference.codes:
        return _NO_CODE
    if any("@oneOf" in subgraph.sdl for subgraph in case.subgraphs):
        return _ONE_OF
    for words, why in _BY_TEST:
        if words in case.test:
            return why
    return None
