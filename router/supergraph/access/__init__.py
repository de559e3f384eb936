"""Who may see what of a supergraph: `@authenticated`, `@requiresScopes` and `@policy`.

`names` finds what the directives are called here, `read` reads them, `rules` works out what is needed for each field of
each object type, whichever way it is reached.
"""

from router.supergraph.access.requirements import AccessKind, Denied, Requirement, Requirements
from router.supergraph.access.rules import AccessRules

__all__ = ["AccessKind", "AccessRules", "Denied", "Requirement", "Requirements"]
