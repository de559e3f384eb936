"""Who asks, as far as that has been verified."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller whose token was verified: never made of what a client merely says.

    Attributes:
        subject: the user or service, unique within its tenant.
        tenant: whose data may be touched; None where the graph has one tenant.
        client: the application through which they ask.
        scopes: what `@requiresScopes` compares with.
        claims: everything the token says.
        expires: until when it holds, in seconds since the epoch; None if it never ends.
    """

    subject: str
    tenant: str | None = None
    client: str | None = None
    scopes: frozenset[str] = frozenset()
    claims: Mapping[str, Any] = field(default_factory=dict[str, Any], hash=False)
    expires: float | None = None
