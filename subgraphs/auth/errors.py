"""What the auth subgraph refuses, beside what every subgraph does."""

from shared.errors import DomainError, Refusal, Unauthenticated


class ScopeNotHeld(Refusal):
    """Nobody gives a program more than they and it may do."""

    code = "SCOPE_NOT_HELD"
    default_message = "A scope is not yours to give, or not its owner's to have"


class RoleNotHeld(Refusal):
    code = "ROLE_NOT_HELD"
    default_message = "The role may do what you may not"


class TooManyApiTokens(Refusal):
    code = "TOO_MANY_API_TOKENS"
    default_message = "There are as many API tokens as one owner may have; revoke one first"


class NameTaken(Refusal):
    code = "NAME_TAKEN"
    default_message = "Another one has this name"


class TooManyAttempts(DomainError):
    """Guessing is slowed down; `extensions.retryAfter` says for how many seconds."""

    code = "TOO_MANY_ATTEMPTS"
    default_message = "Too many attempts have failed; wait a while"


class AccountDeactivated(Refusal):
    """Told only to somebody who has proved that the account is theirs."""

    code = "ACCOUNT_DEACTIVATED"
    default_message = "Your account is deactivated; ask whoever looks after your tenant"


class RefreshTokenInvalid(Unauthenticated):
    """One answer for a token that was made up, has been used, or whose session has ended."""

    code = "REFRESH_TOKEN_INVALID"
    default_message = "The refresh token is not valid any more; sign in again"


class PermissionNotHeld(Refusal):
    """Nobody gives, changes or takes away a role that can do more than they themselves."""

    code = "PERMISSION_NOT_HELD"
    default_message = "The role has a permission that you do not hold there"


class RoleIsBuiltIn(Refusal):
    code = "ROLE_IS_BUILT_IN"
    default_message = "Every tenant has this role as it is"


class RoleInUse(Refusal):
    code = "ROLE_IN_USE"
    default_message = "Somebody has this role: revoke it first"


class TooManyRoles(Refusal):
    code = "TOO_MANY_ROLES"
    default_message = "There are as many roles as a tenant may have"


class CodeInvalid(Refusal):
    """One answer for a code that is wrong, was used, or is too old."""

    code = "CODE_INVALID"
    default_message = "The code or password is wrong, or was used before"


class ChallengeInvalid(Refusal):
    code = "CHALLENGE_INVALID"
    default_message = "This sign-in has ended; begin again"


class TooManyFactors(Refusal):
    code = "TOO_MANY_FACTORS"
    default_message = "There are as many second factors as one may have; remove one first"


class PasskeyInvalid(Refusal):
    """One answer for a passkey that nobody knows, an answer that is not right, and a challenge that is over."""

    code = "PASSKEY_INVALID"
    default_message = "The passkey was not accepted; begin again"


class PasskeyKnown(Refusal):
    code = "PASSKEY_KNOWN"
    default_message = "This passkey has been added before"


class TooManyPasskeys(Refusal):
    code = "TOO_MANY_PASSKEYS"
    default_message = "There are as many passkeys as one person may have; remove one first"


class NotImpersonable(Refusal):
    code = "NOT_IMPERSONABLE"
    default_message = "Nobody acts in this person's name: they are you, or cannot sign in"


class ImpersonationEnded(Refusal):
    code = "IMPERSONATION_ENDED"
    default_message = "That is over; begin again, and say why"


class NothingToReset(Refusal):
    code = "NOTHING_TO_RESET"
    default_message = "The person has no second factor"


class LinkInvalid(Refusal):
    """One answer for a code that was made up, was used, or is too old."""

    code = "LINK_INVALID"
    default_message = "This link is not valid any more; ask for another"
