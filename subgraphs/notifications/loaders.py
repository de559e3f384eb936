"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller, require_own
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched
from subgraphs.notifications.models import Notification
from subgraphs.notifications.service import READER
from subgraphs.notifications.store import NotificationStore


@dataclass(frozen=True, slots=True)
class Loaders:
    notification_by_id: DataLoader[UUID, Notification | None]
    """The caller's own; those of others do not exist."""

    @classmethod
    def create(cls, sessions: Sessions, caller: Caller) -> "Loaders":
        return cls(notification_by_id=batched(sessions, caller, _notifications_by_id))


async def _notifications_by_id(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, Notification]:
    return await NotificationStore(session, require_own(session.caller, READER)).by_ids(ids)
