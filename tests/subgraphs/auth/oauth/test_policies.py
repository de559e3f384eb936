"""What a tenant asks of how its people sign in counts for apps, too."""

from typing import Any

from shared.database import Sessions
from shared.tenancy.registry import Registry
from tests.registry import restored
from tests.subgraphs.auth.audit.test_chain import entries
from tests.subgraphs.auth.oauth.conftest import App, Flow, Person, Server
from tests.subgraphs.auth.sign_in.test_policies import EVERYBODY, asks
from tests.tenants import Control


async def test_who_needs_a_second_factor_and_has_none_gets_no_further_nor_do_their_apps(
    server: Server, app: App, person: Person, granted: dict[str, Any], control: Control, sessions: Sessions
) -> None:
    registry, tenant = Registry.create(control.login_url("auth")), server.tenant
    async with restored(control, tenant):
        await asks(registry, tenant, EVERYBODY)
        refused = await server.refreshed(app, granted["refresh_token"])
        asked_again = await person.open(Flow(app).asked())
        person.browser.cookies.clear()
        page = await person.sign_in(await person.open(Flow(app).asked()))
    await registry.aclose()
    assert 'name="password"' in asked_again.text  # their session does not go on, so it gets apps nothing more
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert not await server.is_active(app, granted["access_token"])
    assert "oauthGrantEndedByPolicy" in [entry.action for entry in await entries(sessions, tenant.caller())]
    assert (page.status_code, "studium-session" in page.cookies) == (403, False)
    assert "add one" in page.text
    assert 'name="challenge"' not in page.text
