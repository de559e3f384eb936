"""What the auth subgraph refuses, beside what every subgraph does."""

from shared.errors import Refusal


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
