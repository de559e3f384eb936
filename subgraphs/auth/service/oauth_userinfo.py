"""What an app with an access token gets to know of the person. Source: OpenID Connect Core 1.0, section 5.3."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from shared.authentication import Authentication
from shared.bearer import bearer_token
from shared.database import TenantSession
from shared.errors import Unauthenticated
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_codes import end_user
from subgraphs.auth.service.oauth_openid import user_info
from subgraphs.auth.service.oauth_scopes import OPENID
from subgraphs.auth.service.oauth_server import Answer
from subgraphs.auth.store.oauth import OAuthStore


async def userinfo(oauth: OAuthDesk, issuer: TenantIssuer, headers: Mapping[str, str]) -> Answer:
    """The claims that the token's scope allows; 401 for a token that is not good, 403 for one without `openid`."""
    try:
        token = bearer_token(headers)
        caller = await oauth.verifier.caller(token or "")
    except Unauthenticated:
        return _refused(401, "invalid_token")
    if caller.tenant_id != issuer.tenant.id or caller.user_id is None or caller.session_id is None:
        return _refused(401, "invalid_token")
    if OPENID not in caller.scopes:
        return _refused(403, "insufficient_scope")
    async with oauth.desk.sessions.read(caller) as session:
        return await _about(session, caller.session_id, " ".join(caller.scopes), oauth.desk.clock())


async def _about(session: TenantSession, grant_id: UUID, scope: str, now: datetime) -> Answer:
    store = OAuthStore(session)
    grant = await store.grant(grant_id)
    account = None if grant is None or grant.user_id is None else await store.account(grant.user_id)
    if grant is None or account is None or grant.ended_at is not None or grant.expires_at <= now:
        return _refused(401, "invalid_token")
    user = end_user(account, Authentication.of(grant.created_at.astimezone(UTC), grant.amr))
    return Answer(200, user_info(user, scope), {})


def _refused(status: int, error: str) -> Answer:
    """Source: RFC 6750, section 3."""
    return Answer(status, {"error": error}, {"WWW-Authenticate": f'Bearer error="{error}"'})
