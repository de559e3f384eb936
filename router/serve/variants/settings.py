"""How a router deals with its tenants: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.serve.variants.naming import TenantNaming
from router.serve.variants.policy import PolicyOf, TenantPolicy

if TYPE_CHECKING:
    from router.serve.request import RequestContext


@dataclass(frozen=True, slots=True)
class TenantEntry:
    """A tenant that the configuration knows.

    Attributes:
        plan: the name of its plan.
        names: by which hosts, headers and paths may name it, beside the name in its tokens.
    """

    plan: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TenancySettings:
    """How a router deals with its tenants.

    Attributes:
        naming: where requests may name them.
        plans: what holds for tenants, by the names of plans; none where all are alike.
        tenants: their plans, by the names that tenants have in access tokens.
        default: the plan of tenants that are not listed; null refuses them.
        anonymous: the plan of callers without a tenant, which has to be said where there are plans.
        keep_seconds: after which a tenant's policy is asked for again.
        stale_seconds: for which it holds on where it cannot be asked for.
        remembered: tenants whose policies are remembered.
        variants: of the graph that are kept; one costs some hundred kilobytes, and making it some tenths of a second.
    """

    naming: TenantNaming = field(default_factory=TenantNaming)
    plans: Mapping[str, TenantPolicy] = field(default_factory=dict[str, TenantPolicy])
    tenants: Mapping[str, TenantEntry] = field(default_factory=dict[str, TenantEntry])
    default: str | None = None
    anonymous: str | None = None
    keep_seconds: float = 60.0
    stale_seconds: float = 600.0
    remembered: int = 10_000
    variants: int = 64

    def __post_init__(self) -> None:
        """Raises: ValueError: there is no such plan, or it is not said who has which."""
        named = [each.plan for each in self.tenants.values()]
        named += [each for each in (self.default, self.anonymous) if each is not None]
        unknown = sorted(set(named) - set(self.plans))
        if unknown:
            raise ValueError(f"There is no plan {unknown[0]!r}; there are {', '.join(self.plans) or 'none'}.")
        if self.plans and self.anonymous is None:
            raise ValueError("Where there are plans, say which one callers without a tenant have: `anonymous`.")
        if any(plan.names for plan in self.plans.values()):
            raise ValueError("A plan is for several tenants: their names belong to `tenants`.")

    @property
    def is_active(self) -> bool:
        """Whether tenants matter at all."""
        naming = self.naming
        return bool(self.plans or naming.hosts or naming.headers or naming.paths)

    def policy_of(self) -> PolicyOf | None:
        """Tells the policies of tenants by their plans; None where there are none."""
        if not self.plans:
            return None

        async def policy_of(tenant: str | None, context: "RequestContext") -> TenantPolicy | None:
            entry = None if tenant is None else self.tenants.get(tenant)
            if entry is not None:
                return self.plans[entry.plan].named(entry.names)
            plan = self.anonymous if tenant is None else self.default
            return None if plan is None else self.plans[plan]

        return policy_of
