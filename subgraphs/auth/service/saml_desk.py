"""What signing in by SAML needs, and the addresses that belong to it."""

from dataclasses import dataclass, field

from shared.caller import Caller
from shared.outbound import Outbound
from shared.tenancy.policies import SignInPolicy
from subgraphs.auth.models.identity_providers import IdentityProvider
from subgraphs.auth.models.saml import SamlProvider
from subgraphs.auth.service.accounts import SignInDesk
from subgraphs.auth.service.federated_begun import BegunSeal
from subgraphs.auth.service.saml_messages import KeyPair, ServiceProvider
from subgraphs.auth.service.saml_workers import SamlWorkers


@dataclass(frozen=True, slots=True)
class SamlDesk:
    """Where people stand who sign in by SAML."""

    desk: SignInDesk
    outbound: Outbound
    public_url: str
    begun: BegunSeal
    workers: SamlWorkers = field(default_factory=SamlWorkers)

    def entity_id(self, slug: str, alias: str) -> str:
        """What a provider knows the tenant by: the address of its metadata. Each provider knows it by another."""
        return f"{self.public_url}/t/{slug}/saml/{alias}/metadata"

    def acs_url(self, slug: str, alias: str) -> str:
        """Where browsers bring its answers (assertion consumer service)."""
        return f"{self.public_url}/t/{slug}/saml/{alias}/acs"

    def service_provider(self, slug: str, alias: str, keys: KeyPair, other: KeyPair | None = None) -> ServiceProvider:
        return ServiceProvider(self.entity_id(slug, alias), self.acs_url(slug, alias), keys, other)


@dataclass(frozen=True, slots=True)
class Known:
    """A provider as it stands, and the tenant as it knows it."""

    caller: Caller
    provider: IdentityProvider
    saml: SamlProvider
    own: ServiceProvider
    policy: SignInPolicy
    """What the tenant asks of how its people sign in."""
