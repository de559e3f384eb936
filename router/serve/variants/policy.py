"""What holds for a tenant: plain values, from a file or from whoever knows the tenants."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from router.serve.request import RequestContext


@dataclass(frozen=True, slots=True)
class TenantPolicy:
    """What holds for a tenant. One that says nothing leaves everything as it is for all.

    Attributes:
        names: by which hosts, headers and paths may name the tenant, beside the name in its tokens.
    """

    names: tuple[str, ...] = ()


class PolicyOf(Protocol):
    """Tells the policy of a tenant; what it tells is kept for a while, for all callers of the tenant."""

    def __call__(self, tenant: str | None, context: "RequestContext", /) -> Awaitable[TenantPolicy | None]:
        """The policy of a tenant; of callers without one if it is None.

        Args:
            tenant: by its verified name.
            context: of the first of the tenant's requests that has to know. The policy must not depend on it; it is
                there for those who have to ask a service in the caller's name.

        Returns:
            None if there is no such tenant, or it is not to be served.
        """
        ...
