"""What a tenant asks of its people: unpack, call, wrap."""

import strawberry

from shared.graphql.step_up import StepUp
from shared.graphql.user_errors import Refusals
from subgraphs.auth.context import Info
from subgraphs.auth.resolvers.tenants import settling
from subgraphs.auth.service import policy_settling
from subgraphs.auth.types.policies import SetSignInPolicyInput
from subgraphs.auth.types.tenants import SetSignInPolicyPayload, Tenant


@strawberry.type
class PolicyMutation:
    @strawberry.mutation(
        extensions=[StepUp(), Refusals(SetSignInPolicyPayload)],
        description="Settle what is asked of whoever signs in, as a whole. Sessions that would not be let in any more "
        "end when they are refreshed. Refused with LOCKS_YOU_OUT if that would be so of this one. Needs tenant:manage, "
        "and all that owners may do.",
    )
    async def set_sign_in_policy(self, info: Info, input: SetSignInPolicyInput) -> SetSignInPolicyPayload | None:
        policy, change = policy_settling.checked_policy(input.policy()), settling(input, "setSignInPolicy", "policies")
        context = info.context
        record = await policy_settling.settle_sign_in(
            context.tenant_desk, context.caller, change, policy, context.desk.clock()
        )
        return SetSignInPolicyPayload(tenant=Tenant.of(record))
