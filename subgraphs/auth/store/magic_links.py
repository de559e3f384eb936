"""Every statement about links that are sent by mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update

from shared.database import TenantSession
from subgraphs.auth.models import Account, LinkPurpose, MailedLink


class MailedLinkStore:
    """Links to people of the session's tenant."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def add(self, link: MailedLink) -> UUID:
        self._session.add(link)
        await self._session.flush()
        return link.id

    async def to_mail(self, link_id: UUID) -> tuple[MailedLink, Account] | None:
        """A link and whose it is; None if it is nobody's."""
        chosen = select(MailedLink, Account).join(Account, Account.user_id == MailedLink.user_id)
        row = (await self._session.execute(chosen.where(MailedLink.id == link_id))).one_or_none()
        return None if row is None else (row[0], row[1])

    async def take(self, link_id: UUID, purpose: LinkPurpose, now: datetime) -> MailedLink | None:
        """Use a link up, if it can be; whoever comes at the same time gets None."""
        taken = (
            update(MailedLink)
            .where(
                MailedLink.id == link_id,
                MailedLink.purpose == purpose,
                MailedLink.user_id.is_not(None),
                MailedLink.used_at.is_(None),
                MailedLink.expires_at > now,
            )
            .values(used_at=now)
            .returning(MailedLink)
        )
        return await self._session.scalar(taken)

    async def close(self, user_id: UUID, now: datetime) -> None:
        """Let no link to a person be used any more."""
        await self._session.execute(
            update(MailedLink).where(MailedLink.user_id == user_id, MailedLink.used_at.is_(None)).values(used_at=now)
        )

    async def forget(self, before: datetime) -> None:
        """Drop those that expired before then."""
        await self._session.execute(delete(MailedLink).where(MailedLink.expires_at < before))
