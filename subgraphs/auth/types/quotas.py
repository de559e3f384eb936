"""Quotas in the graph."""

import strawberry

from shared.graphql.inputs import UpdateInput
from shared.graphql.user_errors import Payload
from shared.tenancy.profile import Measure
from subgraphs.auth.types.tenants import Tenant

strawberry.enum(Measure, name="QuotaMeasure", description="What is counted of a tenant.")


@strawberry.input(description="How much of something the tenant wants to allow itself.")
class SetQuotaInput(UpdateInput):
    measure: Measure = strawberry.field(description="Of what.")
    limit: float | None = strawberry.field(
        default=None,
        description="A whole number, at most what the plan gives; null for as much as that.",
    )


@strawberry.type(description="What came of `setQuota`.")
class SetQuotaPayload(Payload):
    tenant: Tenant | None = strawberry.field(default=None, description="As it is now; null if it was refused.")
