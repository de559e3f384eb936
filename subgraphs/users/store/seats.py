"""How many people a tenant has."""

from sqlalchemy import Text, func, literal_column, select

from shared.database import TenantSession
from subgraphs.users.models import User, UserStatus

_COUNTED = (UserStatus.ACTIVE, UserStatus.INVITED)


class SeatStore:
    """People of the session's tenant, as its quota counts them."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    async def taken(self) -> int:
        """People who can sign in, or are invited; whoever else counts them waits for this transaction to end."""
        tenant = literal_column("current_user", Text)
        await self._session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(tenant + " seats", 0))))
        counted = select(func.count()).select_from(User).where(User.status.in_(_COUNTED))
        return await self._session.scalar(counted) or 0
