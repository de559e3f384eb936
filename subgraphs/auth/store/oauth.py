"""Every statement about what people have granted to apps, and about the codes and tokens that stand for it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from shared.database import TenantSession
from subgraphs.auth.models import (
    Account,
    OAuthCode,
    OAuthConsent,
    OAuthGrant,
    OAuthPushedRequest,
    OAuthRefreshToken,
    SignInSession,
)


class OAuthStore:
    """Grants, codes, refresh tokens and pushed requests of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, row: OAuthGrant | OAuthCode | OAuthRefreshToken | OAuthPushedRequest) -> None:
        self._session.add(row)
        await self._session.flush()

    async def account(self, user_id: UUID) -> Account | None:
        """A person's account, unless it is deactivated."""
        found = await self._session.get(Account, user_id)
        return None if found is None or found.deactivated_at is not None else found

    async def open_session(self, session_id: UUID, user_id: UUID, now: datetime) -> SignInSession | None:
        """A person's own session, if it goes on."""
        chosen = select(SignInSession).where(SignInSession.id == session_id, SignInSession.user_id == user_id)
        goes_on = or_(SignInSession.expires_at.is_(None), SignInSession.expires_at > now)
        return await self._session.scalar(chosen.where(SignInSession.ended_at.is_(None), goes_on))

    async def holds_open(self, session_id: UUID | None, user_id: UUID, now: datetime) -> bool:
        """Whether a person's session goes on, which nobody ends before the transaction has; so does none at all."""
        if session_id is None:
            return True
        chosen = select(SignInSession.id).where(SignInSession.id == session_id, SignInSession.user_id == user_id)
        goes_on = or_(SignInSession.expires_at.is_(None), SignInSession.expires_at > now)
        held = chosen.where(SignInSession.ended_at.is_(None), goes_on).with_for_update(read=True)
        return await self._session.scalar(held) is not None

    async def locked_code(self, digest: bytes) -> OAuthCode | None:
        """A code, which nobody else may redeem until the transaction ends."""
        return await self._session.scalar(select(OAuthCode).where(OAuthCode.hash == digest).with_for_update())

    async def locked_refresh_token(self, digest: bytes) -> tuple[OAuthRefreshToken, OAuthGrant] | None:
        """A refresh token and its family, with which nobody else does anything until the transaction ends."""
        chosen = select(OAuthRefreshToken).where(OAuthRefreshToken.hash == digest).with_for_update()
        token = await self._session.scalar(chosen)
        if token is None:
            return None
        family = await self._session.get(OAuthGrant, token.grant_id, with_for_update=True)
        return None if family is None else (token, family)

    async def grant_of(self, digest: bytes) -> OAuthGrant | None:
        """The family of a refresh token that was not used yet."""
        chosen = select(OAuthGrant).join(OAuthRefreshToken, OAuthRefreshToken.grant_id == OAuthGrant.id)
        unused = (OAuthRefreshToken.hash == digest, OAuthRefreshToken.used_at.is_(None))
        return await self._session.scalar(chosen.where(*unused))

    async def grant(self, grant_id: UUID) -> OAuthGrant | None:
        return await self._session.get(OAuthGrant, grant_id)

    async def end(self, grant_id: UUID) -> OAuthGrant | None:
        """End a family; None if it had ended before."""
        ended = update(OAuthGrant).where(OAuthGrant.id == grant_id, OAuthGrant.ended_at.is_(None))
        return await self._session.scalar(ended.values(ended_at=func.now()).returning(OAuthGrant))

    async def end_all(self, app_id: UUID, now: datetime, *, user_id: UUID | None = None) -> Sequence[OAuthGrant]:
        """End the families of an app that have not ended yet: all of them, or those of one person."""
        ended = update(OAuthGrant).where(
            OAuthGrant.app_id == app_id, OAuthGrant.ended_at.is_(None), OAuthGrant.expires_at > now
        )
        if user_id is not None:
            ended = ended.where(OAuthGrant.user_id == user_id)
        return (await self._session.scalars(ended.values(ended_at=func.now()).returning(OAuthGrant))).all()

    async def end_all_of(self, user_id: UUID, now: datetime) -> Sequence[OAuthGrant]:
        """End a person's families that have not ended yet, whichever app they are of."""
        ended = update(OAuthGrant).where(
            OAuthGrant.user_id == user_id, OAuthGrant.ended_at.is_(None), OAuthGrant.expires_at > now
        )
        return (await self._session.scalars(ended.values(ended_at=func.now()).returning(OAuthGrant))).all()

    async def end_online(self, session_ids: Sequence[UUID], now: datetime) -> Sequence[OAuthGrant]:
        """End the families that were granted in these sessions, but for those that go on without their person.

        Source: OpenID Connect Back-Channel Logout 1.0, section 2.7.
        """
        with_person = OAuthGrant.scope.op("!~")(r"\moffline_access\M")
        online = (OAuthGrant.session_id.in_(session_ids), OAuthGrant.ended_at.is_(None), with_person)
        ended = update(OAuthGrant).where(*online, OAuthGrant.expires_at > now)
        return (await self._session.scalars(ended.values(ended_at=now).returning(OAuthGrant))).all()

    async def forget_answers(self, grant_id: UUID, *, besides: bytes) -> None:
        """Drop what the earlier tokens of a family were exchanged for."""
        earlier = update(OAuthRefreshToken).where(
            OAuthRefreshToken.grant_id == grant_id,
            OAuthRefreshToken.hash != besides,
            OAuthRefreshToken.sealed_answer.is_not(None),
        )
        await self._session.execute(earlier.values(sealed_answer=None))

    async def pushed(self, digest: bytes) -> OAuthPushedRequest | None:
        """A pushed request, which nobody else may use until the transaction ends."""
        chosen = select(OAuthPushedRequest).where(OAuthPushedRequest.hash == digest)
        return await self._session.scalar(chosen.with_for_update())

    async def forget(self, now: datetime, *, ended_before: datetime) -> None:
        """Drop codes and pushed requests that nobody can use any more, and families that ended a while ago."""
        await self._session.execute(delete(OAuthPushedRequest).where(OAuthPushedRequest.expires_at <= now))
        over = or_(OAuthGrant.expires_at <= ended_before, OAuthGrant.ended_at <= ended_before)
        await self._session.execute(delete(OAuthGrant).where(over))
        outlived = OAuthCode.grant_id.not_in(select(OAuthGrant.id).where(OAuthGrant.expires_at > now))
        unused = or_(OAuthCode.grant_id.is_(None), outlived)
        await self._session.execute(delete(OAuthCode).where(OAuthCode.expires_at <= now, unused))


class OAuthConsentStore:
    """What people of the session's tenant have allowed apps."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def scopes(self, user_id: UUID, app_id: UUID) -> frozenset[str]:
        found = await self._session.get(OAuthConsent, (user_id, app_id))
        return frozenset(found.scopes if found else ())

    async def add(self, user_id: UUID, app_id: UUID, scopes: frozenset[str]) -> None:
        """Allow these as well."""
        merged = sorted(scopes | await self.scopes(user_id, app_id))
        row = insert(OAuthConsent).values(user_id=user_id, app_id=app_id, scopes=merged)
        keys = [OAuthConsent.user_id, OAuthConsent.app_id]
        changed = {"scopes": merged, "granted_at": func.now()}
        await self._session.execute(row.on_conflict_do_update(index_elements=keys, set_=changed))

    async def of_user(self, user_id: UUID) -> Sequence[OAuthConsent]:
        """The latest first."""
        chosen = select(OAuthConsent).where(OAuthConsent.user_id == user_id).order_by(OAuthConsent.granted_at.desc())
        return (await self._session.scalars(chosen)).all()

    async def forget(self, user_id: UUID, app_id: UUID) -> bool:
        """Take back all that was allowed; tells whether there was anything."""
        gone = delete(OAuthConsent).where(OAuthConsent.user_id == user_id, OAuthConsent.app_id == app_id)
        return await self._session.scalar(gone.returning(OAuthConsent.app_id)) is not None
