"""What an app with an access token gets to know of the person. Source: OpenID Connect Core 1.0, section 5.3."""

from datetime import UTC, datetime, timedelta
from typing import Final

from shared.authentication import Authentication
from shared.bearer import bearer_token
from shared.caller import Caller
from shared.database import TenantSession, unit_of_work
from shared.dpop import ALGORITHMS, HEADER, PROOF_SECONDS, Proof, ProofInvalid, presented, read_proof
from shared.errors import Unauthenticated
from subgraphs.auth.service.oauth import OAuthDesk, TenantIssuer
from subgraphs.auth.service.oauth_codes import end_user
from subgraphs.auth.service.oauth_openid import user_info
from subgraphs.auth.service.oauth_scopes import OPENID
from subgraphs.auth.service.oauth_server import Answer, Received
from subgraphs.auth.store.oauth import OAuthStore
from subgraphs.auth.store.oauth_proofs import OAuthProofStore

_KEPT: Final = timedelta(seconds=3 * PROOF_SECONDS)


async def userinfo(oauth: OAuthDesk, issuer: TenantIssuer, received: Received) -> Answer:
    """The claims that the token's scope allows; 401 for a token that is not good, 403 for one without `openid`."""
    bound = presented(received.headers)
    try:
        caller = await oauth.verifier.caller(bound or bearer_token(received.headers) or "")
        proof = _proof(oauth, caller, received, bound)
    except ProofInvalid:
        return _refused(401, "invalid_dpop_proof", "DPoP")
    except Unauthenticated:
        return _refused(401, "invalid_token")
    if caller.tenant_id != issuer.tenant.id or caller.user_id is None or caller.session_id is None:
        return _refused(401, "invalid_token")
    if OPENID not in caller.scopes:
        return _refused(403, "insufficient_scope")
    now = oauth.desk.clock()
    if proof is not None:
        async with unit_of_work(oauth.desk.sessions, caller) as session:
            if not await OAuthProofStore(session).use(proof.digest, now + _KEPT):
                return _refused(401, "invalid_dpop_proof", "DPoP")
    async with oauth.desk.sessions.read(caller) as session:
        return await _about(session, caller, now)


def _proof(oauth: OAuthDesk, caller: Caller, received: Received, bound: str | None) -> Proof | None:
    """The proof that goes with a token which is issued to a key; None for other tokens.

    Raises:
        ProofInvalid: there is none, or the token goes with none.
    """
    if caller.jkt is None and bound is None:
        return None
    now = oauth.desk.clock().timestamp()
    proof = read_proof(received.headers.get(HEADER, ""), method=received.method, url=received.uri, now=now)
    if bound is None or proof.jkt != caller.jkt or not proof.is_for(bound):
        raise ProofInvalid
    return proof


async def _about(session: TenantSession, caller: Caller, now: datetime) -> Answer:
    store = OAuthStore(session)
    grant = None if caller.session_id is None else await store.grant(caller.session_id)
    account = None if grant is None or grant.user_id is None else await store.account(grant.user_id)
    over = grant is None or grant.ended_at is not None or grant.expires_at <= now
    if grant is None or account is None or over:
        return _refused(401, "invalid_token")
    user = end_user(account, Authentication.of(grant.created_at.astimezone(UTC), grant.amr))
    return Answer(200, user_info(user, " ".join(caller.scopes)), {})


def _refused(status: int, error: str, scheme: str = "Bearer") -> Answer:
    """Sources: RFC 6750, section 3, and RFC 9449, section 7.1."""
    more = f', algs="{" ".join(ALGORITHMS)}"' if scheme == "DPoP" else ""
    return Answer(status, {"error": error}, {"WWW-Authenticate": f'{scheme} error="{error}"{more}'})
