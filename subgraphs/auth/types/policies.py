"""What a tenant asks of its people, in the graph."""

import strawberry

from shared.errors import parse_id
from shared.graphql.inputs import UpdateInput
from shared.tenancy import policies
from shared.tenancy.policies import SecondFactor, WayIn

strawberry.enum(WayIn, description="How somebody shows first who they are.")
strawberry.enum(SecondFactor, name="SecondFactorRule", description="Who has to show two factors.")


@strawberry.type(description="What is asked of whoever signs in, and of passwords when they are chosen.")
class SignInPolicy:
    ways: list[WayIn] = strawberry.field(description="The ways in that are open.")
    second_factor: SecondFactor = strawberry.field(
        description="Who has to have a second factor; who signs in and has none must add it first."
    )
    second_factor_role_ids: list[strawberry.ID] = strawberry.field(
        description="With ROLES: whose holders have to, wherever they hold the role. `roles` tells more of each."
    )
    session_idle_minutes: int = strawberry.field(description="A session that is not refreshed ends after them.")
    session_longest_minutes: int = strawberry.field(
        description="After them one has to sign in again, however often the session was refreshed."
    )
    open_sign_up: bool = strawberry.field(
        description="Whether people join by themselves; otherwise only those who are brought in."
    )
    password_min_length: int = strawberry.field(description="The fewest characters of a password that is chosen.")

    @classmethod
    def of(cls, policy: policies.SignInPolicy) -> "SignInPolicy":
        return cls(
            ways=list(policy.ways),
            second_factor=policy.second_factor,
            second_factor_role_ids=[strawberry.ID(str(role_id)) for role_id in policy.second_factor_roles],
            session_idle_minutes=policy.idle_minutes,
            session_longest_minutes=policy.longest_minutes,
            open_sign_up=policy.open_sign_up,
            password_min_length=policy.password_length,
        )


@strawberry.type(description="What a tenant asks of its people.")
class TenantPolicies:
    sign_in: SignInPolicy = strawberry.field(description="How they sign in.")

    @classmethod
    def of(cls, settled: policies.Policies) -> "TenantPolicies":
        return cls(sign_in=SignInPolicy.of(settled.sign_in))


_USUAL = policies.SignInPolicy()


@strawberry.input(
    description="What is to be asked of whoever signs in, in place of all that was settled before; what is not given "
    "is as the platform has it."
)
class SetSignInPolicyInput(UpdateInput):
    ways: list[WayIn] = strawberry.field(
        default_factory=lambda: list(WayIn), description="The ways in that are open: one at least."
    )
    second_factor: SecondFactor = strawberry.field(
        default=SecondFactor.NOBODY, description="Who has to have a second factor."
    )
    second_factor_role_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="With ROLES: whose holders have to, 1 to 50 of `roles`."
    )
    session_idle_minutes: int = strawberry.field(
        default=_USUAL.idle_minutes, description="5 minutes to 14 days, in minutes."
    )
    session_longest_minutes: int = strawberry.field(
        default=_USUAL.longest_minutes, description="15 minutes to 90 days, in minutes."
    )
    open_sign_up: bool = strawberry.field(default=True, description="Whether people join by themselves.")
    password_min_length: int = strawberry.field(
        default=_USUAL.password_length, description="8 to 64; it is asked for when a password is chosen."
    )

    def policy(self) -> policies.SignInPolicy:
        """As the record has it; not looked at yet.

        Raises:
            BadUserInput: an id of a role is none.
        """
        return policies.SignInPolicy(
            ways=tuple(self.ways),
            second_factor=self.second_factor,
            second_factor_roles=tuple(
                parse_id(role_id, field="secondFactorRoleIds") for role_id in self.second_factor_role_ids
            ),
            idle_minutes=self.session_idle_minutes,
            longest_minutes=self.session_longest_minutes,
            open_sign_up=self.open_sign_up,
            password_length=self.password_min_length,
        )
