"""How somebody proved who they are, and what that is worth.

Source: RFC 8176 (methods), OpenID Connect Core, section 2 (``acr``, ``amr``, ``auth_time``), NIST SP 800-63B (levels).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

PASSWORD: Final = "pwd"  # noqa: S105 - the name of a method
ONE_TIME_CODE: Final = "otp"
HARDWARE_KEY: Final = "hwk"
USER_PRESENT: Final = "user"
MAILED_LINK: Final = "email"
"""Not one of the registered ones, which know no mail."""
FEDERATED: Final = "fed"
"""An identity provider has said so; not one of the registered ones either."""
SEVERAL_FACTORS: Final = "mfa"
"""Beside the methods themselves, where they are of two kinds."""

LONG_AGO: Final = datetime.fromtimestamp(0, UTC)
"""When somebody proved who they are, if whoever saw it does not say when: nothing takes such a proof for fresh."""

ONE_FACTOR_LEVEL: Final = "aal1"
SEVERAL_FACTORS_LEVEL: Final = "aal2"


@dataclass(frozen=True, slots=True)
class Authentication:
    """When and by which methods somebody proved who they are; `LONG_AGO` where nobody knows when."""

    at: datetime
    methods: frozenset[str]

    @classmethod
    def of(cls, at: datetime, methods: Iterable[str]) -> "Authentication":
        return cls(at, frozenset(methods))

    @property
    def level(self) -> str:
        """The authenticator assurance level."""
        return SEVERAL_FACTORS_LEVEL if SEVERAL_FACTORS in self.methods else ONE_FACTOR_LEVEL

    def claims(self) -> dict[str, str | int | list[str]]:
        """What a token says of it."""
        return {"auth_time": int(self.at.timestamp()), "acr": self.level, "amr": sorted(self.methods)}
