"""Batched reads of one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiodataloader import DataLoader

from shared.caller import Caller, TenantId
from shared.database import Sessions, TenantSession
from shared.graphql.loaders import batched
from shared.permissions.decisions import Rights
from shared.permissions.feed import rights_loader
from subgraphs.analytics.store import CourseFigures, LearnerFigures, StatementStore


@dataclass(frozen=True, slots=True)
class Loaders:
    figures_by_course: DataLoader[UUID, CourseFigures | None]
    """None where nothing is known of the course."""
    figures_by_enrollment: DataLoader[UUID, LearnerFigures | None]
    """None where the enrollment is not known, or not yet."""
    rights: DataLoader[TenantId, Rights]

    @classmethod
    def create(cls, sessions: Sessions, caller: Caller) -> "Loaders":
        return cls(
            figures_by_course=batched(sessions, caller, _course_figures),
            figures_by_enrollment=batched(sessions, caller, _learner_figures),
            rights=rights_loader(sessions, caller),
        )


async def _course_figures(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, CourseFigures]:
    return await StatementStore(session).courses(ids)


async def _learner_figures(session: TenantSession, ids: Sequence[UUID]) -> Mapping[UUID, LearnerFigures]:
    return await StatementStore(session).enrollments(ids)
