"""What answers directories is loaded when the first of them asks."""

import asyncio
from typing import cast

from httpx2 import ASGITransport, AsyncClient
from starlette.routing import Route

from shared.database import Sessions
from shared.graphql.app import SubgraphApp
from shared.graphql.context import TokenVerifier
from shared.tenancy.registry import Registry
from subgraphs.users.endpoints.provisioning import PATHS
from subgraphs.users.endpoints.scim import scim_answers
from subgraphs.users.service.scim import ProvisioningDesk


def test_there_is_an_answer_at_every_path(sessions: Sessions, verifier: TokenVerifier) -> None:
    answers = scim_answers(ProvisioningDesk(sessions, cast("Registry", None), "http://studium"), verifier)
    assert tuple(answers) == PATHS


async def test_those_who_ask_first_at_once_are_all_answered(users: SubgraphApp) -> None:
    routes = [route for route in users.app.routes if isinstance(route, Route) and "/scim/" in route.path]
    assert len(routes) == len(PATHS)
    async with AsyncClient(transport=ASGITransport(users.app), base_url="http://studium/t/nobody/scim/v2") as client:
        answers = await asyncio.gather(*(client.get(path) for path in ("/Users", "/Groups", "/Me", "/whatever")))
    assert [answer.status_code for answer in answers] == [404] * 4
