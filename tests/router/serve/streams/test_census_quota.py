"""How many streams a tenant may have open stands in its policy, or else holds for all."""

import pytest

from router.serve.access.identity import Identity
from router.serve.errors import Refused
from router.serve.streams.census import Census
from router.serve.streams.settings import StreamSettings
from router.serve.variants.policy import TenantPolicy


def identity(subject: str, tenant: str = "a") -> Identity:
    return Identity(subject=subject, tenant=tenant)


def test_a_tenants_policy_counts_instead_of_what_holds_for_all() -> None:
    census, strict = Census(StreamSettings(tenant_streams=5)), TenantPolicy(streams=1)
    with census.counted(identity("ann"), "host", strict):
        with pytest.raises(Refused, match="1 streams open"):
            census.counted(identity("ben"), "host", strict)
        census.counted(identity("ben", "b"), "host", TenantPolicy())
    census.counted(identity("ben"), "host", strict)
