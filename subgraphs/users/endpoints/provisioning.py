"""Where tenants' directories provision people. What answers there takes a second to import: not before it is asked.

Source: RFC 7644, sections 3.2 and 4, for the paths.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.database import Sessions
from shared.graphql.context import TokenVerifier
from shared.tenancy.registry import Registry

_ROOT: Final = "/t/{slug}/scim/v2"
_METHODS: Final = ["GET", "POST", "PUT", "PATCH", "DELETE"]
PATHS: Final = (
    "/ServiceProviderConfig",
    "/ResourceTypes",
    "/ResourceTypes/{id}",
    "/Schemas",
    "/Schemas/{id}",
    "/Users",
    "/Users/.search",
    "/Users/{id}",
    "/Groups",
    "/Groups/.search",
    "/Groups/{id}",
    "/.search",
    "/Bulk",
    "/Me",
    "/{path:path}",
)
"""Below a directory's root, the more particular ones first."""

Answer: TypeAlias = Callable[[Request], Awaitable[Response]]


def provisioning_routes(sessions: Sessions, tenants: Registry, public_url: str, verifier: TokenVerifier) -> list[Route]:
    """Everything there is; whatever else is asked for there is answered as the standard says.

    Args:
        sessions: of the people's tenants.
        tenants: whose directories they are.
        public_url: where clients reach the platform.
        verifier: verifies the clients' tokens.
    """

    def load() -> Mapping[str, Answer]:
        from subgraphs.users.endpoints.scim import scim_answers
        from subgraphs.users.service.scim import ProvisioningDesk

        return scim_answers(ProvisioningDesk(sessions, tenants, public_url), verifier)

    answers = _LoadedOnce(load)
    return [Route(_ROOT + path, answers.at(path), methods=_METHODS) for path in PATHS]


class _LoadedOnce:
    """What answers at each path, loaded beside the event loop for the first who asks."""

    def __init__(self, load: Callable[[], Mapping[str, Answer]]) -> None:
        self._load = load
        self._loading = asyncio.Lock()
        self._loaded: Mapping[str, Answer] | None = None

    def at(self, path: str) -> Answer:
        """What answers there."""

        async def answer(request: Request) -> Response:
            return await (await self._get())[path](request)

        return answer

    async def _get(self) -> Mapping[str, Answer]:
        if self._loaded is None:
            async with self._loading:
                if self._loaded is None:
                    self._loaded = await asyncio.to_thread(self._load)
        return self._loaded
