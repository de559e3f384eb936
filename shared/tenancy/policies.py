"""What a tenant asks of how its people sign in. Plain values, kept as JSON; what is not settled is the platform's."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from shared.errors import BadUserInput, Refusal
from shared.password_policy import MAX_LENGTH, MIN_LENGTH


class SignUpClosed(Refusal):
    code = "SIGN_UP_CLOSED"
    default_message = "Only who is invited can sign up here"


class WayIn(StrEnum):
    """How somebody shows first who they are."""

    PASSWORD = "PASSWORD"  # noqa: S105 - the name of a way
    PASSKEY = "PASSKEY"
    MAGIC_LINK = "MAGIC_LINK"
    FEDERATED = "FEDERATED"
    SAML = "SAML"


class SecondFactor(StrEnum):
    """Who has to show two factors."""

    NOBODY = "NOBODY"
    ROLES = "ROLES"
    EVERYBODY = "EVERYBODY"


class SignInPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is asked of whoever signs in, and of passwords when they are chosen."""

    ways: tuple[WayIn, ...] = tuple(WayIn)
    second_factor: SecondFactor = SecondFactor.NOBODY
    """Who has to have one; who signs in and has none must add it first."""
    second_factor_roles: tuple[UUID, ...] = ()
    """Whose holders have to, if it depends on that: roles of the tenant's making, or those that every tenant has."""
    idle_minutes: int = 14 * 24 * 60
    """A session that is not refreshed ends after them."""
    longest_minutes: int = 90 * 24 * 60
    """However often it is refreshed. Source: NIST SP 800-63B, section 4 (reauthentication)."""
    open_sign_up: bool = True
    """Whether people join by themselves. Invitations, directories, rosters and providers bring people in any case."""
    password_length: int = MIN_LENGTH
    """The fewest characters of a password, when one is chosen."""

    @property
    def idle(self) -> timedelta:
        return timedelta(minutes=self.idle_minutes)

    @property
    def longest(self) -> timedelta:
        return timedelta(minutes=self.longest_minutes)

    def check_password_length(self, password: str, *, field: str = "password") -> None:
        """Refuse a password that is shorter than the tenant wants.

        Raises:
            BadUserInput: so it is.
        """
        if len(password) < self.password_length:
            message = f"`{field}` must have {self.password_length} to {MAX_LENGTH} characters"
            raise BadUserInput(message, field=field)


class Policies(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a tenant has settled of what it asks of its people."""

    sign_in: SignInPolicy = SignInPolicy()
