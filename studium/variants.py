"""What holds for each tenant at the router, by its record in the registry: plain values of the router's file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from router.serve.demand.config import Rate, Unit
from router.serve.variants.naming import TenantNaming
from router.serve.variants.policy import TenantPolicy
from router.serve.variants.settings import TenancySettings
from shared.tenancy.profile import Plan, Quotas

_QUOTA: Final = "tenant-quota"
"""The rate of a tenant that has a quota of cost."""
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class FeaturePolicy:
    """What is different for tenants that have a feature switched on.

    Attributes:
        tags: of `@tag`; whatever has one of them exists for these tenants alone.
        labels: of `@override`, that hold for them.
    """

    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TenantRules:
    """What holds for tenants. Which plan, features and region a tenant has stands in the registry.

    Attributes:
        naming: where requests may name their tenant by its slug; it has to be the access token's.
        plans: by their names in the registry; one that is not named here leaves everything as it is for all.
        features: by their names in the registry.
        anonymous: for callers without a token, who have no feature either.
        keep_seconds: after which a tenant's record is asked for again at the latest; changes are told before.
        stale_seconds: for which it holds on where the auth subgraph cannot be asked.
        remembered: tenants whose policies are remembered.
        variants: of the graph that are kept.
    """

    naming: TenantNaming = field(default_factory=TenantNaming)
    plans: Mapping[str, TenantPolicy] = field(default_factory=dict[str, TenantPolicy])
    features: Mapping[str, FeaturePolicy] = field(default_factory=dict[str, FeaturePolicy])
    anonymous: TenantPolicy = field(default_factory=TenantPolicy)
    keep_seconds: float = 60.0
    stale_seconds: float = 600.0
    remembered: int = 10_000
    variants: int = 64

    def __post_init__(self) -> None:
        """Raises: ValueError: there is no such plan, or it says what the registry says."""
        unknown = sorted({*self.plans} - {*Plan})
        if unknown:
            raise ValueError(f"There is no plan {unknown[0]!r}; there are {', '.join(Plan)}.")
        if any(each.names or each.placement for each in (*self.plans.values(), self.anonymous)):
            raise ValueError("Names and placements of tenants stand in the registry: their slugs and regions.")

    @property
    def settings(self) -> TenancySettings:
        """The part that is the router's own."""
        return TenancySettings(
            self.naming,
            keep_seconds=self.keep_seconds,
            stale_seconds=self.stale_seconds,
            remembered=self.remembered,
            variants=self.variants,
        )

    @property
    def policies(self) -> tuple[TenantPolicy, ...]:
        """Those of callers without a token, and of tenants without features, as they are shown."""
        return (self.nobodys(), *(self._with(each, set()) for each in self.plans.values()))

    def policy(
        self,
        plan: str,
        features: Iterable[str],
        *,
        slug: str,
        region: str | None,
        quotas: Quotas | None = None,
        otherwise: tuple[Rate, ...] = (),
    ) -> TenantPolicy:
        """What holds for a tenant.

        Args:
            plan: as the registry names it.
            features: that are switched on.
            slug: by which hosts, headers and paths may name it.
            region: the placement of its subgraphs; None for where all are.
            quotas: what it may use at most, whatever the plan says.
            otherwise: the rates that hold for all.
        """
        made = self._with(self.plans.get(plan, TenantPolicy()), {*features})
        made = replace(made, names=(slug,), placement=region)
        return made if quotas is None else _limited(made, quotas, otherwise)

    def nobodys(self) -> TenantPolicy:
        """What holds for callers without a token."""
        return self._with(self.anonymous, set())

    def _with(self, policy: TenantPolicy, features: set[str]) -> TenantPolicy:
        """A plan's policy, with what features show and override."""
        hidden = {tag for name, each in self.features.items() if name not in features for tag in each.tags}
        labels = {label for name, each in self.features.items() if name in features for label in each.labels}
        shown = policy.contract
        contract = replace(shown, exclude=tuple(sorted({*shown.exclude, *hidden})))
        return replace(policy, contract=contract, labels=tuple(sorted({*policy.labels, *labels})))


def _limited(policy: TenantPolicy, quotas: Quotas, otherwise: tuple[Rate, ...]) -> TenantPolicy:
    """A policy within a tenant's quotas: of streams at the same time, and of what its operations cost in a minute."""
    streams = [each for each in (policy.streams, quotas.streams) if each is not None]
    policy = replace(policy, streams=min(streams, default=None))
    if quotas.cost_per_minute is None:
        return policy
    quota = Rate(_QUOTA, max(quotas.cost_per_minute, 1), _MINUTE, Unit.COST)
    return replace(policy, rates=(*(otherwise if policy.rates is None else policy.rates), quota))
