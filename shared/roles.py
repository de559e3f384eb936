"""The roles a person can have in a tenant. What each may do is decided by the auth subgraph, in scopes."""

from enum import StrEnum

import strawberry


@strawberry.enum(description="What a person is in a tenant; it decides what they may do.")
class Role(StrEnum):
    OWNER = "OWNER"
    INSTRUCTOR = "INSTRUCTOR"
    LEARNER = "LEARNER"
