"""scim2-tester, which we did not write, finds nothing wrong."""

import asyncio

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from shared.graphql.app import SubgraphApp
from tests.router.serve.server import serving
from tests.subgraphs.conftest import SignIn
from tests.subgraphs.users.scim.conftest import PROVISION
from tests.tenants import Tenant


async def test_every_check_is_passed(users: SubgraphApp, signed_in: SignIn, tenant: Tenant) -> None:
    async with serving(users.app) as address:
        base = f"http://{address}/t/{tenant.slug}/scim/v2"
        with Client(base_url=base, headers=signed_in(tenant.caller(PROVISION))) as http:
            results = await asyncio.to_thread(check_server, SyncSCIMClient(http))
    wrong = [f"{one.title}: {one.reason}" for one in results if one.status in {Status.ERROR, Status.CRITICAL}]
    assert wrong == []
    passed = {one.title for one in results if one.status == Status.SUCCESS}
    assert len(passed) >= 20, sorted(map(str, passed))
