"""What holds for a tenant: plain values, from a file or from whoever knows the tenants."""

from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from router.compose.contracts import Contract
from router.serve.access.identity import Identity
from router.serve.demand.config import Rate
from router.serve.persisted.policy import PersistedPolicy

if TYPE_CHECKING:
    from router.serve.request import RequestContext


@dataclass(frozen=True, slots=True)
class ContractTags:
    """Which part of the supergraph a tenant sees, by `@tag`.

    What is not part of it does not exist for the tenant's clients, whatever subgraphs need of it among themselves.

    Attributes:
        include: fields and unions without one of these tags are hidden; nothing is for want of a tag, if there are
            none.
        exclude: whatever has one of these tags is hidden, whatever else it has.
        hide_unreachable: types that no visible field leads to are hidden, too.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hide_unreachable: bool = False

    def __bool__(self) -> bool:
        """Whether anything can be hidden."""
        return bool(self.include or self.exclude or self.hide_unreachable)

    def contract(self) -> Contract:
        """The same for the composer."""
        return Contract(frozenset(self.include), frozenset(self.exclude), self.hide_unreachable)


class Introspection(Enum):
    """Who may ask for the schema."""

    OFF = "off"
    ON = "on"
    SCOPED = "scoped"
    """Callers with one of the policy's `introspection_scopes`."""


@dataclass(frozen=True, slots=True)
class TenantPolicy:
    """What holds for a tenant. One that says nothing leaves everything as it is for all.

    Attributes:
        names: by which hosts, headers and paths may name the tenant, beside the name in its tokens.
        contract: the part of the supergraph that its clients see.
        introspection: who may ask for the schema, instead of what the router's limits say; None leaves it to them.
        introspection_scopes: that `scoped` looks at.
        suggestions: whether errors suggest names of the schema to those who may ask for it; None leaves it to the
            router's limits. Others never get any.
        labels: of `@override`, that hold beside those of the request.
        operation_cost: most that one operation may cost, instead of what holds for all; None is the same.
        rates: who may have how much in a time, instead of what holds for all; None is the same.
        persisted: operations that its clients may name and send, instead of what holds for all; None is the same.
        placement: where its subgraphs are; None for where all are.
        streams: connections that all its clients may have open, instead of what holds for all; None is the same.
    """

    names: tuple[str, ...] = ()
    contract: ContractTags = field(default_factory=ContractTags)
    introspection: Introspection | None = None
    introspection_scopes: tuple[str, ...] = ()
    suggestions: bool | None = None
    labels: tuple[str, ...] = ()
    operation_cost: float | None = None
    rates: tuple[Rate, ...] | None = None
    persisted: PersistedPolicy | None = None
    placement: str | None = None
    streams: int | None = None

    def __post_init__(self) -> None:
        """Raises: ValueError: two rates have one name."""
        names = [rate.name for rate in self.rates or ()]
        if len(set(names)) < len(names):
            raise ValueError("Every rate needs a name of its own.")

    @property
    def shows_all(self) -> bool:
        """Whether nothing is said of what its clients are shown."""
        return self.introspection is None and self.suggestions is None and not self.contract

    def named(self, names: tuple[str, ...]) -> "TenantPolicy":
        """The same for a tenant with these names."""
        return replace(self, names=names) if names else self

    def introspects(self, identity: Identity | None, *, otherwise: bool) -> bool:
        """Whether a caller may ask for the schema; `otherwise` is what holds for all."""
        match self.introspection:
            case None:
                return otherwise
            case Introspection.SCOPED:
                return identity is not None and not identity.scopes.isdisjoint(self.introspection_scopes)
            case decided:
                return decided is Introspection.ON


class PolicyOf(Protocol):
    """Tells the policy of a tenant; what it tells is kept for a while, for all callers of the tenant."""

    def __call__(self, tenant: str | None, context: "RequestContext", /) -> Awaitable[TenantPolicy | None]:
        """The policy of a tenant; of callers without one if it is None.

        Args:
            tenant: by its verified name.
            context: of the first of the tenant's requests that has to know. The policy must not depend on it; it is
                there for those who have to ask a service in the caller's name.

        Returns:
            None if there is no such tenant, or it is not to be served.
        """
        ...
