"""Feature flags: unpack, call, wrap."""

import strawberry

from shared.errors import Unauthenticated
from shared.graphql.user_errors import Refusals
from shared.tenancy.registry import TenantRecord
from subgraphs.auth.context import Info
from subgraphs.auth.resolvers.tenants import settling
from subgraphs.auth.service import flags as service
from subgraphs.auth.service.tenants import Settling
from subgraphs.auth.types.flags import (
    FeatureFlag,
    FlagDecision,
    RemoveFeatureFlagInput,
    RemoveFeatureFlagPayload,
    SetFeatureFlagInput,
    SetFeatureFlagPayload,
)


async def _own(info: Info) -> TenantRecord:
    record = await info.context.own_tenant()
    if record is None:
        raise Unauthenticated
    return record


@strawberry.type
class FlagQuery:
    @strawberry.field(description="The tenant's feature flags by key, for those who may manage the tenant.")
    async def feature_flags(self, info: Info) -> list[FeatureFlag] | None:
        found = service.all_flags(info.context.caller, await _own(info))
        return [FeatureFlag.of(key, flag) for key, flag in found.items()]

    @strawberry.field(description="What each enabled feature flag of the tenant is for the caller, by key.")
    async def flags(self, info: Info) -> list[FlagDecision] | None:
        decided = service.values_of(info.context.caller, await _own(info))
        return [FlagDecision.of(key, value) for key, value in decided.items()]


@strawberry.type
class FlagMutation:
    @strawberry.mutation(
        extensions=[Refusals(SetFeatureFlagPayload)], description="Add a feature flag, or replace the one of its key."
    )
    async def set_feature_flag(self, info: Info, input: SetFeatureFlagInput) -> SetFeatureFlagPayload | None:
        key, flag = service.flag_key(input.key), service.checked_flag(input.flag())
        change = settling(input, "setFeatureFlag", "flags")
        record = await service.set_flag(info.context.tenant_desk, info.context.caller, change, key, flag)
        return SetFeatureFlagPayload(flag=FeatureFlag.of(key, record.flags.by_key.get(key, flag)))

    @strawberry.mutation(extensions=[Refusals(RemoveFeatureFlagPayload)], description="Take a feature flag away.")
    async def remove_feature_flag(self, info: Info, input: RemoveFeatureFlagInput) -> RemoveFeatureFlagPayload | None:
        key, change = service.flag_key(input.key), Settling(input.attempt("removeFeatureFlag"), ("flags",))
        await service.remove_flag(info.context.tenant_desk, info.context.caller, change, key)
        return RemoveFeatureFlagPayload(key=key)
